"""Our own lexicon of niches: what a niche sells, and in which style.

It is read by :func:`understand`; a niche that no entry knows is still understood from its own words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.text import fold
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.rules.brand.lexicon.entries import Category, Gloss, Style, listed
from infra.writers.rules.brand.lexicon.home import HOME
from infra.writers.rules.brand.lexicon.moods import MOODS
from infra.writers.rules.brand.lexicon.outside import OUTSIDE
from infra.writers.rules.brand.lexicon.personal import PERSONAL
from infra.writers.rules.brand.lexicon.pursuits import PURSUITS
from infra.writers.rules.brand.lexicon.styles import STYLES
from infra.writers.rules.brand.lexicon.unknown import unknown_category

CATEGORIES: tuple[Category, ...] = (*HOME, *OUTSIDE, *PURSUITS, *PERSONAL)
_STYLE_OF = {style.key: style for style in (*STYLES, *MOODS)}

__all__ = ["CATEGORIES", "MOODS", "STYLES", "Category", "Gloss", "Reading", "Style", "listed", "understand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a niche was understood to be."""

    phrase: str
    """The niche as it stands inside a sentence."""
    words: tuple[str, ...]
    """Its own words, singular, lower case, without fillers."""
    category: Category
    other: Category | None
    """A second thing the niche names: cameras, in ``camera bags``."""
    style: Style
    styled: bool
    """Whether the niche (or the merchant's tone) named the style; else it is a mood of the category."""
    known: bool
    """Whether the lexicon knows what the niche sells."""


def understand(niche: str, chance: SeededRandom, *, tone: str | None = None) -> Reading:
    """Read a niche: what is sold, in which style, and how to say it.

    Args:
        niche: the merchant's words.
        chance: chooses among the moods of a category whose niche names no style.
        tone: the merchant's wish; a style or mood it names is taken where the niche names none.
    """
    tokens = _tokens(niche)
    found = _matches(tokens)
    categories = _ranked(found)
    category = categories[0] if categories else unknown_category(tokens)
    styles = [style for style, _ in _styles(tokens)] or [style for style, _ in _styles(_tokens(tone or ""))]
    toned = _toned(tone)
    if styles:
        style, styled = styles[0], True
    elif toned is not None:
        style, styled = toned, True
    else:
        style, styled = _STYLE_OF[chance.pick(listed(category.styles))], False
    return Reading(
        phrase=_phrase(niche, category),
        words=tuple(token for token in tokens if token not in _FILLERS),
        category=category,
        other=categories[1] if len(categories) > 1 else None,
        style=style,
        styled=styled,
        known=bool(categories),
    )


_FILLERS = frozenset(
    [
        "a",
        "an",
        "and",
        "the",
        "of",
        "for",
        "with",
        "in",
        "on",
        "to",
        "my",
        "your",
        "our",
        "from",
        "by",
        "or",
        "at",
        "best",
        "cheap",
        "good",
        "new",
        "online",
        "shop",
        "store",
        "boutique",
        "gift-shop",
        "accessory",
        "accessories",
        "supply",
        "supplies",
        "product",
        "products",
        "item",
        "items",
        "stuff",
        "goods",
        "gear",
        "equipment",
        "thing",
        "things",
        "lover",
        "lovers",
        "brand",
        "quality",
        "small",
        "big",
        "large",
        "men",
        "man",
        "women",
        "woman",
        "top",
        "fun",
        "cool",
        "unique",
    ]
)
_PROPER = frozenset(
    [
        "japanese",
        "scandinavian",
        "nordic",
        "danish",
        "swedish",
        "norwegian",
        "finnish",
        "moroccan",
        "mediterranean",
        "italian",
        "french",
        "german",
        "british",
        "american",
        "korean",
        "chinese",
        "indian",
        "african",
        "hawaiian",
        "caribbean",
        "victorian",
        "edwardian",
        "christmas",
        "easter",
        "halloween",
        "tokyo",
        "kyoto",
        "montessori",
        "english",
        "spanish",
        "mexican",
        "brazilian",
        "turkish",
        "greek",
        "irish",
        "scottish",
    ]
)


_GOODS_IN_ING = frozenset({
    "lighting", "clothing", "bedding", "shelving", "earring", "earrings", "string", "flooring", "wedding", "pudding",
})  # fmt: skip
_PURSUITS = frozenset(listed(
    "photography,yoga,fitness,travel,music,wellness,meditation,astronomy,outdoor,outdoors,sport,sports,home,kitchen,"
    "garden,pet,pets,baby,car,cars,gym,pilates,tennis,football,golf,basketball,origami,calligraphy,dj,beauty"
))  # fmt: skip
"""What one does or is, rather than buys: a sentence needs “gear” or “things” behind it."""


