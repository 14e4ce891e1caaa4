"""Events of buying an order's goods: the supplier is asked again, the order is held or bought."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.merchant.events import SupplierProvider
from domain.money import Money


class HoldReason(StrEnum):
    """Why an order is held."""

    LOSS = "LOSS"
    """The goods cost more than the shopper's payment leaves."""
    UNAVAILABLE = "UNAVAILABLE"
    """The supplier does not have the goods, or too few of them."""
    UNREACHABLE = "UNREACHABLE"
    """The supplier did not answer, so cost and stock are unknown."""
    UNCLEAR = "UNCLEAR"
    """The supplier asks for another currency, so cost and payment cannot be compared."""


class HoldDecision(StrEnum):
    """How a merchant goes on with a held order."""

    BUY_ANYWAY = "BUY_ANYWAY"
    SUBSTITUTE = "SUBSTITUTE"
    """Other goods are sent at the merchant's cost."""
    REFUND = "REFUND"


class SourcedLine(Value):
    """What the goods to send for a line cost now: its own, or those that substitute them. Costs are of one piece."""

    variant_id: UUID
    """The line's."""
    quantity: int
    cost: Money | None
    """What the supplier asks; null if it has no such thing."""
    freight: Money | None
    duty: Money | None
    stock: int | None
    """How many the supplier has; null for goods of the merchant's own."""


class SourcingChecked(DomainEvent, wire_name="order.sourcing_checked.v1"):
    """The supplier was asked again after the payment: the goods can be had, and the order loses no money.

    An order with substitutes loses no more than their extra cost, which the merchant agreed to.
    """

    lines: list[SourcedLine]
    cost: Money
    """Goods, freight and duty of all lines."""
    income: Money
    """What the payment leaves for them: goods less discount, delivery, less the platform's fee and refunds, without tax."""


class OrderHeld(DomainEvent, wire_name="order.order_held.v1"):
    """The order is not bought until the merchant decides."""

    reason: HoldReason
    message: str
    """For the merchant."""
    lines: list[SourcedLine]
    """Empty if the supplier did not answer."""
    loss: Money | None
    """By how much the cost exceeds the income; null for every other reason."""


class SourcingCheckRequested(DomainEvent, wire_name="order.sourcing_check_requested.v1"):
    """The supplier is to be asked once more: the merchant wants it, or other goods are sent."""


class LineSubstituted(DomainEvent, wire_name="order.line_substituted.v1"):
    """Other goods are sent for a line. The shopper pays nothing more and gets nothing back."""

    variant_id: UUID
    """The line's."""
    quantity: int
    product_id: UUID
    """Of the goods that are sent."""
    substitute_id: UUID
    """Their variant."""
    title: str
    variant_title: str
    extra_cost: Money
    """How much more their price is than the line's, for all pieces; negative if it is less. The merchant bears it."""


class OrderReleased(DomainEvent, wire_name="order.order_released.v1"):
    """The merchant decided about a held order."""

    decision: HoldDecision


class SupplierOrderLine(Value):
    """Pieces to buy at a supplier."""

    source_id: str
    """The supplier's id of the listing."""
    sku: str | None
    variant_title: str
    quantity: int
    price_limit: Money | None = None
    """The most that one piece may cost with freight: what the supplier said when it was asked, or a substitute's price in the
    store. Null if neither is known in the supplier's currency."""


class SupplierOrderRequested(DomainEvent, wire_name="order.supplier_order_requested.v1"):
    """The goods are to be bought at a supplier, by the store's setting or by the merchant's hand."""

    provider: SupplierProvider
    lines: list[SupplierOrderLine]
    idempotency_key: str
    """The supplier takes one order for it, however often it is asked. A new one only after the supplier refused the last."""
    attempt: int
    """1 for the first."""


class SupplierOrderPlaced(DomainEvent, wire_name="order.supplier_order_placed.v1"):
    """The supplier took the order."""

    provider: SupplierProvider
    external_id: str
    """The supplier's id of it."""
    surplus: int = 0
    """Pieces more than were left to send: an earlier attempt, of which the answer was lost, ordered them."""


class SupplierOrderFailed(DomainEvent, wire_name="order.supplier_order_failed.v1"):
    """The supplier did not take the order. The merchant can try again, or decide otherwise."""

    provider: SupplierProvider
    reason: str
    """In the supplier's words."""
    attempt: int
    refused: bool = False
    """Whether the supplier has no order for the key. False if it may have taken one, and in older events."""


SourcingEvent = (
    SourcingChecked
    | OrderHeld
    | SourcingCheckRequested
    | LineSubstituted
    | OrderReleased
    | SupplierOrderRequested
    | SupplierOrderPlaced
    | SupplierOrderFailed
)
