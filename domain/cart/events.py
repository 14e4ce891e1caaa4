"""Events of a cart."""

from uuid import UUID

from domain.kernel import DomainEvent


class CartOrdered(DomainEvent, wire_name="cart.cart_ordered.v1"):
    """A shopper ordered a cart. A later order of the same cart replaces it: a cart has at most one open order.

    What is in a cart is not in the log before it is ordered.
    """

    store_id: UUID
    order_id: UUID
    """The order of the cart."""
    replaced_order_id: UUID | None = None
    """The unpaid order of the same cart that it replaces; null if it replaces none."""


CartEvent = CartOrdered
