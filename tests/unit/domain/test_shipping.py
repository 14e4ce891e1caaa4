"""Delivery zones: which rate counts, which rates are refused, and what a piece weighs."""

import pytest

from domain.kernel import InvalidInput
from domain.money import Money
from domain.shipping.countries import DELIVERABLE
from domain.shipping.errors import NoDelivery, TooHeavy
from domain.shipping.rates import (
    Parcel,
    RateBand,
    RateBasis,
    ShippingRates,
    ShippingZone,
    checked_rates,
    default_rates,
    deliver,
)
from domain.shipping.weights import grams_of
from tests.support.builders.samples import dollars


def band(price: str, up_to: int | None = None) -> RateBand:
    return RateBand(price=dollars(price), up_to=up_to)


HOME = ShippingZone(name="Germany", countries=["DE"], bands=[band("4.90")], free_from=dollars("50"))
BY_WEIGHT = ShippingZone(
    name="Neighbors", countries=["AT", "CH"], basis=RateBasis.WEIGHT, bands=[band("6", 1000), band("12", 5000)]
)
BY_PRICE = ShippingZone(name="World", countries=["US"], basis=RateBasis.SUBTOTAL, bands=[band("19", 10000), band("9")])
RATES = ShippingRates(zones=[HOME, BY_WEIGHT, BY_PRICE])


@pytest.mark.parametrize(
    ("country", "subtotal", "grams", "price"),
    [
        ("DE", "10", 9_999, "4.90"),
        ("DE", "49.99", 1, "4.90"),
        ("DE", "50", 1, "0"),
        ("AT", "10", 1, "6"),
        ("CH", "10", 1000, "6"),
        ("CH", "10", 1001, "12"),
        ("CH", "10", 5000, "12"),
        ("US", "100", 1, "19"),
        ("US", "100.01", 1, "9"),
    ],
)
def test_the_price_of_a_delivery_follows_country_weight_and_price(
    country: str, subtotal: str, grams: int, price: str
) -> None:
    assert deliver(RATES, country, Parcel(subtotal=dollars(subtotal), grams=grams)).price == dollars(price)


def test_a_country_without_a_zone_is_refused_in_words() -> None:
    with pytest.raises(NoDelivery, match="does not deliver to BR"):
        deliver(RATES, "BR", Parcel(subtotal=dollars("10"), grams=1))


def test_a_parcel_above_the_last_weight_band_is_refused_with_both_weights() -> None:
    with pytest.raises(TooHeavy, match=r"weighs 5\.25 kg, and this shop sends at most 5 kg to Neighbors"):
        deliver(RATES, "AT", Parcel(subtotal=dollars("10"), grams=5250))


def test_a_store_without_rates_delivers_everywhere_for_free() -> None:
    rates = default_rates("EUR")
    assert rates.is_included
    assert rates.countries == DELIVERABLE
    assert checked_rates(rates, currency="EUR") == rates


def test_rates_are_kept_in_one_form() -> None:
    typed = ShippingZone(name="  Our   neighbors ", countries=["CH", "AT", "CH"], bands=[band("6")])
    (zone,) = checked_rates(ShippingRates(zones=[typed]), currency="USD").zones
    assert (zone.name, zone.countries) == ("Our neighbors", ["AT", "CH"])


def zone(**changes: object) -> ShippingZone:
    return HOME.model_copy(update=changes)


EURO = RateBand(price=Money(minor=1, currency="EUR"))


@pytest.mark.parametrize(
    ("zones", "field"),
    [
        ([], "zones"),
        ([zone(name=" ")], "zones.0.name"),
        ([zone(name="x" * 61)], "zones.0.name"),
        ([zone(countries=[])], "zones.0.countries"),
        ([zone(countries=["de"])], "zones.0.countries"),
        ([zone(countries=["KP"])], "zones.0.countries"),
        ([HOME, zone(name="Again")], "zones.1.countries"),
        ([HOME, zone(countries=["FR"])], "zones.1.name"),
        ([zone(bands=[])], "zones.0.bands"),
        ([zone(bands=[band("4"), band("5")])], "zones.0.bands"),
        ([zone(bands=[band("4", 5)])], "zones.0.bands"),
        ([zone(bands=[band("-1")])], "zones.0.bands"),
        ([zone(bands=[EURO])], "zones.0.bands"),
        ([zone(free_from=EURO.price)], "zones.0.bands"),
        ([zone(basis=RateBasis.WEIGHT, bands=[band("4", 5), band("5", 5)])], "zones.0.bands"),
        ([zone(basis=RateBasis.WEIGHT, bands=[band("4"), band("5", 5)])], "zones.0.bands"),
        ([zone(basis=RateBasis.WEIGHT, bands=[band("4", 0), band("5")])], "zones.0.bands"),
        ([zone(basis=RateBasis.WEIGHT, bands=[])], "zones.0.bands"),
        ([zone(basis=RateBasis.SUBTOTAL, bands=[band("4", 5)])], "zones.0.bands"),
    ],
)
def test_rates_that_make_no_sense_are_refused_with_their_field(zones: list[ShippingZone], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_rates(ShippingRates(zones=zones), currency="USD")
    assert refusal.value.field == field


@pytest.mark.parametrize("weight", [0, -1, 1_000_001])
def test_a_weight_for_pieces_without_one_must_be_plausible(weight: int) -> None:
    with pytest.raises(InvalidInput, match="unknownWeight"):
        checked_rates(ShippingRates(zones=[HOME], unknown_weight=weight), currency="USD")


@pytest.mark.parametrize(
    ("attributes", "grams"),
    [
        ({"Weight": "780 g"}, 780),
        ({"Weight": "1.6 kg"}, 1600),
        ({"Weight": "1,5kg"}, 1500),
        ({"Weight": "1,200 g"}, 1200),
        ({"Net Weight": "300 g", "Package weight": "0.35 kg"}, 350),
        ({"weight": "about 2 lb"}, 908),
        ({"Weight": "0.4 oz"}, 12),
        ({"Weight": "light"}, None),
        ({"Weight": "-3 g"}, None),
        ({"Weight": "0 g"}, None),
        ({"Weight": "999999 kg"}, None),
        ({"Weight capacity": "5 kg"}, None),
        ({}, None),
    ],
)
def test_a_weight_is_read_from_what_the_supplier_states(attributes: dict[str, str], grams: int | None) -> None:
    assert grams_of(attributes) == grams
