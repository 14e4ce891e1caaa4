"""The rows and tables of money that moves after the payment: refunds, disputes, payouts and the ledger."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.ledger.postings import Account, EntryKind
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceStatus
from domain.order.after_sale.state import RefundStatus
from domain.payout.aggregate import PayoutStatus
from projections.engine.tables import Json, Table
from projections.sales.tables.amounts import amount_key


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
    store_id: UUID
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


AMOUNT_KEY = amount_key("amount_minor")
"""What disputes and payouts are sorted by amount with."""
EVIDENCE_DUE_KEY = "coalesce(evidence_due, timestamptz '9999-12-01 00:00:00+00')"
"""What disputes are sorted by: the deadline for evidence. Those without one come last."""


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
    taken_minor: int
    """What the provider took from the merchant and did not give back."""
    fee_minor: int
    """The provider's fees that it did not give back."""
    money_currency: str | None
    """Of both; None as long as no money moved."""
    evidence_status: EvidenceStatus
    evidence_edition: int
    evidence_edits: Json | None
    """Sealed; JSON of the fields that the merchant wrote."""
    evidence: Json | None
    """Sealed; JSON of the fields that were submitted last."""
    evidence_at: datetime | None
    """When evidence was submitted last."""
    evidence_refusal: str | None
    evidence_files: Json
    """The files of the evidence, in the order in which they were added; their names are sealed."""
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


REFUNDED_PAYMENTS = Table(
    "refunded_payments", RefundedPaymentRow, key=("order_id", "intent_id"), hot=("refunded_minor",)
)

REFUNDS = Table(
    "refunds",
    RefundRow,
    key=("order_id", "refund_id"),
    hot=("unsent_items", "external_id", "status", "fee_minor", "failure", "succeeded_at", "failed_at"),
    indexes=(
        "create index on refunds (refund_id)",
        # Those that the provider carries out.
        "create index on refunds (store_id) where status = 'REQUESTED'",
    ),
)

DISPUTES = Table(
    "disputes",
    DisputeRow,
    key=("order_id", "dispute_id"),
    hot=(
        "status",
        "evidence_due",
        "closed_at",
        "taken_minor",
        "fee_minor",
        "money_currency",
        "evidence_status",
        "evidence_edition",
        "evidence_edits",
        "evidence",
        "evidence_at",
        "evidence_refusal",
        "evidence_files",
        "reminded_at",
    ),
    indexes=(
        "create index on disputes (store_id, paid_at, status, order_id)",
        # One index for each order of ``dispute_queries.DISPUTE_ORDERS``.
        "create index on disputes (store_id, opened_at, dispute_id)",
        f"create index on disputes (store_id, ({EVIDENCE_DUE_KEY}), dispute_id)",
        f"create index on disputes (store_id, ({AMOUNT_KEY}), dispute_id)",
        "create index on disputes (dispute_id)",
        # Those that wait for the merchant's answer.
        "create index on disputes (store_id) where status in ('INQUIRY', 'NEEDS_RESPONSE') and evidence_status in ('NOT_SUBMITTED', 'REFUSED')",
        "create index on disputes (evidence_due) where status in ('INQUIRY', 'NEEDS_RESPONSE')",
        # Those that the bank has not decided.
        "create index on disputes (store_id) where status not in ('CLOSED', 'LOST', 'WON')",
    ),
)

PAYOUTS = Table(
    "payouts",
    PayoutRow,
    hot=("status", "reason", "at"),
    indexes=(
        "create index on payouts (merchant_id, at, id)",
        f"create index on payouts (merchant_id, ({AMOUNT_KEY}), id)",
        "create index on payouts (payout_id)",
    ),
)

LEDGER_POSTINGS = Table(
    "ledger_postings",
    LedgerPostingRow,
    key=("stream_id", "version", "line"),
    indexes=(
        "create index on ledger_postings (book, at, stream_id, version, currency)",
        "create index on ledger_postings (book, at) where account = 'FEES_OWED'",
    ),
)

LEDGER_BALANCES = Table(
    "ledger_balances",
    LedgerBalanceRow,
    key=("book", "account", "currency"),
    hot=("minor",),
    indexes=("create index on ledger_balances (book) where account = 'FEES_OWED'",),
)
