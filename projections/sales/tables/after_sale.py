"""The rows and tables of what follows a paid order: parcels, returns, and orders at suppliers."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from projections.engine.tables import Json, Table


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
    store_id: UUID
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
    surplus: int
    failure: str | None
    requested_at: datetime
    answered_at: datetime | None


PARCELS = Table("parcels", ParcelRow, key=("order_id", "number"), hot=("carrier", "tracking_number"))

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
    # Those that the merchant has not settled.
    indexes=("create index on returns (store_id) where status in ('APPROVED', 'RECEIVED', 'REQUESTED')",),
)

SUBSTITUTES = Table("substitutes", SubstituteRow, key=("order_id", "number"))

SUPPLIER_ORDERS = Table(
    "supplier_orders",
    SupplierOrderRow,
    key=("order_id", "provider"),
    hot=("status", "attempt", "external_id", "surplus", "failure", "answered_at"),
)
