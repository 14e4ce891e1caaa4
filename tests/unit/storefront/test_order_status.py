"""Masked recipients, links to carriers, and order numbers."""

import pytest

from storefront.pages.find_order import order_number_of
from storefront.rendering.order_status import masked, masked_address, masked_email, tracking_url


@pytest.mark.parametrize(
    ("text", "shown"), [("Anna Prüfer", "A••• P•••"), ("  x ", "x•••"), ("", ""), ("e\u0301mile", "e\u0301•••")]
)
def test_a_masked_name_shows_first_letters_only(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_masked_address_shows_town_and_country() -> None:
    parts = {"line1": "Main St 1", "city": "Portland", "region": "Oregon", "postcode": "97201", "country": "US"}
    assert masked_address(parts) == "M••• S••• 1•••, Portland, Oregon 97•••, United States"
    assert masked_address({"line1": "Pier", "city": "Oslo", "country": "NO"}) == "P•••, Oslo, Norway"
    assert masked_email("anna@example.com") == "a•••@example.com"


@pytest.mark.parametrize(
    ("carrier", "number", "address"),
    [
        ("UPS", "1Z 9", "https://www.ups.com/track?tracknum=1Z%209"),
        (" royal  MAIL ", "AB1", "https://www.royalmail.com/track-your-item#/tracking-results/AB1"),
        ("PostNL", "3S", "https://postnl.nl/tracktrace/?B=3S"),
        ("Pigeon", "1", None),
        ("DHL", None, None),
        (None, "1", None),
    ],
)
def test_known_carriers_have_a_link(carrier: str | None, number: str | None, address: str | None) -> None:
    assert tracking_url(carrier, number) == address


@pytest.mark.parametrize("typed", ["ZY-7Q2M4K", "zy-7q2m4k", " zy 7q2 m4k ", "7Q2M4K", "ZY7Q2M4K"])
def test_an_order_number_may_be_typed_in_several_ways(typed: str) -> None:
    assert order_number_of(typed) == "ZY-7Q2M4K"


@pytest.mark.parametrize("typed", ["", "ZY-", "ZY-7Q2M4", "ZY-7Q2M4KK", "ZY-7Q2M40", "７Q2M4K"])
def test_other_text_is_not_an_order_number(typed: str) -> None:
    assert order_number_of(typed) is None
