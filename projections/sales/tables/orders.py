"""The rows and tables of orders and their payments."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.mail.events import MailKind
from domain.order.events import OrderStatus, UnmatchedReason
from projections.engine.tables import Json, Table
from projections.engine.tally import Tally
from projections.sales.tables.amounts import amount_key


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
    """Tax in addition to goods and delivery."""
    taxes: Json | None
    total_minor: int
    items: int
    shopper_id: UUID
    shopper_name: Json
    shopper_email: Json
    shipping_address: Json
    provider: str | None
    session_id: str | None
    page_account_id: str | None
    """The merchant's account that the payment page pays into."""
    intent_id: str | None
    paid_minor: int | None
    platform_fee_minor: int | None
    refunded_minor: int
    refund_count: int
    payment_failure: str | None
    cancel_reason: str | None
    carrier: str | None
    tracking_number: str | None
    shipped_items: int
    unsent_items: int
    parcel_count: int
    dispute_count: int
    return_count: int
    returns_to_decide: int
    hold: Json | None
    sourcing: Json | None
    substitute_count: int
    supplier_order_count: int
    failed_supplier_orders: int
    attention: bool
    to_ship: bool
    """Whether the shop sends it, or the rest of it: unlike the status, it counts what the shopper gave back."""
    refund_owed_since: datetime | None
    """Since when it owes the shopper money that no refund names; None if it owes none."""
    given_back: Json | None
    """What of returns and refunds decides how the order stands; None while there are none."""
    return_days: int | None
    store_name: str | None
    arrival: Json | None
    pages: Json
    shipping_zone: str | None
    discount: Json | None
    placed_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    delivered_on: date | None
    withdrawn_at: datetime | None
    updated_at: datetime


@dataclass(slots=True)
class OrderCountsRow:
    """How many orders a store has, so that no query counts them."""

    store_id: UUID
    counts: Tally
    """By status, and in each by one of the labels below."""


WITHDRAWN, KEPT = "withdrawn", "kept"
"""Labels of orders with a withdrawal, and of those without, that the shop does not send."""
WITHDRAWN_TO_SHIP, KEPT_TO_SHIP = "withdrawn-to-ship", "kept-to-ship"
"""Labels of those that the shop sends."""
TO_SHIP = frozenset({KEPT_TO_SHIP, WITHDRAWN_TO_SHIP})


@dataclass(slots=True)
class PaidDayRow:
    """How many of a store's orders were paid on a day."""

    store_id: UUID
    day: date
    """In UTC."""
    orders: int


QUARTER, BLOCK = 15, 180
"""Minutes of the periods by which sales are kept."""


@dataclass(slots=True)
class SalesPeriodRow:
    """What a store sold in a quarter of an hour, or in three hours, so that no query adds up orders."""

    store_id: UUID
    minutes: int
    """The length of the period."""
    begins_at: datetime
    currency: str
    placed: int
    """Orders placed."""
    placed_and_paid: int
    """Of them, those that were paid, then or later."""
    paid: int
    """Payments of orders."""
    revenue_minor: int
    refunds_minor: int
    platform_fees_minor: int


@dataclass(slots=True)
class OrderLineRow:
    """A line of an order, as the shopper ordered it."""

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
    """A payment that matches no open order."""

    order_id: UUID
    intent_id: str
    amount_minor: int
    currency: str
    reason: UnmatchedReason
    at: datetime


@dataclass(slots=True)
class OrderMailRow:
    """A mail about an order, with its outcome."""

    id: UUID
    order_id: UUID
    kind: MailKind
    refusal: str | None
    at: datetime


@dataclass(slots=True)
class RejectedWebhookRow:
    """A payment provider's webhook that was rejected."""

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
    """Pieces that are missing from a paid order."""

    order_id: UUID
    variant_id: UUID
    product_id: UUID
    missing: int
    at: datetime


@dataclass(slots=True)
class StoreOwnerRow:
    """The owner of a store, which order events do not name."""

    store_id: UUID
    merchant_id: UUID


TOTAL_KEY = amount_key("total_minor")
"""What orders are sorted by total with."""

ORDERS = Table(
    "orders",
    OrderRow,
    hot=(
        "items",
        "status",
        "provider",
        "session_id",
        "page_account_id",
        "intent_id",
        "paid_minor",
        "platform_fee_minor",
        "tax_minor",
        "total_minor",
        "taxes",
        "refunded_minor",
        "refund_count",
        "payment_failure",
        "cancel_reason",
        "carrier",
        "tracking_number",
        "shipped_items",
        "unsent_items",
        "parcel_count",
        "dispute_count",
        "return_count",
        "returns_to_decide",
        "hold",
        "sourcing",
        "substitute_count",
        "supplier_order_count",
        "failed_supplier_orders",
        "attention",
        "to_ship",
        "refund_owed_since",
        "given_back",
        "fulfilled_at",
        "paid_at",
        "cancelled_at",
        "delivered_on",
        "withdrawn_at",
        "updated_at",
        # These do not change; a payment counts in the period in which its order was placed.
        "placed_at",
        "currency",
    ),
    indexes=(
        "create index on orders (store_id, placed_at, id)",
        "create index on orders (store_id, status, placed_at, id)",
        "create index on orders (store_id, number)",
        "create index on orders (shopper_id)",
        "create index on orders (store_id, placed_at, id) where withdrawn_at is not null",
        f"create index on orders (store_id, ({TOTAL_KEY}), id)",
        f"create index on orders (store_id, status, ({TOTAL_KEY}), id)",
        f"create index on orders (store_id, ({TOTAL_KEY}), id) where withdrawn_at is not null",
        "create index on orders (placed_at) where status = 'PENDING'",
        "create index on orders (store_id, placed_at, id) where attention",
        "create index on orders (store_id, placed_at, id) where to_ship",
        "create index on orders (store_id, placed_at, id) where refund_owed_since is not null",
    ),
)

ORDER_COUNTS = Table("order_counts", OrderCountsRow, key=("store_id",), hot=("counts",))

PAID_DAYS = Table("paid_days", PaidDayRow, key=("store_id", "day"), hot=("orders",))

_PERIOD_SUMS = ("placed", "placed_and_paid", "paid", "revenue_minor", "refunds_minor", "platform_fees_minor")
SALES_PERIODS = Table(
    "sales_periods",
    SalesPeriodRow,
    key=("store_id", "minutes", "begins_at", "currency"),
    hot=_PERIOD_SUMS,
    indexes=(
        # With all sums: a store's periods are written between those of other stores, so each is in another page.
        f"create index on sales_periods (store_id, minutes, begins_at, currency) include ({', '.join(_PERIOD_SUMS)})",
    ),
)

ORDER_LINES = Table("order_lines", OrderLineRow, key=("order_id", "position"))

UNMATCHED_PAYMENTS = Table("unmatched_payments", UnmatchedPaymentRow, key=("order_id", "intent_id"))

ORDER_MAILS = Table("order_mails", OrderMailRow, indexes=("create index on order_mails (order_id)",))

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
