"""Numbers in texts: amounts with a unit, counted parts, and bare numbers."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from infra.writers.copykit.grammar import pluralize

TOLERANCE = 0.015
"""Greatest relative difference of two amounts that are the same: 7 inch is 17.8 cm."""
_NUMBER = r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:[.,]\d+)?"
_BARE = re.compile(rf"(?<![\w.,])(?:{_NUMBER})(?![\d])|(?<=[a-z])\d+(?:[.,]\d+)?")
_WORDS = {
    word: number
    for number, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=2
    )
} | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100}

_SMALL = "(?:with|in|for|and|of|to|on|a|an|the|or|from|at)"
"""Words that end the phrase of a number."""
_SPELLED_TIME = re.compile(rf"\b(?:{'|'.join(_WORDS)})(?=[ -](?:(?:hour|day|week|month|year)s?|percent)\b)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with a unit."""

    words: str
    dimension: str
    value: float
    """In the smallest unit of its dimension."""
    number: float
    """As written."""


@dataclass(frozen=True, slots=True)
class Quantities:
    """The numbers of a text."""

    amounts: tuple[Amount, ...]
    counts: tuple[tuple[int, str, str], ...]
    """Number, noun in the singular, and the words: 3, ``level``, ``three brightness levels``."""
    bare: tuple[tuple[float, str], ...]
    """Numbers with neither, as values and as written."""

    def not_in(self, known: "Quantities") -> Iterator[str]:
        """Yield the words of each quantity that another text does not have."""
        bare = {value for value, _ in known.bare}
        every = bare | {amount.number for amount in known.amounts} | {float(count) for count, _, _ in known.counts}
        for amount in self.amounts:
            if not any(_same(amount, other) for other in known.amounts) and amount.number not in bare:
                yield amount.words
        counts = {(count, noun) for count, noun, _ in known.counts}
        for count, noun, words in self.counts:
            if (count, noun) not in counts:
                yield words
        for value, words in self.bare:
            if value not in every:
                yield words


def quantities(text: str, counts: Iterable[tuple[int, str]] = ()) -> Quantities:
    """Return the quantities of a text in lower case, and these further counts."""
    text = _SPELLED_TIME.sub(lambda found: str(_WORDS[found.group()]), text)
    amounts, taken = [], []
    for found in _amount().finditer(text):
        unit = found["unit"].rstrip("s") if found["unit"] not in _units() else found["unit"]
        dimension, factor = _units()[unit]
        for number in re.findall(_NUMBER, found["numbers"]):
            value = _value(number)
            amounts.append(Amount(found.group().strip(), dimension, value * factor, value))
        taken.append(found.span())
    counted = [(count, noun, f"{count} {noun}") for count, noun in counts]
    for found in _count().finditer(text):
        if any(start <= found.start() < end for start, end in taken):
            continue
        number = _WORDS.get(found["number"]) or _value(found["number"])
        if number == int(number):
            counted.append((int(number), _singulars()[found["noun"]], found.group()))
            taken.append(found.span())
    bare = [
        (_value(found.group()), found.group())
        for found in _BARE.finditer(text)
        if not any(start <= found.start() < end for start, end in taken)
    ]
    return Quantities(tuple(amounts), tuple(counted), tuple(bare))


def _same(one: Amount, other: Amount) -> bool:
    if one.dimension != other.dimension:
        return False
    return abs(one.value - other.value) <= TOLERANCE * max(abs(one.value), abs(other.value))


def _value(number: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", number):
        return float(number.replace(",", ""))
    return float(number.replace(",", "."))


@cache
def _data() -> dict[str, dict[str, dict[str, float]]]:
    return tomllib.loads(resources.files(__package__).joinpath("claims.toml").read_text(encoding="utf-8"))


@cache
def _units() -> dict[str, tuple[str, float]]:
    return {
        unit: (dimension, factor) for dimension, units in _data()["units"].items() for unit, factor in units.items()
    }


@cache
def _amount() -> re.Pattern[str]:
    units = "|".join(
        re.escape(unit) + ("s?" if len(unit) > 2 else "") for unit in sorted(_units(), key=len, reverse=True)
    )
    several = rf"(?:{_NUMBER})(?:\s*(?:x|×|-|–|to|by|or|and)\s*(?:{_NUMBER}))*"
    return re.compile(rf"(?<![\w.,])(?P<numbers>{several})\s*-?\s*°?\s*(?P<unit>{units})(?![a-z0-9])")


@cache
def _singulars() -> dict[str, str]:
    nouns = _data()["counted"]["nouns"]
    return {form: noun for noun in nouns for form in (noun, pluralize(noun))}


@cache
def _count() -> re.Pattern[str]:
    nouns = "|".join(sorted(map(re.escape, _singulars()), key=len, reverse=True))
    return re.compile(rf"\b(?P<number>{'|'.join(_WORDS)}|\d+)[ -](?:(?!{_SMALL}\b)[a-z-]+ ){{0,2}}?(?P<noun>{nouns})\b")
