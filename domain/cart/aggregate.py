"""The cart aggregate: a cart has at most one open order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.cart.events import CartEvent, CartOrdered
from domain.kernel import CorruptStream, StreamKind, header_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """A cart that was ordered."""

    id: UUID
    version: int
    store_id: UUID
    order_id: UUID
    """The latest order of the cart."""


def order_cart(
    cart: Cart | None, cart_id: UUID, *, store_id: UUID, order_id: UUID, replaced: UUID | None, at: datetime
) -> Sequence[CartEvent]:
    """Record the order of a cart; the caller has cancelled the unpaid order that it replaces."""
    return (
        CartOrdered(
            **header_after(cart, cart_id, at),
            store_id=store_id,
            order_id=order_id,
            replaced_order_id=replaced,
        ),
    )


def evolve(cart: Cart | None, event: CartEvent) -> Cart:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match cart, event:
        case _, CartOrdered():
            return Cart(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                order_id=event.order_id,
            )
        case _:
            raise CorruptStream(event)


CART = StreamKind("cart", Cart, evolve)
