"""Reads a niche: what it sells and in which style. A niche that no entry knows is read from its own words."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from domain.plurals import singular
from domain.store.niche import NicheReading
from domain.text import fold
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.copykit.grammar import named_days, without_pictures
from infra.writers.rules.brand.lexicon.entries import Category, Style, lexicon
from infra.writers.rules.brand.lexicon.unknown import unknown_category

GIFTS, PETS = "gifts", "pets"
"""Keys of categories: goods that depend on who they are for, and goods for animals."""
FIRST_THINGS = 3
"""The first goods of a reading, which are the most typical ones."""

_Index = dict[tuple[str, ...], list[tuple[str, int]]]
"""From the words of a phrase to the keys of entries that it names, with weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NicheProfile:
    """What a niche sells, in which style, and its words."""

    phrase: str
    """The niche as it stands inside a sentence."""
    words: tuple[str, ...]
    """Its own words, singular, lower case, without fillers."""
    category: Category
    second_category: Category | None
    """Another category that the niche names: cameras, in ``camera bags``."""
    style: Style
    is_styled: bool
    """Whether the niche or the merchant's tone names the style. If not, it is a mood of the category."""


def read_niche(
    niche: str, rng: SeededRandom, *, reading: NicheReading | None = None, tone: str | None = None
) -> NicheProfile:
    """Return the profile of a niche.

    Args:
        niche: the merchant's words.
        rng: chooses among the moods of a category whose niche names no style.
        reading: what the niche was understood to mean; its goods decide where the niche's own words name others.
        tone: the merchant's preference; its style or mood is used if the niche names none.
    """
    tokens = _tokens(niche)
    categories = _categories(tokens, reading)
    category = categories[0] if categories else unknown_category(tokens)
    looks = tokens if reading is None else [*tokens, *_tokens(" ".join(reading.style))]
    style = next(iter(_styles(looks) or _styles(_tokens(tone or ""))), None) or _style_of_tone(tone)
    return NicheProfile(
        phrase=_phrase(niche, category, reading),
        words=tuple(token for token in tokens if token not in lexicon().words.fillers),
        category=category,
        second_category=categories[1] if len(categories) > 1 else None,
        style=style or _style_of(rng.pick(category.styles)),
        is_styled=style is not None,
    )


