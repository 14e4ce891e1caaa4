"""What shoppers and banks still wait for in a store."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.order.after_sale.dispute_state import FINAL
from domain.order.after_sale.return_state import ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import OrderStatus
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.scoped import of_store, within

UNSENT = frozenset({OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED})
"""Orders whose shoppers wait for goods or money."""
COMING_BACK = frozenset({ReturnStatus.REQUESTED, ReturnStatus.APPROVED, ReturnStatus.RECEIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """How many things of a store go on."""

    orders: int
    """Paid, and not all sent."""
    disputes: int
    """The bank has not decided."""
    returns: int
    """The merchant has not decided, or owes a refund or a replacement."""
    refunds: int
    """The provider carries them out."""

    @property
    def any(self) -> bool:
        """Whether something goes on."""
        return self.orders + self.disputes + self.returns + self.refunds > 0


def _listed(statuses: Iterable[StrEnum]) -> str:
    """Return constants, since an index of some statuses serves no argument."""
    return ", ".join(f"'{each}'" for each in sorted(statuses))


async def unfinished_in_store(db: Reader, store_id: UUID, *, scope: Scope) -> Unfinished:
    """Return what goes on in a store; nothing for shoppers."""
    where = of_store(scope, "each.store_id", store_id, shoppers=False)
    # Each of them has an index of its own.
    going_on = {
        "orders": f"in ({_listed(UNSENT)})",
        "disputes": f"not in ({_listed(FINAL)})",
        "returns": f"in ({_listed(COMING_BACK)})",
        "refunds": f"= '{RefundStatus.REQUESTED}'",
    }
    counts = ", ".join(
        f"(select count(*) from {table} each where {where.sql} and each.status {condition}) as {table}"
        for table, condition in going_on.items()
    )
    record = await db.fetchrow(f"select {counts}", *where.arguments)
    return Unfinished(**dict(record)) if record is not None else Unfinished(orders=0, disputes=0, returns=0, refunds=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRefund:
    """A refund of which the provider has not said in time how it ended."""

    store_id: UUID
    order_id: UUID
    order_number: str
    intent_id: str
    external_id: str | None
    requested_at: datetime
    is_payment_known: bool
    """Whether the log has the payment that it pays back."""


async def overdue_refunds(db: Reader, before: datetime, *, scope: Scope, limit: int) -> list[OverdueRefund]:
    """Return refunds that began before a time and have no outcome, the oldest first; nothing for shoppers."""
    where = Conditions().add("r.status = 'REQUESTED'").add("r.requested_at < {}", before)
    where = within(scope, where, "r.store_id", shoppers=False)
    records = await db.fetch(
        "select r.store_id, r.order_id, o.number as order_number, r.intent_id, r.external_id, r.requested_at, "
        "(o.intent_id is not distinct from r.intent_id or exists (select from unmatched_payments u "
        "where u.order_id = r.order_id and u.intent_id = r.intent_id)) as is_payment_known "
        f"from refunds r join orders o on o.id = r.order_id where {where.sql} "
        f"order by r.requested_at, r.refund_id limit {int(limit)}",
        *where.arguments,
    )
    return [OverdueRefund(**dict(record)) for record in records]
