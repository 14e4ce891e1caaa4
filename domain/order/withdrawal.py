"""Withdrawal from a contract by a consumer (Directive 2011/83/EU, Articles 9 to 11a): the period, and what is withdrawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.kernel import InvalidInput, next_header
from domain.order.after_sale.return_state import ReturnKind
from domain.order.aggregate import Order
from domain.order.errors import OrderNotOpen, variant_not_ordered
from domain.order.events import OrderEvent, OrderStatus, WithdrawalReceived, WithdrawnLine
from domain.privacy import Sealed

PERIOD = timedelta(days=14)
_SATURDAY = 5


def withdrawal_deadline(delivered_on: date | None) -> date | None:
    """Return the last day for a withdrawal, in the store's time zone; None while the delivery is unknown.

    The day of the delivery does not count. A period that ends on a weekend ends on the next Monday (Regulation 1182/71,
    Article 3). Public holidays differ by country and are
    not known here, so a withdrawal on the day after one may be marked as late; the merchant decides.
    """
    return None if delivered_on is None else period_end(delivered_on, PERIOD)


def period_end(delivered_on: date, period: timedelta) -> date:
    """Return the last day of a period that begins on the day after the delivery and does not end on a weekend."""
    last = delivered_on + period
    return last + timedelta(days=7 - last.weekday() if last.weekday() >= _SATURDAY else 0)


class OrderedPieces(Protocol):
    """A line of an order; each variant is on one line."""

    @property
    def variant_id(self) -> UUID: ...

    @property
    def quantity(self) -> int: ...


def pieces_left(lines: Sequence[OrderedPieces], withdrawn: Mapping[UUID, int]) -> Sequence[WithdrawnLine]:
    """Return what can still be withdrawn: the pieces of each line that no earlier withdrawal names."""
    left = [
        WithdrawnLine(variant_id=line.variant_id, quantity=line.quantity - withdrawn.get(line.variant_id, 0))
        for line in lines
    ]
    return [line for line in left if line.quantity > 0]


def newly_withdrawn(
    lines: Sequence[OrderedPieces], withdrawn: Mapping[UUID, int], asked: Sequence[WithdrawnLine]
) -> Sequence[WithdrawnLine]:
    """Return the pieces that a withdrawal adds to the earlier ones; empty if it adds none.

    Args:
        lines: of the order; each variant is on one line.
        withdrawn: pieces of earlier withdrawals by variant.
        asked: what the consumer names; empty means everything that is left.
    """
    left = pieces_left(lines, withdrawn)
    if not asked:
        return left
    wanted: dict[UUID, int] = {}
    for line in asked:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    taken = [
        WithdrawnLine(variant_id=line.variant_id, quantity=min(line.quantity, wanted.get(line.variant_id, 0)))
        for line in left
    ]
    return [line for line in taken if line.quantity > 0]


def withdraw(
    order: Order, asked: Sequence[WithdrawnLine], *, name: Sealed, email: Sealed, today: date, at: datetime
) -> Sequence[OrderEvent]:
    """Receive a consumer's withdrawal. No-op if earlier ones name all of its pieces.

    A late withdrawal is received and marked. ``asked`` without lines means everything that is left.

    Raises:
        OrderNotOpen: the order is not paid, so there is nothing to pay back.
        InvalidInput: a line is not in the order, or a quantity is not at least 1.
    """
    if order.status in {OrderStatus.PENDING, OrderStatus.CANCELLED}:
        raise OrderNotOpen(order.id, order.status, "withdrawn from")
    known = {line.variant_id for line in order.lines}
    for n, line in enumerate(asked):
        if line.variant_id not in known:
            raise variant_not_ordered(order.number, n, line.variant_id)
        if line.quantity < 1:
            raise InvalidInput(f"lines.{n}.quantity", f"Quantity cannot be {line.quantity}; 1 is the least.")
    lines = newly_withdrawn(order.lines, _coming_back(order), asked)
    if not lines:
        return ()
    deadline = withdrawal_deadline(order.delivered_on)
    return (
        WithdrawalReceived(
            **next_header(order, at),
            number=order.withdrawals + 1,
            lines=list(lines),
            name=name,
            email=email,
            deadline=deadline,
            is_late=deadline is not None and today > deadline,
        ),
    )


def _coming_back(order: Order) -> Mapping[UUID, int]:
    """Return by variant the pieces that withdrawals name, or returns that stand."""
    pieces = Counter(order.withdrawn)
    for each in order.after.returns.values():
        if each.kind is ReturnKind.RETURN and each.stands:
            pieces.update({line.variant_id: line.quantity for line in each.lines})
    return pieces
