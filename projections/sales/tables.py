"""The rows and tables of the sales read model."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from domain.ledger.postings import Account, EntryKind
from domain.mail.events import MailKind
from domain.merchant.events import SupplierProvider
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceStatus
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import (
    OrderStatus,
    UnmatchedReason,
)
from domain.payout.aggregate import PayoutStatus
from domain.stock_notice.aggregate import StockNoticeStatus
from projections.engine.tables import Json, Table


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
    counts: Json
    """A tally by status, and in each by ``WITHDRAWN`` or ``KEPT``."""


WITHDRAWN, KEPT = "withdrawn", "kept"
"""Labels of orders with a withdrawal, and of those without."""


@dataclass(slots=True)
class PaidDayRow:
    """How many of a store's orders were paid on a day."""

    store_id: UUID
    day: date
    """In UTC."""
    orders: int


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
class RefundedPaymentRow:
    """How much of a payment of an order went back. A refund can be known before its payment."""

    order_id: UUID
    intent_id: str
    refunded_minor: int


@dataclass(slots=True)
class RefundRow:
    """A refund of a payment of an order."""

    order_id: UUID
    refund_id: UUID
    intent_id: str
    external_id: str | None
    amount_minor: int
    fee_minor: int
    currency: str
    status: RefundStatus
    lines: Json
    unsent_items: int
    shipping_minor: int
    reason: str
    failure: str | None
    requested_here: bool
    requested_at: datetime
    succeeded_at: datetime | None
    failed_at: datetime | None


@dataclass(slots=True)
class ParcelRow:
    """A parcel of an order."""

    order_id: UUID
    number: int
    lines: Json | None
    carrier: str | None
    tracking_number: str | None
    shipped_at: datetime


@dataclass(slots=True)
class DisputeRow:
    """A dispute about a payment of an order."""

    order_id: UUID
    dispute_id: str
    store_id: UUID
    intent_id: str
    amount_minor: int
    currency: str
    reason: str
    status: DisputeStatus
    evidence_due: datetime | None
    paid_at: datetime | None
    """When the order was paid; None if the payment paid for no order."""
    opened_at: datetime
    closed_at: datetime | None
    evidence_status: EvidenceStatus
    evidence_edition: int
    evidence_edits: Json | None
    """Sealed; JSON of the fields that the merchant wrote."""
    evidence: Json | None
    """Sealed; JSON of the fields that were submitted last."""
    evidence_at: datetime | None
    """When evidence was submitted last."""
    evidence_refusal: str | None
    reminded_at: datetime | None


@dataclass(slots=True)
class PayoutRow:
    """A payout to a merchant's bank."""

    id: UUID
    merchant_id: UUID
    payout_id: str
    amount_minor: int
    currency: str
    status: PayoutStatus
    arrival_on: date | None
    reason: str | None
    at: datetime


@dataclass(slots=True)
class LedgerPostingRow:
    """A posting of the entry that an event leads to."""

    stream_id: UUID
    version: int
    line: int
    book: UUID
    kind: EntryKind
    reference: str
    account: Account
    minor: int
    currency: str
    at: datetime


@dataclass(slots=True)
class LedgerBalanceRow:
    """The sum of an account's postings, so that no query sums them."""

    book: UUID
    account: Account
    currency: str
    minor: int


@dataclass(slots=True)
class WithdrawalRow:
    """A consumer's withdrawal from an order."""

    order_id: UUID
    number: int
    lines: Json
    name: Json
    email: Json
    deadline: date | None
    is_late: bool
    at: datetime


@dataclass(slots=True)
class ReturnRow:
    """Goods of an order that come back, by the store's policy or by a withdrawal."""

    order_id: UUID
    number: int
    kind: ReturnKind
    withdrawal_number: int | None
    status: ReturnStatus
    lines: Json
    reason: str
    note: Json | None
    deadline: date | None
    is_late: bool
    instructions: str
    address: Json | None
    decline_reason: str | None
    received: Json | None
    refund_id: UUID | None
    carrier: str | None
    tracking_number: str | None
    requested_at: datetime
    decided_at: datetime | None
    received_at: datetime | None
    replaced_at: datetime | None


@dataclass(slots=True)
class SubstituteRow:
    """Other goods that are sent for a line of an order."""

    order_id: UUID
    number: int
    variant_id: UUID
    quantity: int
    product_id: UUID
    substitute_id: UUID
    title: str
    variant_title: str
    extra_cost: Json


