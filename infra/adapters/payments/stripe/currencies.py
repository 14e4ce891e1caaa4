"""Amounts as Stripe counts them. Its minor units are not those of ISO 4217 in every currency; our log stays with ISO.

Source: docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal currencies" and "Special cases".
"""

from collections.abc import Mapping

from domain.kernel import DomainError
from domain.money import THREE_DECIMAL, Money, exponent

STRIPE_EXPONENTS: Mapping[str, int] = {
    "ISK": 2,
    "UGX": 2,
    "MGA": 0,
}
"""Decimal places at Stripe where they differ from ISO 4217.

Krona and Ugandan shilling have no minor unit, yet Stripe takes them in hundredths that must be whole units. Five iraimbilanja
are one ariary, so ISO counts two places; Stripe counts none.
"""


class NotChargeable(DomainError):
    """Stripe cannot charge this amount exactly. Another amount or currency can help."""

    code = "NOT_CHARGEABLE"

    def __init__(self, amount: Money, step: Money) -> None:
        super().__init__(
            f"Stripe cannot charge {amount.decimal} {amount.currency}: it takes multiples of {step.decimal} "
            f"{step.currency}. Set prices and shipping to such amounts."
        )


def stripe_exponent(currency: str) -> int:
    """Return the decimal places of a currency at Stripe."""
    return STRIPE_EXPONENTS.get(currency, exponent(currency))


def to_stripe(amount: Money) -> int:
    """Return an amount in Stripe's minor units.

    Raises:
        NotChargeable: Stripe has no exact number for it.
    """
    ours, theirs = exponent(amount.currency), stripe_exponent(amount.currency)
    step = _step(amount.currency)
    if amount.minor % step:
        raise NotChargeable(amount, Money(minor=step, currency=amount.currency))
    return amount.minor * int(10**theirs) // int(10**ours)


def rounded_down(amount: Money) -> Money:
    """Return the largest amount that Stripe has a number for and that is not above this one."""
    return Money.of(amount.minor - amount.minor % _step(amount.currency), amount.currency)


def from_stripe(minor: int, currency: str) -> Money:
    """Return an amount that Stripe reports.

    Args:
        minor: Stripe's minor units.
        currency: ISO 4217, in any case.

    Raises:
        ValueError: the currency has no such fraction.
    """
    code = currency.upper()
    scaled, rest = divmod(minor * 10 ** exponent(code), 10 ** stripe_exponent(code))
    if rest:
        raise ValueError(f"{minor} of Stripe's minor units is a fraction that {code} does not have")
    return Money.of(scaled, code)


def _step(currency: str) -> int:
    """Return the smallest chargeable amount, in minor units of ISO 4217."""
    if currency in THREE_DECIMAL:
        return 10  # card networks know two places only
    return int(10 ** max(exponent(currency) - stripe_exponent(currency), 0))
