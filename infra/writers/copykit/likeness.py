"""Well-known things of a size, beside which a shopper sees how large a product is: “about as high as a wine bottle”."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

NEAR = 0.1
"""Greatest relative difference of two sizes that are about the same."""
LARGE = 40.0
"""Centimeters from which a thing needs a place of its own."""
_MEASURE = re.compile(r"(\d+(?:\.\d+)?) ?(mm|cm|m|in|inch|inches|ml|l)", re.IGNORECASE)
_FACTORS: Mapping[str, float] = {
    "mm": 0.1, "cm": 1, "m": 100, "in": 2.54, "inch": 2.54, "inches": 2.54, "ml": 1, "l": 1000,
}  # fmt: skip
"""Centimeters or milliliters in one of each unit."""


def likeness(fact: str, value: str, *, but: str = "") -> str | None:
    """Return a sentence that compares a measure with a well-known thing; None if none is about as large.

    Args:
        fact: what is measured: ``length``, ``height``, ``diameter`` or ``capacity``.
        value: the measure, such as ``30 cm``.
        but: the title of the goods. They are not compared with themselves: a tennis ball is as wide as one.
    """
    measure = _MEASURE.fullmatch(value)
    known = _data().get(fact)
    if measure is None or known is None:
        return None
    size = float(measure[1]) * _FACTORS[measure[2].lower()]
    if any(_names(but, thing) and abs(float(own) - size) <= NEAR * own for thing, own in known["things"].items()):
        return None
    thing, other = min(known["things"].items(), key=lambda entry: abs(float(entry[1]) - size))
    says: str = known["says"]
    return says.format(v=value, thing=thing) if abs(size - other) <= NEAR * other else None


def _names(title: str, thing: str) -> bool:
    """Whether a title names a well-known thing: all its words but the article."""
    words = re.findall(r"[a-z]+", title.casefold())
    return all(word in words or f"{word}s" in words for word in thing.casefold().split()[1:])


def is_large(value: str) -> bool:
    """Whether a side of a thing is so long that a shopper should look for a place first."""
    *others, (last, unit) = _MEASURE.findall(value) or [("0", "cm")]
    # “60 x 40 cm” has its unit at the end.
    sides = [last, *(number for number, _ in others), *re.findall(r"(\d+(?:\.\d+)?) ?[x×]", value)]
    return max(map(float, sides)) * _FACTORS[unit.lower()] >= LARGE


def without_likeness(sentence: str) -> str:
    """Return a sentence without the known thing that a measure is compared with: it says nothing of the goods."""
    return _likenesses().sub(r"\1", sentence)


@cache
def _likenesses() -> re.Pattern[str]:
    ways = "|".join(re.escape(known["says"].removeprefix("{v}").partition("{thing}")[0]) for known in _data().values())
    things = "|".join(re.escape(thing) for known in _data().values() for thing in known["things"])
    return re.compile(f"({ways})(?:{things})")


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("likeness.toml").read_text(encoding="utf-8"))
