"""Extracts facts from suppliers' texts, which are untrusted.

Markup, praise, instructions to a model and promises about delivery or service are left out.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from domain.sourcing.untrusted import find_contact, find_order
from infra.writers.copykit.grammar import is_small, sentence

MOST_INPUT = 20_000
"""Characters that are read. Longer texts repeat themselves."""
SHORTEST, LONGEST = 8, 170
"""Characters of a point that is listed."""
MOST_POINTS = 8

_TAG_BLOCK = re.compile(r"<(script|style|iframe|svg)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG_BREAK = re.compile(r"<\s*(br|/?p|/?li|/?ul|/?ol|/?div|/?tr|/?h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINK = re.compile(r"(https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]+|javascript:\S*|data:\S+", re.IGNORECASE)
_BULLET = re.compile(r"^[\s\-–—•·*✓✔►▶●■★☆+>]+|^\(?\d{1,2}[.)、]\s+")
_SPEC = re.compile(r"^([A-Za-z][A-Za-z /&'-]{1,28}?)\s*[:=：]\s*(\S.*)$")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+(?=[\"“(]?[A-Z0-9])")
_SPACE = re.compile(r"\s+")

_PROMISES = re.compile(
    r"\b(ship(s|ped|ping|ment)?|deliver(y|ed|s)?|dispatch\w*|drop-?ship\w*|wholesale|customs?( duty| tax)|tracking|"
    r"warrant(y|ies)|guarante\w*|refund\w*|returns?( policy)?|money[- ]back|lifetime replacement|replacement|feedback|"
    r"5[- ]?stars?|five[- ]stars?|reviews?|ratings?|customer service|after[- ]sales?|contact us|message us|"
    r"e-?mail us|seller|supplier|our (store|shop)|whats ?app|telegram|wechat|order now|buy (it )?now|add to cart|"
    r"click|subscribe|follow us|coupon|discount|sale|promo\w*|price|cheap\w*|bulk|moq|stock|limited time|"
    r"hurry|don'?t miss|in (a )?hurry|manual measure\w*|different monitors?|slight(ly)? (color|colour|differ)\w*|"
    r"colou?r (difference|deviation)|(may|might|will|can) (differ|vary)|differs? slightly|(your|different) (monitor|screen|display)s?|please (note|allow|check|understand|be)|dear (friend|customer|buyer)s?|"
    r"thank(s| you)|best ?sell\w*|hot ?sell\w*|no\.? ?1|number one|award|fda|certifi\w*)\b|[$€£¥]\s?\d|\d\s?(usd|eur|gbp|cny|rmb)\b",
    re.IGNORECASE,
)
_BOAST_WORDS = (
    r"amazing|awesome|stunning|gorgeous|incredible|unbelievable|fantastic|fabulous|breathtaking|mind-blowing|ultimate|"
    r"revolutionary|ground-breaking|groundbreaking|game-changing|must-have|exquisite|superb|excellent|wonderful|magnificent|"
    r"marvelous|marvellous|unique|perfect|premium|luxurious|luxury|top-notch|high-quality|high-grade|world-class|best|finest|"
    r"fashionable|trendy|beautiful|attractive|eye-catching|good-looking|newest|latest|extremely|very|really|absolutely|truly"
)
_BOAST_PHRASES = re.compile(
    r"\b((of )?(very )?(high|top|good|premium|superior|best|great|excellent) qualit(y|ies)|100% (brand )?new|brand[- ]new|"
    r"(and )?high quality|(of )?great value|value for money|state[- ]of[- ]the[- ]art|next[- ]level)\b,?\s*",
    re.IGNORECASE,
)
_PERFECT_FOR = re.compile(
    r"\b(?:(?:it(?: is|'s)|this is|they are)\s+)?(?:a |an |the )?"
    r"(?:perfect|ideal|great|best|excellent|wonderful|amazing|must-have|unique)\s+(?:choice |gift |idea |present |decoration )*for\b",
    re.IGNORECASE,
)
_BOAST = re.compile(rf"\b({_BOAST_WORDS})\b[ ,]*", re.IGNORECASE)
_ONLY_BOASTS = re.compile(rf"\b(is|are|looks?|be|so|feels?)\s+({_BOAST_WORDS})\b[ ,]*([.!]|and\b|$)", re.IGNORECASE)
_SUBJECT = re.compile(
    r"^(?:this|the|our|these|it|they)\b(?: [\w-]+){0,4}? (?:has|have|features?|offers?)\s+|^(?:this|the|it|they)\b(?: [\w-]+){0,4}? (?=(?:comes?|includes?)\s)",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"^(?:this|the|our|these|it|they)\b(?: [\w-]+){0,4}? (?:is|are) (?=made |crafted |built |designed )", re.IGNORECASE
)
_INTRODUCED = re.compile(r"^\s*(?:(?:features?|descriptions?|details)\s*[:：]\s*)+(?=\S)", re.IGNORECASE)
_LEAD = re.compile(r"^(?:features?|featuring)\s*:?\s+", re.IGNORECASE)
_DANGLING = re.compile(r"(?:\b(?:and|or|with|of|the|a|an|for|is|are|in|to)|[,&])\s*$", re.IGNORECASE)

_KEYS = {
    "colour": "Color", "color": "Color", "size": "Size", "product size": "Size", "dimensions": "Size",
    "item size": "Size", "dimension": "Size", "weight": "Weight", "item weight": "Weight", "net weight": "Weight",
    "material": "Material", "materials": "Material", "main material": "Material",
    "package includes": "In the box", "package included": "In the box", "package content": "In the box",
    "package contents": "In the box", "package list": "In the box", "packing list": "In the box",
    "package": "In the box", "in the box": "In the box", "what's in the box": "In the box",
}  # fmt: skip
_USELESS_KEYS = re.compile(
    r"^(brand|brand name|model|model (number|no)|item (no|number|id)|sku|origin|place of origin|country|note|notes|warm tips?|tips|"
    r"attention|features?|description|specifications?|details|product name|name|type|title|season|gender|style|"
    r"moq|logo|category|oem|odm|supply|quantity|new|hot|high-concerned chemical|hign-concerned chemical|choice|system|user|assistant)$",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"^(none|n/?a|no|null|other|others|as shown|as pictures?|see picture|default|\W+)\.?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SupplierFacts:
    """The facts in a supplier's text."""

    points: tuple[str, ...]
    """Fragments or sentences about the product, in the supplier's order, each with a full stop."""
    text: str
    """All points as one text, to search."""
    choices: Mapping[frozenset[str], str]
    """The name of each set of option values: ``{"pink", "white"}`` is a ``Color``."""