def _tokens(text: str) -> list[str]:
    plain = fold(text).encode("ascii", "ignore").decode()
    return [_singular(word) for word in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", plain.replace("'", ""))]


def _singular(word: str) -> str:
    return word if word in lexicon().words.plural_only else singular(word)


def _index(entries: Iterable[Category | Style]) -> _Index:
    index: _Index = {}
    for entry in entries:
        for phrase in entry.words:
            weight = 1 + len(phrase) - len(phrase.lstrip("!"))
            index.setdefault(tuple(_tokens(phrase)), []).append((entry.key, weight))
    return index


@cache
def _category_words() -> _Index:
    return _index(lexicon().categories)


@cache
def _style_words() -> _Index:
    return _index(lexicon().styles)


def _style_of(key: str) -> Style:
    return next(style for style in (*lexicon().styles, *lexicon().moods) if style.key == key)


@dataclass(frozen=True, slots=True)
class _Match:
    """A phrase of the niche that names an entry."""

    key: str
    weight: int
    place: int
    """Of its first word in the niche."""
    length: int
    """In words."""


def _matches(tokens: Sequence[str], index: _Index) -> list[_Match]:
    """Return a match for every entry that ``tokens`` name, longest phrases first; each word counts once."""
    matches: list[_Match] = []
    taken: set[int] = set()
    for length in (3, 2, 1):
        for start in range(len(tokens) - length + 1):
            places = range(start, start + length)
            entries = index.get(tuple(tokens[start : start + length]), ())
            if entries and not taken.intersection(places):
                taken.update(places)
                matches.extend(_Match(key, weight, start, length) for key, weight in entries)
    return matches


def _category_matches(tokens: Sequence[str]) -> list[_Match]:
    matches = _matches(tokens, _category_words())
    if matches:
        return matches
    # “houseplantcare”, “dogwear”: a known word inside a longer one is better than nothing.
    return [
        _Match(key, weight, place, 1)
        for place, token in enumerate(tokens)
        for (word, *rest), entries in _category_words().items()
        if not rest
        and len(word) >= 4
        and token != word
        and (token.startswith(word) or (token.endswith(word) and word not in {"phone", "room"}))
        for key, weight in entries
    ]


def _ranked(matches: Iterable[_Match]) -> list[Category]:
    """Return the categories of the matches, the strongest first.

    Of equal ones the later in the niche is first, since English puts the main noun last.
    """
    strength: dict[str, tuple[int, int, int]] = {}
    for match in matches:
        weight, length, place = strength.get(match.key, (0, 0, 0))
        strength[match.key] = (max(weight, match.weight), length + match.length, max(place, match.place))
    by_key = {category.key: category for category in lexicon().categories}
    return [by_key[key] for key in sorted(strength, key=lambda key: strength[key], reverse=True)]


def _categories(tokens: Sequence[str], reading: NicheReading | None) -> list[Category]:
    """Return the categories of a niche, the one whose voice the store takes first.

    An animal that goods only show names none: a cat mug is no thing for pets.
    """
    shown = lexicon().words.animals.intersection(_tokens(" ".join(reading.style))) if reading else frozenset[str]()
    named = _ranked(_category_matches([token for token in tokens if token not in shown]))
    things = [
        [token for token in _tokens(thing) if token not in shown]
        for thing in (reading.things[:FIRST_THINGS] if reading else ())
    ]
    return _agreed(named, _of_goods(things, is_gift=GIFTS in {category.key for category in named[:1]}))


def _of_goods(things: Sequence[Sequence[str]], *, is_gift: bool) -> list[Category]:
    """Return the categories that the first goods of a reading name.

    The second or third of three goods alone may name one by chance: a bee suit is no suit, and a star map leads to no
    airport. Gifts are of one category only if several of them are: a watch among gifts for nurses makes no shop of watches.
    """
    named = [_category_matches(thing) for thing in things]
    keys = Counter(key for matches in named for key in {match.key for match in matches})
    sure = {
        match.key for matches in named for match in matches if not is_gift and (match.weight > 1 or matches is named[0])
    }
    common = {key for key, count in keys.items() if count > 1 or key in sure or len(things) < FIRST_THINGS}
    return _ranked(match for matches in named for match in matches if match.key in common)


def _agreed(named: Sequence[Category], understood: Sequence[Category]) -> list[Category]:
    """Return the categories that the niche's words name, without those that its goods do not have, or its goods' own.

    A desk accessory is named after furniture and is stationery, but a play kitchen is a toy.
    """
    if not understood:
        return list(named)
    both = [category for category in named if category in understood[:2]]
    return both + [category for category in understood if category not in both]


def _styles(tokens: Sequence[str]) -> list[Style]:
    """Return the styles that a text names, in its order."""
    plain = re.sub(r"\bspace (?=sav(?:ing|er))", "", " ".join(tokens)).split()
    return [_style_of(match.key) for match in sorted(_matches(plain, _style_words()), key=lambda match: match.place)]


def _style_of_tone(tone: str | None) -> Style | None:
    words = set(_tokens(tone or ""))
    styles = (*lexicon().moods, *lexicon().styles)
    return next((style for style in styles if words & {style.key, *style.tones}), None)


def _phrase(niche: str, category: Category, reading: NicheReading | None) -> str:
    """Return the niche in running text: ``cyberpunk home decor``, ``Japanese ceramics``, ``LED lamps``.

    What the goods must not have is left out: a sentence about the whole store cannot prove it.
    """
    text = re.sub(r"(?i)\s+without\s.*", "", " ".join(niche.split())).strip(" .,;:!?-–—")
    text = re.sub(r"(?i)\s+(online\s+)?(shop|store|boutique)$", "", text)
    if not re.search(r"[^\W\d_]{3}", text) or len(text) > 64 or re.search(r"[<>{}\[\]|\\/@#=&;]|https?:", text):
        return category.title
    known = lexicon().words
    text = without_pictures(text)
    shouted = text.isupper() and " " in text
    words = [word if _keeps_case(word) and not shouted else word.lower() for word in text.split()]
    words = [word.capitalize() if word.lower() in known.proper | known.origins else word for word in words]
    # “Fishing for kids”: the goods stand before “for”.
    end = words.index("for") if "for" in words[1:] else len(words)
    last = words[end - 1].lower()
    if reading and reading.things and _singular(last) in reading.style and end == len(words):
        return category.title  # “sleep better” does not name goods
    if len(words) == 1 and last != _singular(last) in known.pursuits:
        return category.title  # “weddings”
    is_activity = last.endswith("ing") and len(last) > 5 and last not in known.goods_in_ing
    if is_activity or last in known.pursuits:
        words.insert(end, category.goods)
    if _singular(last) in known.animals and end == len(words) and category.key == PETS:
        words = ["things", "for", *words]
    return named_days(" ".join(words))


def _keeps_case(word: str) -> bool:
    """Whether a word is an acronym or has capitals inside: ``USB-C``, ``LED``, ``iPhone``."""
    if word.isupper():
        return len(word) <= 5
    return any(letter.isupper() for letter in word[1:])
