"""What queries of the sales read model return; all frozen, times in UTC."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from domain.discount.events import DiscountTerms
from domain.kernel import Value
from domain.mail.events import MailKind
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceFileKind, EvidenceStatus
from domain.order.after_sale.events import Pieces, RefundedPieces
from domain.order.after_sale.return_events import ReceivedPieces, ReturnedPieces
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus, stands
from domain.order.after_sale.sourcing_events import OrderHeld, SourcingChecked
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.delivery import ArrivalWindow
from domain.order.events import OrderDiscount, OrderStatus, PageVersionRef, UnmatchedReason, WithdrawnLine
from domain.order.owed_refund import REFUND_WITHIN, owed_since
from domain.order.returnable import left_to_return
from domain.order.standing import OrderStanding, standing_of
from domain.order.withdrawal import withdrawal_deadline
from domain.payout.aggregate import PayoutStatus
from domain.privacy import Sealed
from domain.stock_notice.aggregate import StockNoticeStatus
from domain.store.return_policy import LEGAL_DAYS
from domain.store.taxes import OrderTax


class OrderSort(StrEnum):
    """The sort orders of lists of orders."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    TOTAL_HIGH = "TOTAL_HIGH"
    """One currency after the other, the highest total of each first."""
    TOTAL_LOW = "TOTAL_LOW"
    """One currency after the other, the lowest total of each first."""


class DiscountSort(StrEnum):
    """The sort orders of lists of discount codes."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    CODE = "CODE"
    MOST_USED = "MOST_USED"
    """By the orders that used it."""


class DisputeSort(StrEnum):
    """The sort orders of lists of disputes."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    DUE_FIRST = "DUE_FIRST"
    """The nearest deadline for evidence first, disputes without one last."""
    AMOUNT_HIGH = "AMOUNT_HIGH"
    """One currency after the other, the largest amount of each first."""
    AMOUNT_LOW = "AMOUNT_LOW"
    """One currency after the other, the smallest amount of each first."""


class PayoutSort(StrEnum):
    """The sort orders of lists of payouts."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    AMOUNT_HIGH = "AMOUNT_HIGH"
    """One currency after the other, the largest amount of each first."""
    AMOUNT_LOW = "AMOUNT_LOW"
    """One currency after the other, the smallest amount of each first."""


class RejectedWebhookSort(StrEnum):
    """The sort orders of lists of rejected webhooks."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineView:
    """One thing in an order, at the price it had when the order was placed."""

    product_id: UUID
    variant_id: UUID
    title: str
    variant_title: str
    quantity: int
    unit_price: Money
    short: int = 0
    """How many pieces were missing when the order was paid."""

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedPaymentView:
    """A payment that matches no open order; the merchant refunds it or ships the goods."""

    intent_id: str
    amount: Money
    reason: UnmatchedReason
    at: datetime


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


