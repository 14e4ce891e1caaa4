"""The order a shopper placed last and has not paid: it keeps stock, so they must find it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.money import Money
from storefront.checkout.place_order import is_open
from storefront.ports import StorefrontQueries
from storefront.visit.visit import Visit


@dataclass(frozen=True, slots=True)
class UnpaidOrder:
    """A shopper's own order that waits for its payment."""

    number: str
    total: Money
    link: str
    """The part of an address by which only its shopper can ask for it."""
    kept: Mapping[UUID, int]
    """How many of which variant it keeps for them; ordering the same cart again gives that back first."""


async def unpaid_order(visit: Visit, queries: StorefrontQueries) -> UnpaidOrder | None:
    """Return the order this browser placed last, if it still waits for its payment."""
    last = visit.last_order
    order = None if last is None else await queries.order(visit.store.id, last.order_id)
    if last is None or order is None or not is_open(order):
        return None
    return UnpaidOrder(
        number=order.number,
        total=order.total,
        link=visit.order_links.to(order.id),
        kept={line.variant_id: line.quantity for line in order.lines} if last.is_of(visit.cart) else {},
    )
