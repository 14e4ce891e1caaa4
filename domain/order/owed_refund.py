"""Refunds that a shop owes and has not requested (Directive 2011/83/EU, Article 13)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.given_back import GivenBack, PaidBack, Pieces

REFUND_WITHIN = timedelta(days=14)
"""How long a shop may take to pay back. After a withdrawal it may wait for the goods, or for proof that they were sent."""


class Owing(GivenBack, Protocol):
    """A return or a withdrawal, and its money."""

    @property
    def owed_since(self) -> datetime | None:
        """Since when its money is owed; None if it is not owed."""


class Requested(PaidBack, Protocol):
    """A refund, and when it was requested."""

    @property
    def requested_at(self) -> datetime: ...


def owed_since(
    kind: ReturnKind, status: ReturnStatus, *, decided_at: datetime | None, received_at: datetime | None
) -> datetime | None:
    """Return since when the money of a return is owed, if no refund of it is on the way; None if it is not owed.

    Args:
        kind: a withdrawal is owed once it is accepted, which the law does for one in time. Another return is owed once
            the goods are back; new goods settle it as well.
        status: the return's status.
        decided_at: when it was accepted.
        received_at: when the goods came back.
    """
    if kind is ReturnKind.WITHDRAWAL and status in {ReturnStatus.APPROVED, ReturnStatus.RECEIVED}:
        return decided_at
    return received_at if status is ReturnStatus.RECEIVED else None


def refund_owed_since(
    *,
    cancelled_at: datetime | None,
    is_paid: bool,
    is_all_refunded: bool,
    returns: Iterable[Owing],
    refunds: Iterable[Requested],
) -> datetime | None:
    """Return since when an order owes the shopper money that no refund names; None if it owes none.

    A failed refund names nothing, so what it should have paid back is owed again. A merchant may also pay back the pieces of a
    return by a refund that names no return.

    Args:
        cancelled_at: when the order was cancelled. A paid order that is cancelled is paid back.
        is_paid: whether a payment paid the order.
        is_all_refunded: whether nothing of the payment is left that no refund names.
        returns: the order's returns, withdrawals included.
        refunds: the order's refunds.
    """
    if not is_paid or is_all_refunded:
        return None
    returns, made = list(returns), [refund for refund in refunds if refund.status is not RefundStatus.FAILED]
    asked, of_returns = {refund.id for refund in made}, {each.refund_id for each in returns}
    apart = [refund for refund in made if refund.id not in of_returns]
    owed = [
        each.owed_since
        for each in returns
        if each.owed_since is not None
        and each.refund_id not in asked
        and not _is_named(each.lines, [refund for refund in apart if refund.requested_at >= each.owed_since])
    ]
    return min(owed if cancelled_at is None else [cancelled_at, *owed], default=None)


def _is_named(lines: Sequence[Pieces], refunds: Collection[Requested]) -> bool:
    named = Counter[UUID]()
    for line in (line for refund in refunds for line in refund.lines):
        named[line.variant_id] += line.quantity
    return all(named[line.variant_id] >= line.quantity for line in lines)
