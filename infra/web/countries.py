"""Names of countries."""

from functools import cache

from infra.web.locale import LOCALE


@cache
def country_name(code: str) -> str:
    """Return the name of a country by its ISO 3166-1 code; the code itself if CLDR does not know it."""
    name: str = LOCALE.territories.get(code, code)
    return name