def plain_text(raw: str) -> str:
    """Return a text without tags, entities, control characters, emoji and links. Line breaks stay."""
    text = raw[:MOST_INPUT].replace("\x00", " ")
    for _ in range(2):  # suppliers escape twice
        text = html.unescape(_TAG.sub(" ", _TAG_BREAK.sub("\n", _TAG_BLOCK.sub(" ", text))))
    text = _LINK.sub(" ", _TAG.sub(" ", text))
    kept = "".join(letter for given in unicodedata.normalize("NFKC", text) if (letter := _kept(given)))
    # On long runs of spaces the patterns below would backtrack.
    return re.sub(r"[^\S\n]+", " ", kept)


def _kept(letter: str) -> str:
    if letter == "\n":
        return letter
    category = unicodedata.category(letter)
    if category[0] in "CZ":
        return " "
    # Symbols are emoji, ornaments, and the markup of Markdown and HTML.
    if category == "So" or letter in "<>[]{}|\\`*_#~^★☆◆●■►▶✓✔【】":
        return " " if letter not in "★☆●■►▶✓✔*" else "•"
    if category in {"Sk", "Mn"} and ord(letter) > 0x2FF:
        return ""
    return letter


def is_foreign(text: str) -> bool:
    """Whether a text gives orders to a model, or names a way to reach somebody, instead of describing a product."""
    return find_order(text) is not None or find_contact(text) is not None


