"""The sales read model: orders, their lines, what is missing from them, and payments and webhooks that fit no order.

What it tells and how to ask is in ``sales_queries``. Shoppers' names and addresses stay sealed in it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.inbox.events import WebhookRejected
from domain.money import within_range
from domain.order.events import (
    OrderCancelled,
    OrderFulfilled,
    OrderPaid,
    OrderPlaced,
    OrderStatus,
    PaymentFailed,
    PaymentSessionOpened,
    PaymentUnmatched,
    ShipmentCorrected,
    UnmatchedReason,
)
from domain.product.events import StockShort
from domain.store.events import StoreRequested
from projections.engine.tables import Folds, Json, ReadModel, Table, as_json


@dataclass(slots=True)
class OrderRow:
    """An order."""

    id: UUID
    store_id: UUID
    number: str
    status: OrderStatus
    currency: str
    subtotal_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    items: int
    shopper_id: UUID
    shopper_name: Json
    shopper_email: Json
    shipping_address: Json
    provider: str | None
    session_id: str | None
    intent_id: str | None
    paid_minor: int | None
    platform_fee_minor: int | None
    payment_failure: str | None
    cancel_reason: str | None
    carrier: str | None
    tracking_number: str | None
    placed_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    updated_at: datetime


@dataclass(slots=True)
class OrderLineRow:
    """A line of an order, as it was ordered."""

    order_id: UUID
    position: int
    product_id: UUID
    variant_id: UUID
    title: str
    variant_title: str
    quantity: int
    unit_price_minor: int
    currency: str


@dataclass(slots=True)
class UnmatchedPaymentRow:
    """A payment that pays nothing."""

    order_id: UUID
    intent_id: str
    amount_minor: int
    currency: str
    reason: UnmatchedReason
    at: datetime


@dataclass(slots=True)
class RejectedWebhookRow:
    """A provider's webhook that cannot be used."""

    id: UUID
    store_id: UUID
    source: str
    external_id: str
    type: str
    order_id: UUID | None
    reason: str
    at: datetime


@dataclass(slots=True)
class ShortfallRow:
    """What is missing from a paid order."""

    order_id: UUID
    variant_id: UUID
    product_id: UUID
    missing: int
    at: datetime


@dataclass(slots=True)
class StoreOwnerRow:
    """Whose a store is: orders do not say."""

    store_id: UUID
    merchant_id: UUID


ORDERS = Table(
    "orders",
    OrderRow,
    hot=(
        "status",
        "provider",
        "session_id",
        "intent_id",
        "paid_minor",
        "platform_fee_minor",
        "payment_failure",
        "cancel_reason",
        "carrier",
        "tracking_number",
        "paid_at",
        "fulfilled_at",
        "cancelled_at",
        "updated_at",
    ),
    indexes=(
        "create index on orders (store_id, placed_at, id)",
        "create index on orders (store_id, number)",
        "create index on orders (placed_at) where status = 'PENDING'",
    ),
)
ORDER_LINES = Table("order_lines", OrderLineRow, key=("order_id", "position"))
UNMATCHED_PAYMENTS = Table("unmatched_payments", UnmatchedPaymentRow, key=("order_id", "intent_id"))
REJECTED_WEBHOOKS = Table(
    "rejected_webhooks",
    RejectedWebhookRow,
    indexes=("create index on rejected_webhooks (store_id, at, id)",),
)
SHORTFALLS = Table("shortfalls", ShortfallRow, key=("order_id", "variant_id"))
STORE_OWNERS = Table(
    "store_owners",
    StoreOwnerRow,
    key=("store_id",),
    indexes=("create index on store_owners (merchant_id)",),
)


@dataclass(slots=True)
class SalesRows:
    """The rows a batch touches, by table and key."""

    orders: dict[UUID, OrderRow] = field(default_factory=dict)
    order_lines: dict[tuple[UUID, int], OrderLineRow] = field(default_factory=dict)
    unmatched_payments: dict[tuple[UUID, str], UnmatchedPaymentRow] = field(default_factory=dict)
    rejected_webhooks: dict[UUID, RejectedWebhookRow] = field(default_factory=dict)
    shortfalls: dict[tuple[UUID, UUID], ShortfallRow] = field(default_factory=dict)
    store_owners: dict[UUID, StoreOwnerRow] = field(default_factory=dict)


FOLDS: Folds[SalesRows] = Folds()


@FOLDS.on(StoreRequested)
def store_requested(rows: SalesRows, event: StoreRequested, _: UUID) -> None:
    rows.store_owners[event.originator_id] = StoreOwnerRow(event.originator_id, event.merchant_id)