@dataclass(slots=True)
class SupplierOrderRow:
    """An order at a supplier."""

    order_id: UUID
    provider: SupplierProvider
    status: SupplierOrderStatus
    attempt: int
    external_id: str | None
    failure: str | None
    requested_at: datetime
    answered_at: datetime | None


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
class DiscountRow:
    """A discount code of a store, with its uses."""

    id: UUID
    store_id: UUID
    code: str
    terms: Json
    paused: bool
    reserved: int
    used: int
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class StockNoticeRow:
    """A shopper's request for a mail when a variant is back."""

    id: UUID
    store_id: UUID
    product_id: UUID
    variant_id: UUID
    shopper_id: UUID
    email: Json
    status: StockNoticeStatus
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class StoreOwnerRow:
    """The owner of a store, which order events do not name."""

    store_id: UUID
    merchant_id: UUID


ORDERS = Table(
    "orders",
    OrderRow,
    hot=(
        "items",
        "status",
        "provider",
        "session_id",
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
        "fulfilled_at",
        "paid_at",
        "cancelled_at",
        "delivered_on",
        "withdrawn_at",
        "updated_at",
    ),
    indexes=(
        "create index on orders (store_id, placed_at, id)",
        "create index on orders (store_id, status, placed_at, id)",
        "create index on orders (store_id, number)",
        "create index on orders (store_id, placed_at, id) where withdrawn_at is not null",
        "create index on orders (placed_at) where status = 'PENDING'",
        "create index on orders (store_id, placed_at, id) where attention",
    ),
)

ORDER_COUNTS = Table("order_counts", OrderCountsRow, key=("store_id",), hot=("counts",))

PAID_DAYS = Table("paid_days", PaidDayRow, key=("store_id", "day"), hot=("orders",))

ORDER_LINES = Table("order_lines", OrderLineRow, key=("order_id", "position"))

UNMATCHED_PAYMENTS = Table("unmatched_payments", UnmatchedPaymentRow, key=("order_id", "intent_id"))

REFUNDED_PAYMENTS = Table(
    "refunded_payments", RefundedPaymentRow, key=("order_id", "intent_id"), hot=("refunded_minor",)
)

REFUNDS = Table(
    "refunds",
    RefundRow,
    key=("order_id", "refund_id"),
    hot=("unsent_items", "external_id", "status", "fee_minor", "failure", "succeeded_at", "failed_at"),
)

PARCELS = Table("parcels", ParcelRow, key=("order_id", "number"), hot=("carrier", "tracking_number"))

DISPUTES = Table(
    "disputes",
    DisputeRow,
    key=("order_id", "dispute_id"),
    hot=(
        "status",
        "evidence_due",
        "closed_at",
        "evidence_status",
        "evidence_edition",
        "evidence_edits",
        "evidence",
        "evidence_at",
        "evidence_refusal",
        "reminded_at",
    ),
    indexes=(
        "create index on disputes (store_id, paid_at, status, order_id)",
        "create index on disputes (store_id, opened_at)",
        "create index on disputes (evidence_due) where status in ('INQUIRY', 'NEEDS_RESPONSE')",
    ),
)

PAYOUTS = Table(
    "payouts",
    PayoutRow,
    hot=("status", "reason", "at"),
    indexes=("create index on payouts (merchant_id, at, id)",),
)

LEDGER_POSTINGS = Table(
    "ledger_postings",
    LedgerPostingRow,
    key=("stream_id", "version", "line"),
    indexes=("create index on ledger_postings (book, at, stream_id, version, currency)",),
)

LEDGER_BALANCES = Table("ledger_balances", LedgerBalanceRow, key=("book", "account", "currency"), hot=("minor",))

WITHDRAWALS = Table("withdrawals", WithdrawalRow, key=("order_id", "number"))

RETURNS = Table(
    "returns",
    ReturnRow,
    key=("order_id", "number"),
    hot=(
        "status",
        "instructions",
        "address",
        "decline_reason",
        "received",
        "refund_id",
        "carrier",
        "tracking_number",
        "decided_at",
        "received_at",
        "replaced_at",
    ),
)

SUBSTITUTES = Table("substitutes", SubstituteRow, key=("order_id", "number"))

