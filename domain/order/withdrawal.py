"""Withdrawal from a contract by a consumer (Directive 2011/83/EU, Articles 9 to 11a): the period, and what is withdrawn."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from domain.order.events import WithdrawnLine

PERIOD = timedelta(days=14)
_SATURDAY = 5


def withdrawal_deadline(delivered_on: date | None) -> date | None:
    """Return the last day for a withdrawal, in the store's time zone; None while the delivery is unknown.

    The day of the delivery does not count. A period that ends on a weekend ends on the next Monday (Regulation 1182/71,
    Article 3). Public holidays differ by country and are
    not known here, so a withdrawal on the day after one may be marked as late; the merchant decides.
    """
    if delivered_on is None:
        return None
    last = delivered_on + PERIOD
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
