"""The weight of a piece, read from the facts that its supplier states."""

import re
from collections.abc import Mapping
from decimal import Decimal
from math import ceil

NAMES = ("package weight", "gross weight", "item weight", "product weight", "weight", "net weight")
"""Names of the fact in lower case, the most useful first: a parcel weighs more than its contents."""
UNITS = {
    "mg": Decimal("0.001"),
    "g": Decimal(1),
    "gram": Decimal(1),
    "grams": Decimal(1),
    "kg": Decimal(1000),
    "kgs": Decimal(1000),
    "kilogram": Decimal(1000),
    "kilograms": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "ounces": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
    "pounds": Decimal("453.59237"),
}
"""Grams of each unit."""
_WEIGHT = re.compile(r"(?:about |approx\.? |ca\.? |~)?(\d{1,6}(?:[.,]\d{1,3})?) ?([a-z]{1,9})\.?", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}\.\d{3}")
"""Three digits after a mark: in grams the mark separates thousands, as in ``1,200 g``."""
MOST = 1_000_000


def grams_of(attributes: Mapping[str, str]) -> int | None:
    """Return the weight of one piece in whole grams, rounded up; None if the supplier states none that can be read."""
    facts = {name.strip().lower(): value for name, value in attributes.items()}
    for name in NAMES:
        found = _WEIGHT.fullmatch(facts.get(name, "").strip())
        unit = None if found is None else UNITS.get(found[2].lower())
        if found is None or unit is None:
            continue
        number = found[1].replace(",", ".")
        if unit <= 1 and _THOUSANDS.fullmatch(number):
            number = number.replace(".", "")
        grams = ceil(Decimal(number) * unit)
        if 0 < grams <= MOST:
            return grams
    return None
