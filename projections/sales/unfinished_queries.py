"""What shoppers and banks still wait for in a store."""

from dataclasses import dataclass
from uuid import UUID

from domain.order.after_sale.dispute_state import FINAL
from domain.order.after_sale.return_state import ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import OrderStatus
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.scoped import of_store

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


async def unfinished_in_store(db: Reader, store_id: UUID, *, scope: Scope) -> Unfinished:
    """Return what goes on in a store; nothing for shoppers."""
    where = of_store(scope, "o.store_id", store_id, shoppers=False)
    first = len(where.arguments)
    record = await db.fetchrow(
        f"with own as (select o.id, o.status from orders o where {where.sql}) "  # noqa: S608 - values are arguments
        f"select (select count(*) from own where status = any(${first + 1})) as orders, "
        f"(select count(*) from disputes d join own on own.id = d.order_id where d.status <> all(${first + 2})) as disputes, "
        f"(select count(*) from returns t join own on own.id = t.order_id where t.status = any(${first + 3})) as returns, "
        f"(select count(*) from refunds f join own on own.id = f.order_id where f.status = ${first + 4}) as refunds",
        *where.arguments,
        sorted(UNSENT),
        sorted(FINAL),
        sorted(COMING_BACK),
        RefundStatus.REQUESTED,
    )
    return Unfinished(**dict(record)) if record is not None else Unfinished(orders=0, disputes=0, returns=0, refunds=0)
