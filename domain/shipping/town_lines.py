"""How a country writes the town, region and postal code of an address."""

from collections.abc import Iterable

_COMMA = frozenset({"AU", "CA", "CO", "TW", "US"})
"""``Portland, OR 97201``"""
_CITY_FIRST = frozenset({"IL", "IN", "LV", "NZ", "SA", "SG"})
"""``Auckland 1010``, the region below."""
_REGION_AND_POSTCODE = frozenset({"TH", "VN"})
"""The city, then region and postal code below."""
_POSTCODE_BELOW = frozenset({"BR", "JP"})
"""City and region, then the postal code below."""
_ALONE = frozenset({"GB", "HU", "IE", "KR", "ZA"})
"""Each part on its own line, the postal code last."""
# Source: the address formats of Google's libaddressinput, in Latin letters. Its Python package writes cities in capitals
# and needs an HTTP client, so the few orders of the countries that checkout delivers to stand here.


def town_lines(country: str, *, city: str | None, region: str | None = None, postcode: str | None = None) -> list[str]:
    """Return the lines below the street, without the country. Empty parts are left out.

    The postal code stands before the city unless the country has another order.
    """
    lines: list[str | None]
    if country in _COMMA:
        lines = [_join(" ", _join(", ", city, region), postcode)]
    elif country in _CITY_FIRST:
        lines = [_join(" ", city, postcode), region]
    elif country in _REGION_AND_POSTCODE:
        lines = [city, _join(" ", region, postcode)]
    elif country in _POSTCODE_BELOW:
        lines = [_join(", ", city, region), postcode]
    elif country in _ALONE:
        lines = [city, region, postcode]
    else:
        lines = [_join(" ", postcode, city), region]
    return [line for line in lines if line]


def address_lines(
    street: Iterable[str | None],
    *,
    country: str,
    country_name: str,
    city: str | None,
    region: str | None = None,
    postcode: str | None = None,
) -> list[str]:
    """Return a whole address as its country writes it: street, town, and the name of the country last.

    Empty parts are left out.
    """
    lines = [*street, *town_lines(country, city=city, region=region, postcode=postcode), country_name]
    return [line for line in lines if line]


def _join(separator: str, *parts: str | None) -> str:
    return separator.join(part for part in parts if part)