class EvidenceFileView(Value):
    """A file of a dispute's evidence. Open its name through ``PersonalData``."""

    id: UUID
    kind: EvidenceFileKind
    name: Sealed
    mime_type: str
    size_bytes: int
    pages: int
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeView:
    """A dispute about a payment of an order."""

    dispute_id: str
    """The provider's id."""
    order_id: UUID
    intent_id: str
    amount: Money
    reason: str
    status: DisputeStatus
    evidence_due: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    taken: Money | None
    """What the provider took from the merchant and did not give back; None as long as no money moved."""
    fee: Money | None
    """The provider's fees that it did not give back; None as long as no money moved."""
    evidence_status: EvidenceStatus
    evidence_edition: int
    """How often the merchant edited the evidence."""
    evidence_edits: Sealed | None
    """JSON of the fields that the merchant wrote."""
    evidence: Sealed | None
    """JSON of the fields that were submitted last."""
    evidence_at: datetime | None
    evidence_refusal: str | None
    evidence_files: Sequence[EvidenceFileView]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutView:
    """A payout to a merchant's bank."""

    payout_id: str
    """The provider's id."""
    amount: Money
    status: PayoutStatus
    arrival_on: date | None
    reason: str | None
    """Why it failed, in the provider's words."""
    at: datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StockNoticeView:
    """A shopper's request for a mail when a variant is back."""

    id: UUID
    store_id: UUID
    product_id: UUID
    variant_id: UUID
    email: Sealed
    status: StockNoticeStatus
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountView:
    """A discount code with its uses."""

    id: UUID
    store_id: UUID
    code: str
    terms: DiscountTerms
    paused: bool
    reserved: int
    """Uses of orders that wait for their payment."""
    used: int
    """Uses of paid orders."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMailView:
    """A mail about an order."""

    kind: MailKind
    refusal: str | None
    """The mail server's status code; None if the mail was sent."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order with its lines.

    Open the sealed fields through ``PersonalData``, which returns None for a forgotten shopper.
    """

    id: UUID
    store_id: UUID
    number: str
    status: OrderStatus
    lines: tuple[OrderLineView, ...]
    subtotal: Money
    shipping: Money
    tax: Money
    """Tax in addition to goods and delivery."""
    taxes: OrderTax | None
    """How the tax is known; None if the store said nothing about it."""
    total: Money
    items: int
    """The sum of the quantities of all lines."""
    shopper_id: UUID
    shopper_name: Sealed
    shopper_email: Sealed
    shipping_address: Sealed
    """JSON of line1, line2, city, region, postcode, country."""
    payment_provider: str | None
    session_id: str | None
    page_account_id: str | None
    """The merchant's account that the payment page pays into; None if it was not recorded."""
    intent_id: str | None
    """The provider's payment id; None until the order is paid."""
    paid: Money | None
    platform_fee: Money | None
    payment_failure: str | None
    """Why the last payment attempt failed; None once the order is paid."""
    unmatched_payments: tuple[UnmatchedPaymentView, ...]
    """Payments that matched no open order, the oldest first."""
    cancel_reason: str | None
    carrier: str | None
    tracking_number: str | None
    arrival: ArrivalWindow | None
    """The days that were promised when the order was placed; None if they are unknown."""
    pages: tuple[PageVersionRef, ...]
    """The legal pages that apply, in the version of that time; empty for older orders."""
    shipping_zone: str | None = None
    """The store's zone that it is sent to; None for older orders."""
    discount: OrderDiscount | None = None
    """The code that it uses; None if it uses none."""
    placed_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    updated_at: datetime
    delivered_on: date | None = None
    """The day on which the shopper got the order, in the store's time zone; None if it is unknown."""
    withdrawals: tuple[WithdrawalView, ...] = ()
    """The earliest first."""
    hold: OrderHeld | None = None
    """Why the order is not bought until the merchant decides; None if it is not held."""
    sourcing: SourcingChecked | None = None
    """The latest answer of the suppliers by which the order may be bought."""
    needs_attention: bool = False
    """Whether it waits for a decision of the merchant."""
    refund_owed_since: datetime | None = None
    """Since when it owes the shopper money that no refund names; None if it owes none."""
    substitutes: tuple[SubstituteView, ...] = ()
    supplier_orders: tuple[SupplierOrderView, ...] = ()
    returns: tuple[ReturnView, ...] = ()
    """By number, withdrawals included."""
    return_days: int = LEGAL_DAYS
    """How long the store took goods back when the order was placed."""
    store_name: str | None = None
    """What the store was called when the order was placed; None for older orders."""
    refunds: tuple[RefundView, ...] = ()
    """Of all of the order's payments, the earliest first."""
    parcels: tuple[ParcelView, ...] = ()
    """In the order in which they were sent."""
    refunded: Money | None = None
    """How much of ``paid`` went back; None until the order is paid."""

    @property
    def withdrawn(self) -> Mapping[UUID, int]:
        """Pieces by variant that withdrawals name, or returns that stand."""
        pieces: dict[UUID, int] = {}
        for withdrawal in self.withdrawals:
            for line in withdrawal.lines:
                pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.quantity
        for each in self.returns:
            for returned in each.lines if each.kind is ReturnKind.RETURN and each.stands else ():
                pieces[returned.variant_id] = pieces.get(returned.variant_id, 0) + returned.quantity
        return pieces

    @property
    def returnable(self) -> Mapping[UUID, int]:
        """Pieces by variant that were sent, do not come back already, and are not refunded."""
        of_returns = {each.refund_id for each in self.returns}
        return left_to_return(
            {line.variant_id: line.quantity for line in self.lines},
            sent=(piece for parcel in self.parcels for piece in parcel.lines),
            returns=self.returns,
            refunded=(
                line
                for refund in self.refunds
                if refund.status is not RefundStatus.FAILED and refund.id not in of_returns
                for line in refund.lines
            ),
        )

    @property
    def to_send(self) -> Mapping[UUID, int]:
        """Pieces by variant that were neither sent nor refunded instead; none unless the order is paid and open."""
        if self.status not in {OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED}:
            return {}
        left = {line.variant_id: line.quantity for line in self.lines}
        for piece in (piece for parcel in self.parcels for piece in parcel.lines):
            left[piece.variant_id] = left.get(piece.variant_id, 0) - piece.quantity
        for line in self._refunded_lines:
            left[line.variant_id] = left.get(line.variant_id, 0) - line.unsent
        return {variant_id: count for variant_id, count in left.items() if count > 0}

    @property
    def to_refund(self) -> Mapping[UUID, int]:
        """Pieces by variant that no refund names; none unless the order is paid."""
        if self.paid is None:
            return {}
        left = {line.variant_id: line.quantity for line in self.lines}
        for line in self._refunded_lines:
            left[line.variant_id] = left.get(line.variant_id, 0) - line.quantity
        return {variant_id: count for variant_id, count in left.items() if count > 0}

    @property
    def _refunded_lines(self) -> Iterator[RefundedPieces]:
        for refund in self.refunds:
            yield from refund.lines if refund.status is not RefundStatus.FAILED else ()

    @property
    def withdrawal_deadline(self) -> date | None:
        """The last day for a withdrawal, in the store's time zone; None while the delivery is unknown."""
        return withdrawal_deadline(self.delivered_on)

    @property
    def standing(self) -> OrderStanding:
        """How the order stands, in one word for people."""
        return standing_of(
            self.status,
            items=self.items,
            returns=self.returns,
            refunds=self.refunds,
            is_all_refunded=self.refundable is not None and not self.refundable.minor,
            is_delivered=self.delivered_on is not None,
        )

    @property
    def refund_due(self) -> datetime | None:
        """When the money that the order owes should be on its way back; None if it owes none."""
        return None if self.refund_owed_since is None else self.refund_owed_since + REFUND_WITHIN

    @property
    def is_paid(self) -> bool:
        """Whether a payment paid the order, even if it was cancelled or refunded since."""
        return self.paid is not None

    @property
    def is_paid_back(self) -> bool:
        """Whether all of the payment went back."""
        return self.paid is not None and self.refunded is not None and self.paid <= self.refunded

    @property
    def refundable(self) -> Money | None:
        """What is left of ``paid`` and not being refunded; None until the order is paid."""
        if self.paid is None:
            return None
        gone = sum(
            refund.amount.minor
            for refund in self.refunds
            if refund.intent_id == self.intent_id and refund.status is not RefundStatus.FAILED
        )
        return Money(minor=max(0, self.paid.minor - gone), currency=self.paid.currency)

    @property
    def short(self) -> int:
        """How many pieces were missing when the order was paid, over all lines."""
        return sum(line.short for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedWebhookView:
    """A payment provider's webhook that was rejected; the merchant can look it up at the provider."""

    source: str
    external_id: str
    type: str
    order_id: UUID | None
    reason: str
    at: datetime