def read(raw: str) -> SupplierFacts:
    """Return the facts in a supplier's description, possibly none."""
    points: list[str] = []
    choices: dict[frozenset[str], str] = {}
    seen: set[str] = set()
    for line in plain_text(raw).splitlines():
        # If one sentence of a line is an order, the whole line is skipped.
        for part in () if is_foreign(line) else _parts(line):
            if (choice := _SPEC.match(part)) and " / " in choice[2]:
                values = frozenset(value.strip().casefold() for value in choice[2].split(" / "))
                choices[values] = _key_name(choice[1].strip())
            point = _point(part)
            key = re.sub(r"\W+", "", point.casefold())
            if point and key not in seen:
                seen.add(key)
                points.append(point)
        if len(points) >= MOST_POINTS:
            break
    return SupplierFacts(tuple(points[:MOST_POINTS]), " ".join(points), choices)


def _parts(line: str) -> list[str]:
    parts: list[str] = []
    for bullet in re.split(r"\s*[;；•]\s*|\s+[-–—]\s+(?=[A-Z])", line):
        parts += _SENTENCE_END.split(_SPACE.sub(" ", bullet).strip())
    return [part for part in parts if part]


def _point(raw: str) -> str:
    text = _INTRODUCED.sub("", _BULLET.sub("", raw)).strip(" \t\"'“”!,")
    if not text or text.endswith(":") or _is_heading(text):
        return ""
    spec = _SPEC.match(text)
    if spec and len(spec[1].split()) <= 4:
        return _spec(spec[1].strip(), spec[2].strip())
    if _PROMISES.search(text):
        return ""
    text = _MADE.sub("", _SUBJECT.sub("", _without_boasts(text)))
    text = _LEAD.sub("", text).strip(" ,.!-–—")
    if not SHORTEST <= len(text) <= LONGEST or _DANGLING.search(text) or not re.search(r"[^\W\d_]{3}", text):
        return ""
    if text.isupper():
        text = text.capitalize()
    return sentence(text)


def _is_heading(text: str) -> bool:
    """Whether a line is a heading: several long words, nearly all with a capital letter."""
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha() and not is_small(word)]
    return len(words) >= 3 and ":" not in text and sum(word[0].isupper() for word in words) >= 0.8 * len(words)


def _spec(key: str, value: str) -> str:
    name, stated = spec_value(key, value)
    return sentence(f"{name}: {stated}") if stated else ""


def spec_value(key: str, value: str) -> tuple[str, str]:
    """Return the name and the value of an attribute as a shop states them; no value if it is useless or a promise."""
    key, value = plain_text(key).strip(), " ".join(plain_text(value).split())
    name = _key_name(key)
    if not key or _USELESS_KEYS.match(key) or is_foreign(value) or is_foreign(key):
        return name, ""
    if " / " in value:
        return name, ""  # values of an option, which the shopper chooses from
    value = _without_boasts(value).strip(" ,.!")
    if not value or len(value) > 90 or len(name) > 40 or _NOTHING.match(value) or _PROMISES.search(f"{key} {value}"):
        return name, ""
    if name == "In the box" and not re.search(r"[,+]|\d.*\d", value):
        return name, ""  # a box with nothing but the product needs no mention
    if name == "In the box":
        value = re.sub(r"\b(\d+) ?(?:x|\*|pcs?|pieces?)(?: of)?\s+", r"\1 × ", value, flags=re.IGNORECASE)
    return name, value


def _key_name(key: str) -> str:
    return _KEYS.get(key.casefold(), key.capitalize() if key.islower() or key.isupper() else key)


def _without_boasts(text: str) -> str:
    """Return the text without praise; empty if it is praise alone."""
    calm = _PERFECT_FOR.sub("Suited to", text) if _PERFECT_FOR.match(text) else _PERFECT_FOR.sub("suited to", text)
    calm = _BOAST_PHRASES.sub("", calm)
    if _ONLY_BOASTS.search(calm):
        return ""
    calm = _BOAST.sub("", calm)
    calm = re.sub(r"\ba (?=[aeiouAEIOU])(?!one|uni|use|usu|euro)", "an ", calm)
    calm = re.sub(r"\ban (?=[bcdfgjkpqtvwyz])", "a ", calm)
    calm = re.sub(r"!+", ".", calm)
    return _SPACE.sub(" ", calm).strip(" ,-–—")
