"""Money as integer minor units with a currency. No float touches it."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo

from domain.kernel import InvalidInput, Value
from domain.numbers import decimal_number

CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC
    CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR
    ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE
    SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF
    XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - as a list of literals it would be a page long
)
"""The active codes of ISO 4217, without those of funds, metals and tests."""
ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
"""ISO 4217 currencies without minor units."""
THREE_DECIMAL = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪", "INR": "₹",
    "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "TWD": "NT$", "USD": "$", "VND": "₫", "XCD": "EC$",
}  # fmt: skip
"""Currencies that readers of American English know by a symbol, from CLDR. Others are named by their code."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added or compared; a bug in the caller."""


LARGEST = 10**18
"""Largest amount in minor units, positive or negative. It fits 64 bits, so every table, client and tool can hold it."""
RECORDED = {"recorded": True}
"""Validation context for recorded events, which may hold amounts from before the limit."""


class AmountOutOfRange(InvalidInput, ValueError):
    """An amount is over :data:`LARGEST`. Also a ``ValueError``, like every other amount that cannot be read."""

    def __init__(self) -> None:
        super().__init__("amount", f"The amount is out of range: {LARGEST:,} minor units are the most.")


def within_range(minor: int) -> int:
    """Return the nearest amount in range, for tables: events from before the limit may hold larger ones."""
    return max(-LARGEST, min(LARGEST, minor))


def _in_range(minor: int, info: ValidationInfo) -> int:
    if not -LARGEST <= minor <= LARGEST and info.context is not RECORDED:
        raise AmountOutOfRange
    return minor


Minor = Annotated[int, AfterValidator(_in_range)]
"""Minor units, within 64 bits. A validator and not a bound in the schema, because the log may hold larger ones."""


class Money(Value):
    """An amount of money."""

    minor: Minor
    """Minor units: cents for USD, yen for JPY. May be negative (a refund, a margin)."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    """ISO 4217 code."""

    @classmethod
    def zero(cls, currency: str = "USD") -> Self:
        return cls(minor=0, currency=currency)

    @classmethod
    def of(cls, minor: int, currency: str) -> Self:
        """Return an amount.

        Raises:
            AmountOutOfRange: the amount is over :data:`LARGEST`.
        """
        if not -LARGEST <= minor <= LARGEST:
            raise AmountOutOfRange
        return cls(minor=minor, currency=currency)

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str = "USD") -> Self:
        """Read a decimal amount in major units, ``"12.34"``; half a minor unit rounds away from zero.

        Raises:
            ValueError: ``amount`` is not a finite decimal number of at most 28 digits in plain notation.
            AmountOutOfRange: the amount is over :data:`LARGEST`.
        """
        number = decimal_number(amount) if isinstance(amount, str) else amount
        if number is None:
            raise ValueError(f"{amount!r} is not an amount of money")
        try:
            scaled = number.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        except ArithmeticError as error:
            raise ValueError(f"{amount!r} is not an amount of money") from error
        if not scaled.is_finite():
            raise ValueError(f"{amount!r} is not an amount of money")
        return cls.of(int(scaled), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str = "USD") -> "Money":
        """Return the sum; zero in ``currency`` if there are no amounts."""
        result: Money | None = None
        for amount in amounts:
            result = amount if result is None else result + amount
        return cls.zero(currency) if result is None else result

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money.of(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money.of(self.minor - other.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money.of(self.minor * count, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor <= other.minor

    def basis_points(self, points: int) -> "Money":
        """Return ``points`` / 10,000 of the amount; half a minor unit rounds away from zero."""
        scaled = Decimal(self.minor) * points / 10_000
        return Money.of(int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.currency)

    @property
    def decimal(self) -> Decimal:
        """The exact amount in major units."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        """Return the amount as people read it on pages, in mails and in refusals: ``$1,249.00`` or ``49.00 CHF``."""
        number = f"{abs(self.decimal):,.{exponent(self.currency)}f}"
        symbol = SYMBOLS.get(self.currency)
        shown = f"{number}\N{NO-BREAK SPACE}{self.currency}" if symbol is None else f"{symbol}{number}"
        return f"\N{MINUS SIGN}{shown}" if self.minor < 0 else shown

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self} and {other} are in different currencies")


def exponent(currency: str) -> int:
    """Return how many decimal places the currency's minor unit has (ISO 4217)."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2
