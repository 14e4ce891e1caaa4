"""The unpaid order that a browser placed last. It reserves stock, so cart and checkout point to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.money import Money
from storefront.checkout.place_order import is_open
from storefront.ports import StorefrontQueries
from storefront.visit.visit import Visit


@dataclass(frozen=True, slots=True)
class UnpaidOrder:
    """A shopper's order that waits for its payment."""

    number: str
    total: Money
    adds_taxes: bool
    """Whether the payment provider adds taxes to the total."""
    pay_by: datetime
    """When its reservation ends."""
    link: str
    """The order link; see ``storefront.visit.order_links``."""
    reserved: Mapping[UUID, int]
    """Reserved quantity by variant; ordering the same cart again releases it first."""


async def unpaid_order(visit: Visit, queries: StorefrontQueries) -> UnpaidOrder | None:
    """Return the order that this browser placed last; None if it does not wait for its payment."""
    last = visit.last_order
    order = None if last is None else await queries.order(visit.store.id, last.order_id)
    if last is None or order is None or not is_open(order):
        return None
    return UnpaidOrder(
        number=order.number,
        total=order.total,
        adds_taxes=order.taxes is not None and order.taxes.is_added,
        pay_by=order.pay_by,
        link=visit.order_links.to(order.id, at=order.placed_at),
        reserved={line.variant_id: line.quantity for line in order.lines} if last.is_of(visit.cart) else {},
    )