SUPPLIER_ORDERS = Table(
    "supplier_orders",
    SupplierOrderRow,
    key=("order_id", "provider"),
    hot=("status", "attempt", "external_id", "failure", "answered_at"),
)

ORDER_MAILS = Table("order_mails", OrderMailRow, indexes=("create index on order_mails (order_id)",))

REJECTED_WEBHOOKS = Table(
    "rejected_webhooks",
    RejectedWebhookRow,
    indexes=("create index on rejected_webhooks (store_id, at, id)",),
)

SHORTFALLS = Table("shortfalls", ShortfallRow, key=("order_id", "variant_id"))

DISCOUNTS = Table(
    "discounts",
    DiscountRow,
    hot=("paused", "reserved", "used", "updated_at"),
    indexes=("create index on discounts (store_id, created_at, id)",),
)

STOCK_NOTICES = Table(
    "stock_notices",
    StockNoticeRow,
    hot=("status", "updated_at"),
    indexes=(
        "create index on stock_notices (variant_id, created_at, id) where status = 'CONFIRMED'",
        "create index on stock_notices (product_id) where status = 'CONFIRMED'",
        "create index on stock_notices (store_id, created_at, id) where status <> 'ENDED'",
        "create index on stock_notices (updated_at, id) where status <> 'ENDED'",
    ),
)

STORE_OWNERS = Table(
    "store_owners",
    StoreOwnerRow,
    key=("store_id",),
    indexes=("create index on store_owners (merchant_id)",),
)


@dataclass(slots=True)
class SalesRows:
    """The rows that a batch touches, by table and key."""

    orders: dict[UUID, OrderRow] = field(default_factory=dict)
    order_counts: dict[UUID, OrderCountsRow] = field(default_factory=dict)
    paid_days: dict[tuple[UUID, date], PaidDayRow] = field(default_factory=dict)
    order_lines: dict[tuple[UUID, int], OrderLineRow] = field(default_factory=dict)
    unmatched_payments: dict[tuple[UUID, str], UnmatchedPaymentRow] = field(default_factory=dict)
    refunded_payments: dict[tuple[UUID, str], RefundedPaymentRow] = field(default_factory=dict)
    refunds: dict[tuple[UUID, UUID], RefundRow] = field(default_factory=dict)
    parcels: dict[tuple[UUID, int], ParcelRow] = field(default_factory=dict)
    disputes: dict[tuple[UUID, str], DisputeRow] = field(default_factory=dict)
    payouts: dict[UUID, PayoutRow] = field(default_factory=dict)
    ledger_postings: dict[tuple[UUID, int, int], LedgerPostingRow] = field(default_factory=dict)
    ledger_balances: dict[tuple[UUID, Account, str], LedgerBalanceRow] = field(default_factory=dict)
    withdrawals: dict[tuple[UUID, int], WithdrawalRow] = field(default_factory=dict)
    returns: dict[tuple[UUID, int], ReturnRow] = field(default_factory=dict)
    substitutes: dict[tuple[UUID, int], SubstituteRow] = field(default_factory=dict)
    supplier_orders: dict[tuple[UUID, str], SupplierOrderRow] = field(default_factory=dict)
    order_mails: dict[UUID, OrderMailRow] = field(default_factory=dict)
    rejected_webhooks: dict[UUID, RejectedWebhookRow] = field(default_factory=dict)
    shortfalls: dict[tuple[UUID, UUID], ShortfallRow] = field(default_factory=dict)
    discounts: dict[UUID, DiscountRow] = field(default_factory=dict)
    stock_notices: dict[UUID, StockNoticeRow] = field(default_factory=dict)
    store_owners: dict[UUID, StoreOwnerRow] = field(default_factory=dict)


TABLES = (
    ORDERS,
    ORDER_COUNTS,
    PAID_DAYS,
    ORDER_LINES,
    UNMATCHED_PAYMENTS,
    REFUNDED_PAYMENTS,
    REFUNDS,
    PARCELS,
    DISPUTES,
    PAYOUTS,
    LEDGER_POSTINGS,
    LEDGER_BALANCES,
    WITHDRAWALS,
    RETURNS,
    SUBSTITUTES,
    SUPPLIER_ORDERS,
    ORDER_MAILS,
    REJECTED_WEBHOOKS,
    SHORTFALLS,
    DISCOUNTS,
    STOCK_NOTICES,
    STORE_OWNERS,
)
