"""Amounts of money as people read them: the same in storefronts, mails and the API."""

from functools import cache, lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_currency, get_currency_symbol, parse_pattern

from domain.money import Money, exponent

LOCALE = Locale("en", "US")
"""The language and region of every page. Its rules come from CLDR, by ``babel``."""


@lru_cache(maxsize=4_096)
def formatted(amount: Money) -> str:
    """Return ``$1,249.00``. A currency without a symbol stands behind the number: ``49.00 CHF``."""
    shown = format_currency(
        abs(amount.decimal),
        amount.currency,
        format=_pattern(amount.currency),
        locale=LOCALE,
        currency_digits=False,
    )
    return f"\N{MINUS SIGN}{shown}" if amount.minor < 0 else shown


@cache
def _pattern(currency: str) -> NumberPattern:
    """Return the locale's pattern with the decimal places of our ``Money``; CLDR shows fewer for some currencies."""
    has_symbol = get_currency_symbol(currency, LOCALE) != currency
    pattern = (
        LOCALE.currency_formats["standard"].pattern
        if has_symbol
        else f"{LOCALE.decimal_formats[None].pattern}\N{NO-BREAK SPACE}¤"
    )
    number = parse_pattern(pattern)
    places = exponent(currency)
    number.frac_prec = (places, places)
    return number
