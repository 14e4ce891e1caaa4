"""An order as queries return it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.mail.events import MailKind
from domain.money import Money
from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.return_state import ReturnKind
from domain.order.after_sale.sourcing_events import OrderHeld, SourcingChecked
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import PAY_WITHIN
from domain.order.delivery import ArrivalWindow
from domain.order.events import OrderDiscount, OrderStatus, PageVersionRef, UnmatchedReason
from domain.order.owed_refund import REFUND_WITHIN
from domain.order.returnable import left_to_return
from domain.order.standing import OrderStanding, standing_of
from domain.order.withdrawal import withdrawal_deadline
from domain.privacy import Sealed
from domain.store.return_policy import LEGAL_DAYS
from domain.store.taxes import OrderTax
from projections.sales.views.after_sale import (
    ParcelView,
    RefundView,
    ReturnView,
    SubstituteView,
    SupplierOrderView,
    WithdrawalView,
)


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
    def pay_by(self) -> datetime:
        """When the order's reservation ends and its payment page closes, if it is not paid."""
        return self.placed_at + PAY_WITHIN

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
