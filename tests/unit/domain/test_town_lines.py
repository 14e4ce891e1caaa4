"""An address is written in the order of its country."""

import pytest

from domain.shipping.town_lines import address_lines, town_lines


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("US", ["Town, Region 123"]),
        ("CA", ["Town, Region 123"]),
        ("DE", ["123 Town", "Region"]),
        ("NZ", ["Town 123", "Region"]),
        ("GB", ["Town", "Region", "123"]),
        ("TH", ["Town", "Region 123"]),
        ("JP", ["Town, Region", "123"]),
    ],
)
def test_each_country_has_its_order(country: str, lines: list[str]) -> None:
    assert town_lines(country, city="Town", region="Region", postcode="123") == lines


@pytest.mark.parametrize("country", ["US", "DE", "NZ", "GB", "TH", "JP"])
def test_missing_parts_leave_no_separator(country: str) -> None:
    assert town_lines(country, city="Town", region="", postcode=None) == ["Town"]
    assert town_lines(country, city=None) == []


def test_a_whole_address_ends_with_the_country_and_has_no_empty_line() -> None:
    lines = address_lines(
        ("1 Pier", ""), country="US", country_name="United States", city="Portland", region="OR", postcode="97201"
    )
    assert lines == ["1 Pier", "Portland, OR 97201", "United States"]
    assert address_lines((None,), country="", country_name="", city=None) == []
