"""What can happen to a cart."""

from uuid import UUID

from domain.kernel import DomainEvent


class CartOrdered(DomainEvent, wire_name="cart.cart_ordered.v1"):
    """A shopper ordered what is in a cart. A later one replaces it: a cart has at most one open order.

    What is in a cart is kept in the shopper's browser and nowhere else.
    """

    store_id: UUID
    order_id: UUID
    """The order it became."""
    replaced_order_id: UUID | None = None
    """The unpaid order of the same cart that was cancelled for it; null if there was none."""


CartEvent = CartOrdered
