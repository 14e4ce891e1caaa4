"""Customs duty, the part of the landed cost that depends on the destination. Pure; the rules are data with source and date."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import Field

from domain.kernel import Value
from domain.money import Money, exponent

DEFAULT_DESTINATION = "DE"
"""ISO 3166-1 code of the country that goods are sent to, as long as the store's country is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where goods are sent, and when they arrive."""

    country: str = DEFAULT_DESTINATION
    """ISO 3166-1 code."""
    on: date


class _Exchange(Value):
    currency: str
    date: date
    source: str
    units: dict[str, float]


class _Rule(Value):
    destinations: str
    begins: date = Field(alias="from")
    until: date | None = None
    currency: str
    below: float | None = None
    up_to: float | None = None
    each: float = 0.0
    rate: int = 0
    source: str
    date: date

    def holds(self, destination: Destination, value: float) -> bool:
        """Whether the rule is about this destination, day and parcel value."""
        return (
            destination.country in self.destinations.split()
            and self.begins <= destination.on
            and (self.until is None or destination.on <= self.until)
            and (self.below is None or value < self.below)
            and (self.up_to is None or value <= self.up_to)
        )


class _Duties(Value):
    exchange: list[_Exchange]
    rule: list[_Rule]


@cache
def _duties() -> _Duties:
    return _Duties.model_validate(tomllib.loads(Path(__file__).with_name("import_duties.toml").read_text("utf-8")))


def customs_duty(value: Money, destination: Destination) -> Money | None:
    """Return the duty on a parcel with one piece; None if no rule or no exchange rate is known.

    Args:
        value: what the merchant pays the supplier for the piece. The customs may value the shopper's price instead.
        destination: the country and day of arrival.
    """
    major = value.minor / 10 ** exponent(value.currency)
    for rule in _duties().rule:
        units = next((each.units for each in _duties().exchange if each.currency == rule.currency), {})
        rate = units.get(value.currency)
        if rate is None or not rule.holds(destination, major / rate):
            continue
        fixed = round(rule.each * rate * 10 ** exponent(value.currency))
        return Money(minor=fixed + value.minor * rule.rate // 10_000, currency=value.currency)
    return None
