"""The margin rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.sourcing.listing import COUNT_MOST, ListingVariant
from domain.sourcing.pricing import MINIMUM_MARGIN, charming, price_listing, price_variant
from tests.support.fakes.supply import listing

CENTS = st.integers(min_value=1, max_value=500_000)


@given(cost=CENTS, shipping=st.integers(min_value=0, max_value=100_000), market=st.none() | CENTS)
def test_a_price_keeps_the_minimum_margin_and_stays_below_the_market(
    cost: int, shipping: int, market: int | None
) -> None:
    pricing = price_listing(listing(cost=cost, shipping_cost=shipping, market_price=market))
    if pricing is None:
        assert market is not None
        assert market * (10_000 - MINIMUM_MARGIN) < (cost + shipping) * 10_000
        return
    assert pricing.landed == Money(minor=cost + shipping)
    assert (pricing.price - pricing.landed).minor * 10_000 >= MINIMUM_MARGIN * pricing.price.minor
    assert market is None or pricing.price.minor <= market


@given(cost=CENTS, more=st.integers(min_value=0, max_value=50_000), shipping=st.integers(min_value=0, max_value=5_000))
def test_a_variant_sells_for_a_rounded_price_that_keeps_the_margin_and_is_never_below_the_cheapest(
    cost: int, more: int, shipping: int
) -> None:
    offer = listing(cost=cost, shipping_cost=shipping, market_price=None)
    pricing = price_listing(offer)
    assert pricing is not None
    variant_cost = Money(minor=cost + more)
    price = price_variant(offer, pricing.price, variant_cost)
    assert pricing.price <= price
    assert (price - variant_cost - Money(minor=shipping)).minor * 10_000 >= MINIMUM_MARGIN * price.minor
    assert price in {pricing.price, Money(minor=charming(price.minor, least=0, most=None))}


def test_a_dearer_variant_ends_as_the_base_price_does() -> None:
    offer = listing(cost=1_200, shipping_cost=0, market_price=None)
    base = Money(minor=3_495)
    assert price_variant(offer, base, Money(minor=1_200)) == base
    assert price_variant(offer, base, Money(minor=1_295)) == Money(minor=3_795)


@given(cheaper=CENTS, more=st.integers(min_value=0, max_value=50_000))
def test_what_costs_more_never_sells_for_less(cheaper: int, more: int) -> None:
    one = price_listing(listing(cost=cheaper, market_price=None))
    other = price_listing(listing(cost=cheaper + more, market_price=None))
    assert one is not None
    assert other is not None
    assert one.price <= other.price


@given(target=CENTS, below=st.integers(min_value=0, max_value=5_000), above=st.integers(min_value=0, max_value=5_000))
def test_a_charming_price_stays_within_its_bounds(target: int, below: int, above: int) -> None:
    price = charming(target, least=target - below, most=target + above)
    assert target - below <= price <= target + above


def test_prices_end_as_shoppers_are_used_to() -> None:
    assert charming(1_432, least=0, most=None) == 1_399
    assert charming(1_460, least=0, most=None) == 1_499
    assert charming(4_410, least=0, most=None) == 4_395
    assert charming(25_300, least=0, most=None) == 24_900
    assert charming(1_432, least=1_400, most=None) == 1_499
    assert charming(1_432, least=1_400, most=1_440) == 1_429
    assert charming(1_432, least=1_431, most=1_433) == 1_432


def test_a_listing_without_a_margin_below_the_market_price_is_not_priced() -> None:
    assert price_listing(listing(cost=2_700, shipping_cost=300, market_price=2_990)) is None


def test_amounts_in_several_currencies_are_not_priced() -> None:
    assert price_listing(listing(shipping_cost=Money(minor=100, currency="EUR"))) is None
    assert price_listing(listing(market_price=Money(minor=9_000, currency="EUR"))) is None
    euros = ListingVariant(title="Default", cost=Money(minor=800, currency="EUR"), stock=1)
    assert price_listing(listing(variants=[euros])) is None


@pytest.mark.parametrize("amount", ["cost", "shipping_cost", "market_price", "variant"])
def test_a_listing_with_an_incredible_amount_is_not_priced(amount: str) -> None:
    absurd = Money(minor=10**17)
    changes: dict[str, Any] = {amount: absurd, "market_price": absurd if amount == "market_price" else None}
    if amount == "variant":
        changes = {"variants": [ListingVariant(title="Default", cost=absurd, stock=1)]}
    assert price_listing(listing(**changes)) is None


def test_a_listing_in_an_unknown_currency_is_not_priced() -> None:
    amounts: dict[str, Any] = {name: Money(minor=800, currency="XXX") for name in ("cost", "shipping_cost")}
    variant = ListingVariant(title="Default", cost=amounts["cost"], stock=1)
    assert price_listing(listing(**amounts, market_price=None, variants=[variant])) is None


def test_counts_of_suppliers_end_where_every_table_can_hold_them() -> None:
    assert ListingVariant(title="Default", cost=Money(minor=800), stock=10**30).stock == COUNT_MOST
    found = listing(review_count=10**30, order_count=2**63, shipping_days=(1, 10**20))
    assert (found.review_count, found.order_count, found.shipping_days) == (COUNT_MOST, COUNT_MOST, (1, COUNT_MOST))


def test_yen_are_priced_in_whole_yen() -> None:
    pricing = price_listing(
        listing(
            cost=Money(minor=1_000, currency="JPY"),
            shipping_cost=Money(minor=300, currency="JPY"),
            market_price=None,
        )
    )
    assert pricing is not None
    assert pricing.price == Money(minor=3_495, currency="JPY")
