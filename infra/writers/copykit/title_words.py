"""The words of a supplier's title, without noise."""

import re
from collections.abc import Sequence

from infra.writers.copykit.grammar import is_measure
from infra.writers.copykit.lexicon import lexicon
from infra.writers.copykit.supplier_text import is_foreign, plain_text

NOISE = re.compile(
    r"\b(20[12]\d|brand new|new( arrivals?| in| style| design| version)?(?! (york|zealand|england|orleans|year|born))|newest|latest|hot(test)?( sale| sell(er|ing))?(?! ?(swap|shoe|pot|plate|water|wire|air))|best ?sell(er|ing)s?|"
    r"free ?ship(ping|ment)?|fast ?ship(ping|ment)?|fast delivery|free delivery|ship(s|ped)? from( \w+)?|drop ?shipp?(ing|er)?|wholesale|factory( direct| price| outlet)?|"
    r"top ?(quality|rated|sale|sell(er|ing)s?)|(high|good|premium|best) quality|quality|for sale|on sale|flash sale|big sale|super sale|clearance|sale|discount(ed)?|promo(tion)?|"
    r"special offer|limited (offer|edition|time|stock)|\d+ ?% ?off|\d+ off|cheap(est)?|low(est)? price|best price|best|amazing|awesome|stunning|super|luxury|"
    r"indestructible|unbreakable|fashion(able)?|trendy|trending|viral|popular|must[- ]have|original|genuine|official|100%|oem|odm|in stock|ready stock|dropship|aliexpress|amazon|ebay|temu|tiktok|etsy|shopee|"
    r"buy (now|one|\d)|get one free|gift ?idea|great gift|best gift|perfect( for)?|hurry( up)?|last chance|us stock|eu stock|"
    r"(for )?(men'?s?|man) (and |& |& )?(women'?s?|woman)|women'?s? (and |& )?men'?s?|unisex|1 ?pcs?|1 ?piece|supplier|vendor|moq)\b|!+|\?+",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(（【\[]([^()（）【】\[\]]{0,80})[)）】\]]")
_SEPARATOR = re.compile(r"\s*[|/;,，:•~+=·]\s*|\s+[-–—]+\s+|\s*[–—]\s*|\s*&\s*(?=$)")
_WORD = re.compile(r"[\w][\w.'’°%-]*|&", re.UNICODE)
PREPOSITIONS = frozenset({"with", "in", "for", "from"})
JOINERS = frozenset({"and", "&"})
MOST_WORDS = 12
"""Most words of a title without its extras; the last ones name the product."""


def words_of(group: str) -> frozenset[str]:
    """Return a group of the vocabulary."""
    return lexicon().words[group]


def modifying_words() -> frozenset[str]:
    """Return colors, materials and adjectives, with which no name and no phrase of a title ends."""
    return frozenset().union(*map(words_of, ("colors", "materials", "material_adjectives", "adjectives", "front")))


def without_ratios(raw: str) -> str:
    """Return the text with ``7 in 1`` as one word, which no preposition splits."""
    return re.sub(r"(?i)\b(\d+) ?-?in-? ?(1|one)\b", r"\1-in-1", raw)


def ends_a_name(word: str) -> bool:
    """Whether a word of a supplier's title that names no known goods comes after the name."""
    low = word.casefold()
    ends = PREPOSITIONS | words_of("stuffing") | words_of("colors") | words_of("materials") | words_of("front")
    return low in ends or is_measure(word)


def title_words(raw: str) -> tuple[list[str], list[str]]:
    """Return the words of the first segment that names a product, and the words after it."""
    if is_foreign(plain_text(raw[:2000])):
        return [], []
    text = _BRACKETS.sub(lambda found: " " if NOISE.search(found[1]) else f" {found[1]} ", raw[:2000])
    text = NOISE.sub(" ", plain_text(text))
    segments = [_without_noise(_kept(_without_noise(_WORD.findall(segment)))) for segment in _SEPARATOR.split(text)]
    telling = [segment for segment in segments if any(letter.isalpha() for word in segment for letter in word)]
    if not telling:
        return [], []
    known = lexicon()
    first = next(
        (at for at, segment in enumerate(telling) if known.kind_in(" ".join(segment)) and len(segment) > 1),
        0,
    )
    return telling[first], [word for segment in telling[first + 1 :] for word in segment]


def _without_noise(words: list[str]) -> list[str]:
    """Return the words without noise, including noise that appears when other noise is removed."""
    while (
        fewer := [bare for word in _WORD.findall(NOISE.sub(" ", " ".join(words))) if (bare := word.rstrip(".'’-"))]
    ) != words:
        words = fewer
    return words


def _kept(words: Sequence[str]) -> list[str]:
    kept = []
    for word in words:
        bare = word.strip(".'’-_°%") if word != "&" else "and"
        digits = sum(letter.isdigit() for letter in bare)
        # A model code tells shoppers nothing; a size or a standard does.
        code = digits >= 2 and not is_measure(bare) and re.search(r"[A-Za-z]", bare) is not None and len(bare) >= 4
        if bare and not code and len(bare) <= 24:
            kept.append(bare)
    return kept


def without_options(words: Sequence[str], varied: frozenset[str]) -> list[str]:
    """Return the words without values of options: ``Black``, ``2 Person``."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        if at + 1 < len(words) and key(words[at] + words[at + 1]) in varied:
            at += 2
        elif key(words[at]) in varied:
            at += 1
        else:
            kept.append(words[at])
            at += 1
    return kept


def without_repeats(words: Sequence[str]) -> list[str]:
    """Return the words, each once; joiners and prepositions may come again."""
    seen: set[str] = set()
    kept = []
    for word in words:
        same = key(word)
        if same not in seen or word.casefold() in JOINERS | PREPOSITIONS:
            kept.append(word)
        seen.add(same)
    return kept


def without_echoes(words: Sequence[str]) -> list[str]:
    """Return the words without a word that repeats the one before it."""
    return [word for at, word in enumerate(words) if not at or key(word) != key(words[at - 1])]


def trimmed(words: list[str]) -> list[str]:
    """Return the last ``MOST_WORDS`` words, without small words at either end."""
    kept = words[-MOST_WORDS:]
    small = JOINERS | PREPOSITIONS | {"a", "an", "the", "of", "by", "to", "on"}
    while kept and kept[-1].casefold() in small:
        kept.pop()
    while kept and kept[0].casefold() in small:
        kept.pop(0)
    return kept


def option_words(options: Sequence[str]) -> frozenset[str]:
    """Return the values of options, as keys; empty if there is no choice."""
    if len(options) < 2:
        return frozenset()
    parts = [part for option in options for part in re.split(r"[/,|]", option)]
    words = {key(word) for part in parts for word in part.split() if len(part.split()) == 1}
    return frozenset(words | {key(part) for part in parts}) - {""}


def key(word: str) -> str:
    """Return a word for comparison: without marks, case and plural."""
    low = re.sub(r"[^\w]", "", word.casefold())
    return low[:-1] if low.endswith("s") and len(low) > 3 and not low.endswith("ss") else low
