"""What happened to an order after the sale: refunds, parcels, returns, withdrawals, orders at suppliers."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.events import Pieces, RefundedPieces
from domain.order.after_sale.return_events import ReceivedPieces, ReturnedPieces
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus, stands
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import WithdrawnLine
from domain.order.owed_refund import owed_since
from domain.privacy import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """A refund of a payment of an order."""

    id: UUID
    intent_id: str
    external_id: str | None
    """The provider's id; None until the provider answers, and if it refused to begin one."""
    amount: Money
    fee_refund: Money
    """The share of the platform's fee that goes back to the merchant."""
    status: RefundStatus
    lines: tuple[RefundedPieces, ...]
    shipping: Money
    """The part of the amount that pays delivery back."""
    reason: str
    failure: str | None
    requested_here: bool
    """Whether it was requested here and not at the provider."""
    requested_at: datetime
    succeeded_at: datetime | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelView:
    """Pieces that a carrier has."""

    number: int
    """1 for the order's first parcel."""
    lines: tuple[Pieces, ...]
    carrier: str | None
    tracking_number: str | None
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalView:
    """A consumer's withdrawal from an order. Open the sealed fields through ``PersonalData``."""

    number: int
    """1 for the order's first withdrawal."""
    lines: tuple[WithdrawnLine, ...]
    name: Sealed
    email: Sealed
    deadline: date | None
    """The last day of the period when it came; None if the delivery was unknown."""
    is_late: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnView:
    """Goods of an order that come back. Open the sealed fields through ``PersonalData``."""

    number: int
    """1 for the order's first return; withdrawals count."""
    kind: ReturnKind
    withdrawal_number: int | None
    """The number of the withdrawal that began it; None for a return by the store's policy."""
    status: ReturnStatus
    lines: tuple[ReturnedPieces, ...]
    reason: str
    note: Sealed | None
    deadline: date | None
    """The last day of the period when it came; None if the delivery was unknown."""
    is_late: bool
    instructions: str
    address: Sealed | None
    """Where the goods go; None means the address of the business."""
    decline_reason: str | None
    received: tuple[ReceivedPieces, ...]
    refund_id: UUID | None
    carrier: str | None
    """Of the replacement."""
    tracking_number: str | None
    requested_at: datetime
    decided_at: datetime | None
    received_at: datetime | None
    replaced_at: datetime | None

    @property
    def stands(self) -> bool:
        """Whether its pieces come back or came back."""
        return stands(self.status)

    @property
    def is_received(self) -> bool:
        """Whether its goods are back at the shop."""
        return self.received_at is not None

    @property
    def owed_since(self) -> datetime | None:
        """Since when its money is owed, if no refund of it is on the way; None if it is not owed."""
        return owed_since(self.kind, self.status, decided_at=self.decided_at, received_at=self.received_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstituteView:
    """Other goods that are sent for a line of an order."""

    variant_id: UUID
    """The line's."""
    quantity: int
    product_id: UUID
    substitute_id: UUID
    """The variant that is sent."""
    title: str
    variant_title: str
    extra_cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOrderView:
    """An order at a supplier."""

    provider: SupplierProvider
    status: SupplierOrderStatus
    attempt: int
    external_id: str | None
    surplus: int
    """Pieces of it beyond those that were left to send."""
    failure: str | None
    requested_at: datetime
    answered_at: datetime | None
