"""Customs duty by destination and date."""

from datetime import date

import pytest

from domain.money import Money
from domain.sourcing.landed import Destination, customs_duty
from domain.sourcing.pricing import MINIMUM_MARGIN, price_listing
from tests.support.fakes.supply import listing

NOW = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("country", "on", "value", "duty"),
    [
        ("DE", NOW, Money(minor=800, currency="EUR"), 300),
        ("FR", NOW, Money(minor=800), 360),
        ("DE", date(2026, 6, 30), Money(minor=800), 0),
        ("DE", NOW, Money(minor=14_999, currency="EUR"), 300),
        ("DE", NOW, Money(minor=15_000, currency="EUR"), 600),
        ("GB", NOW, Money(minor=800), 0),
        ("GB", NOW, Money(minor=13_500, currency="GBP"), 0),
        ("DE", date(2026, 6, 30), Money(minor=15_000, currency="EUR"), 0),
        ("DE", date(2026, 6, 30), Money(minor=15_001, currency="EUR"), 600),
        ("CH", NOW, Money(minor=90_000, currency="CHF"), 0),
        ("AU", NOW, Money(minor=100_000, currency="AUD"), 0),
        ("CA", NOW, Money(minor=2_000, currency="CAD"), 0),
    ],
)
def test_the_duty_is_that_of_the_day_the_country_and_the_value(country: str, on: date, value: Money, duty: int) -> None:
    assert customs_duty(value, Destination(country=country, on=on)) == Money(minor=duty, currency=value.currency)


@pytest.mark.parametrize(
    ("country", "value"),
    [
        ("US", Money(minor=800)),
        ("GB", Money(minor=13_501, currency="GBP")),
        ("AU", Money(minor=100_001, currency="AUD")),
        ("DE", Money(minor=800, currency="JPY")),
    ],
)
def test_a_duty_without_a_rule_is_unknown_and_not_zero(country: str, value: Money) -> None:
    assert customs_duty(value, Destination(country=country, on=NOW)) is None


def test_price_and_margin_cover_the_duty_and_it_is_not_marked_up() -> None:
    offer = listing(cost=800, shipping_cost=200, market_price=None)
    there, here = price_listing(offer, Destination(country="DE", on=NOW)), price_listing(offer)
    assert there is not None
    assert here is not None
    assert (there.landed, there.duty) == (Money(minor=1_360), Money(minor=360))
    assert 260 <= (there.price - here.price).minor <= 460
    assert there.margin >= MINIMUM_MARGIN