def _tokens(text: str) -> list[str]:
    plain = fold(text).encode("ascii", "ignore").decode()
    return [_singular(word) for word in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", plain.replace("'", ""))]


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")) or word in _PLURAL_ONLY:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word.removesuffix("s")


_PLURAL_ONLY = frozenset({"accessories", "children", "clothes", "leggings", "sunglasses", "knives", "cacti"})


def _phrases(entries: Iterable[tuple[str, str]]) -> dict[tuple[str, ...], list[tuple[str, int]]]:
    index: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for key, words in entries:
        for entry in listed(words):
            weight = 1 + len(entry) - len(entry.lstrip("!"))
            index.setdefault(tuple(_tokens(entry)), []).append((key, weight))
    return index


_CATEGORY_WORDS = _phrases((category.key, category.words) for category in CATEGORIES)
_STYLE_WORDS = _phrases((style.key, style.words) for style in STYLES)
_CATEGORY_OF = {category.key: category for category in CATEGORIES}


def _found(
    tokens: Sequence[str], index: dict[tuple[str, ...], list[tuple[str, int]]]
) -> list[tuple[str, int, int, int]]:
    """Return (key, weight, place, words matched) of every entry in ``tokens``, longest phrases first."""
    hits: list[tuple[str, int, int, int]] = []
    taken: set[int] = set()
    for length in (3, 2, 1):
        for start in range(len(tokens) - length + 1):
            places = range(start, start + length)
            entries = index.get(tuple(tokens[start : start + length]), ())
            if entries and not taken.intersection(places):
                taken.update(places)
                hits.extend((key, weight, start, length) for key, weight in entries)
    return hits


def _matches(tokens: Sequence[str]) -> list[tuple[str, int, int, int]]:
    hits = _found(tokens, _CATEGORY_WORDS)
    if hits:
        return hits
    # “houseplantcare”, “dogwear”: a known word inside a longer one is better than nothing.
    return [
        (key, weight, place, 1)
        for place, token in enumerate(tokens)
        for (word, *rest), entries in _CATEGORY_WORDS.items()
        if not rest
        and len(word) >= 4
        and token != word
        and (token.startswith(word) or (token.endswith(word) and word != "phone"))
        for key, weight in entries
    ]


def _ranked(hits: list[tuple[str, int, int, int]]) -> list[Category]:
    """Return the categories found, the strongest first; of equals the later one, since heads of phrases come last."""
    strength: dict[str, tuple[int, int, int]] = {}
    for key, weight, place, length in hits:
        before = strength.get(key, (0, 0, 0))
        strength[key] = (max(before[0], weight), before[1] + length, max(before[2], place))
    return [_CATEGORY_OF[key] for key in sorted(strength, key=lambda key: strength[key], reverse=True)]


def _styles(tokens: Sequence[str]) -> list[tuple[Style, int]]:
    plain = re.sub(r"\bspace (?=sav(?:ing|er))", "", " ".join(tokens)).split()
    hits = _found(plain, _STYLE_WORDS)
    return sorted(((_STYLE_OF[key], place) for key, _, place, _ in hits), key=lambda hit: hit[1])


def _toned(tone: str | None) -> Style | None:
    wanted = _tokens(tone or "")
    for style in (*MOODS, *STYLES):
        if set(wanted) & {style.key, *listed(style.tones)}:
            return style
    return None


def _phrase(niche: str, category: Category) -> str:
    """Return the niche in running text: ``cyberpunk home decor``, ``Japanese ceramics``, ``LED lamps``."""
    text = " ".join(niche.split()).strip(" .,;:!?-–—")
    text = re.sub(r"(?i)\s+(online\s+)?(shop|store|boutique)$", "", text)
    if not re.search(r"[^\W\d_]{3}", text) or len(text) > 64 or re.search(r"[<>{}\[\]|\\/@#=&;]|https?:", text):
        return category.title
    shouted = text.isupper() and " " in text
    words = [word if _keeps_case(word) and not shouted else word.lower() for word in text.split()]
    words = [word.capitalize() if word.lower() in _PROPER else word for word in words]
    last = words[-1].lower()
    if last in _PURSUITS or (last.endswith("ing") and last not in _GOODS_IN_ING and len(last) > 5):
        words.append("gear" if category in (*OUTSIDE, *PURSUITS) else "things")
    return " ".join(words)


def _keeps_case(word: str) -> bool:
    """Whether a word is an acronym or has capitals inside: ``USB-C``, ``LED``, ``iPhone``."""
    if word.isupper():
        return len(word) <= 5
    return any(letter.isupper() for letter in word[1:])