@FOLDS.on(OrderPlaced)
def order_placed(rows: SalesRows, event: OrderPlaced, _: UUID) -> None:
    id = event.originator_id
    rows.orders[id] = OrderRow(
        id=id,
        store_id=event.store_id,
        number=event.number,
        status=OrderStatus.PENDING,
        currency=event.total.currency,
        subtotal_minor=event.subtotal.minor,
        shipping_minor=event.shipping.minor,
        tax_minor=event.tax.minor,
        total_minor=event.total.minor,
        items=sum(line.quantity for line in event.lines),
        shopper_id=event.shopper_id,
        shopper_name=as_json(event.shopper_name),
        shopper_email=as_json(event.shopper_email),
        shipping_address=as_json(event.shipping_address),
        provider=None,
        session_id=None,
        intent_id=None,
        paid_minor=None,
        platform_fee_minor=None,
        payment_failure=None,
        cancel_reason=None,
        carrier=None,
        tracking_number=None,
        placed_at=event.occurred_at,
        paid_at=None,
        fulfilled_at=None,
        cancelled_at=None,
        updated_at=event.occurred_at,
    )
    for position, line in enumerate(event.lines):
        rows.order_lines[id, position] = OrderLineRow(
            order_id=id,
            position=position,
            product_id=line.product_id,
            variant_id=line.variant_id,
            title=line.title,
            variant_title=line.variant_title,
            quantity=line.quantity,
            unit_price_minor=line.unit_price.minor,
            currency=line.unit_price.currency,
        )


@FOLDS.on(PaymentSessionOpened, orders="originator_id")
def payment_session_opened(rows: SalesRows, event: PaymentSessionOpened, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.provider, order.session_id, order.updated_at = event.provider, event.session_id, event.occurred_at


@FOLDS.on(OrderPaid, orders="originator_id")
def order_paid(rows: SalesRows, event: OrderPaid, _: UUID) -> None:
    order, at = rows.orders[event.originator_id], event.occurred_at
    order.status, order.intent_id, order.payment_failure = OrderStatus.PAID, event.intent_id, None
    order.paid_minor = within_range(event.amount.minor)
    order.platform_fee_minor = within_range(event.platform_fee.minor)
    order.paid_at = order.updated_at = at


@FOLDS.on(PaymentFailed, orders="originator_id")
def payment_failed(rows: SalesRows, event: PaymentFailed, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.payment_failure, order.updated_at = event.reason, event.occurred_at


@FOLDS.on(PaymentUnmatched, orders="originator_id")
def payment_unmatched(rows: SalesRows, event: PaymentUnmatched, _: UUID) -> None:
    rows.orders[event.originator_id].updated_at = event.occurred_at
    rows.unmatched_payments[event.originator_id, event.intent_id] = UnmatchedPaymentRow(
        order_id=event.originator_id,
        intent_id=event.intent_id,
        amount_minor=within_range(event.amount.minor),
        currency=event.amount.currency,
        reason=event.reason,
        at=event.occurred_at,
    )


@FOLDS.on(StockShort)
def stock_short(rows: SalesRows, event: StockShort, _: UUID) -> None:
    if event.order_id is not None:
        rows.shortfalls[event.order_id, event.variant_id] = ShortfallRow(
            order_id=event.order_id,
            variant_id=event.variant_id,
            product_id=event.originator_id,
            missing=event.missing,
            at=event.occurred_at,
        )


@FOLDS.on(OrderCancelled, orders="originator_id")
def order_cancelled(rows: SalesRows, event: OrderCancelled, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.status, order.cancel_reason = OrderStatus.CANCELLED, event.reason
    order.cancelled_at = order.updated_at = event.occurred_at


@FOLDS.on(OrderFulfilled, orders="originator_id")
def order_fulfilled(rows: SalesRows, event: OrderFulfilled, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.status, order.carrier, order.tracking_number = OrderStatus.FULFILLED, event.carrier, event.tracking_number
    order.fulfilled_at = order.updated_at = event.occurred_at


@FOLDS.on(ShipmentCorrected, orders="originator_id")
def shipment_corrected(rows: SalesRows, event: ShipmentCorrected, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.carrier, order.tracking_number, order.updated_at = event.carrier, event.tracking_number, event.occurred_at


@FOLDS.on(WebhookRejected)
def webhook_rejected(rows: SalesRows, event: WebhookRejected, _: UUID) -> None:
    rows.rejected_webhooks[event.originator_id] = RejectedWebhookRow(
        id=event.originator_id,
        store_id=event.store_id,
        source=event.source,
        external_id=event.external_id,
        type=event.type,
        order_id=event.order_id,
        reason=event.reason,
        at=event.occurred_at,
    )


MODEL = ReadModel(
    "sales",
    3,
    SalesRows,
    (ORDERS, ORDER_LINES, UNMATCHED_PAYMENTS, REJECTED_WEBHOOKS, SHORTFALLS, STORE_OWNERS),
    (FOLDS,),
)
"""The read model."""
