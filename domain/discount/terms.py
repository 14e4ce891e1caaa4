"""What a code is written like, which terms make sense, and what they take off. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from uuid import UUID

from domain.discount.errors import DiscountNotYet, DiscountOver, DiscountTakesNothing, UnknownDiscount
from domain.discount.events import DiscountKind, DiscountTerms
from domain.ids import derived
from domain.kernel import InvalidInput
from domain.money import Money

CODE = re.compile(r"[A-Z0-9]{3,24}")
USES_MOST = 1_000_000
PRODUCTS_MOST = 200
WHOLE = 10_000
"""Basis points of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountedLine:
    """One line of an order, as a discount sees it."""

    product_id: UUID
    total: Money


def normal_code(typed: str) -> str:
    """Return a code in its normal form: without spaces, hyphens and underscores, in capital letters."""
    text = unicodedata.normalize("NFKC", typed[:200])
    return "".join(letter for letter in text if letter.isalnum()).upper()


def discount_id(store_id: UUID, typed: str) -> UUID:
    """Return the stream of a store's code, however it is written.

    Raises:
        UnknownDiscount: no code is written like this.
    """
    code = normal_code(typed)
    if not CODE.fullmatch(code):
        raise UnknownDiscount(typed)
    return derived(store_id, "discount", code)


def checked_code(typed: str) -> str:
    """Return a new code in its normal form.

    Raises:
        InvalidInput: it is too short, too long, or has other characters than letters and digits.
    """
    code = normal_code(typed)
    if not CODE.fullmatch(code):
        raise InvalidInput("code", f"Invalid code {typed[:40]!r}. Use 3 to 24 letters from A to Z and digits.")
    return code


def check_terms(terms: DiscountTerms, *, currency: str | None) -> None:
    """Refuse terms that make no sense.

    Args:
        terms: what the merchant sent.
        currency: the store's currency; None if it has none yet.

    Raises:
        InvalidInput: names the field.
    """
    share, amount = terms.basis_points, terms.amount
    if (share is not None) != (terms.kind is DiscountKind.PERCENTAGE):
        raise InvalidInput(
            "percentage", "A code has a percentage if it takes off a share, and only then. State or omit it."
        )
    if (amount is not None) != (terms.kind is DiscountKind.AMOUNT):
        raise InvalidInput(
            "amount", "A code has an amount if it takes off a fixed amount, and only then. State or omit it."
        )
    if share is not None and not 1 <= share <= WHOLE:
        raise InvalidInput("percentage", f"The percentage cannot be {share / 100:g}. Use more than 0 and at most 100.")
    for field, money in (("amount", amount), ("minimum", terms.minimum)):
        if money is not None and (money.minor <= 0 or currency not in {None, money.currency}):
            raise InvalidInput(field, f"The {field} cannot be {money}. Use more than zero, in the store's currency.")
    limits = (
        ("most_uses", "uses", terms.most_uses),
        ("most_uses_per_shopper", "uses per shopper", terms.most_uses_per_shopper),
    )
    for field, what, most in limits:
        if most is not None and not 1 <= most <= USES_MOST:
            raise InvalidInput(field, f"The limit of {what} cannot be {most}. Use 1 to {USES_MOST:,}, or omit it.")
    if terms.starts_at is not None and terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        raise InvalidInput("ends_at", "The end is not after the beginning. Choose a later time.")
    if len(terms.product_ids) > PRODUCTS_MOST:
        raise InvalidInput(
            "product_ids", f"The code has {len(terms.product_ids)} products. Use at most {PRODUCTS_MOST}."
        )


def check_time(code: str, terms: DiscountTerms, at: datetime) -> None:
    """Refuse a code before its beginning and after its end.

    Raises:
        DiscountNotYet, DiscountOver: it does not count at this time.
    """
    if terms.starts_at is not None and at < terms.starts_at:
        raise DiscountNotYet(code)
    if terms.ends_at is not None and at >= terms.ends_at:
        raise DiscountOver(code)


def shares(discount: Money, terms: DiscountTerms, lines: Sequence[DiscountedLine]) -> list[Money]:
    """Return the part of a discount that each line bears, in proportion to its price. Together they are the discount."""
    prices = [line.total.minor if is_discounted(terms, line) else 0 for line in lines]
    sums = [0, *accumulate(prices)]
    whole = max(sums[-1], 1)
    borne = [discount.minor * reached // whole for reached in sums]
    return [Money.of(after - before, discount.currency) for before, after in pairwise(borne)]


def is_discounted(terms: DiscountTerms, line: DiscountedLine) -> bool:
    """Whether a code takes something off a line."""
    return not terms.product_ids or line.product_id in terms.product_ids


def taken_off(code: str, terms: DiscountTerms, lines: Iterable[DiscountedLine], *, shipping: Money) -> Money:
    """Return what a code takes off the price of the goods; zero if it takes off the delivery.

    Args:
        code: the code, for messages.
        terms: the code's terms.
        lines: all lines of the order.
        shipping: the price of the delivery before the discount.

    Raises:
        DiscountTakesNothing: the terms do not fit the order.
    """
    lines = list(lines)
    zero = Money.zero(shipping.currency)
    subtotal = Money.total((line.total for line in lines), shipping.currency)
    fitting = [line.total for line in lines if is_discounted(terms, line)]
    eligible = Money.total(fitting, shipping.currency)
    if any(money is not None and money.currency != zero.currency for money in (terms.minimum, terms.amount)):
        raise DiscountTakesNothing(code, f"it is for another currency than {zero.currency}.")
    if terms.minimum is not None and subtotal < terms.minimum:
        raise DiscountTakesNothing(code, f"it counts for goods from {terms.minimum} on.")
    if not fitting:
        raise DiscountTakesNothing(code, "it is for other products than those in the cart.")
    if terms.kind is DiscountKind.FREE_SHIPPING:
        if shipping.minor == 0:
            raise DiscountTakesNothing(code, "the delivery is free already.")
        return zero
    off = terms.amount if terms.amount is not None else eligible.basis_points(terms.basis_points or 0)
    return min(off, eligible, key=lambda money: money.minor)
