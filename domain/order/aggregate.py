"""The order aggregate: placed, paid, fulfilled, refunded; or never paid and cancelled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.kernel import CorruptStream, InvalidInput, StreamKind, first_header, next_header
from domain.money import Money
from domain.order.after_sale.events import PaidOrderCancelled, ParcelCorrected, ParcelEvent, ParcelShipped, Pieces
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.return_state import with_withdrawal
from domain.order.after_sale.state import AfterSale, Parcel, Payment
from domain.order.delivery import ArrivalWindow
from domain.order.errors import OrderNotOpen
from domain.order.events import (
    OrderCancelled,
    OrderDelivered,
    OrderDiscount,
    OrderEvent,
    OrderFulfilled,
    OrderLine,
    OrderPaid,
    OrderPlaced,
    OrderStatus,
    PageVersionRef,
    PaymentFailed,
    PaymentSessionOpened,
    PaymentUnmatched,
    ShipmentCorrected,
    UnmatchedReason,
    WithdrawalReceived,
)
from domain.order.quote import payment_step
from domain.order.status import order_status
from domain.privacy import Sealed
from domain.store.return_policy import LEGAL_DAYS
from domain.store.taxes import OrderTax, TaxKind

PAY_WITHIN = timedelta(minutes=60)
"""How long an unpaid order reserves stock and its payment page stays open."""
PAGE_AT_LEAST = timedelta(minutes=30)
"""The least time that a payment page is open. Stripe opens none for less."""


class HasPieces(Protocol):
    """Some pieces of one line."""

    @property
    def variant_id(self) -> UUID: ...

    @property
    def quantity(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperDetails:
    """The person who orders, sealed under the key of ``id``."""

    id: UUID
    name: Sealed
    email: Sealed
    address: Sealed
    """JSON of line1, line2, city, region, postcode, country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A shopper's order, from checkout to fulfillment."""

    id: UUID
    version: int
    store_id: UUID
    number: str
    lines: tuple[OrderLine, ...]
    shipping: Money
    total: Money
    placed_at: datetime
    discount_id: UUID | None = None
    """The discount code of which the order reserves or has used one use."""
    discounts: Mapping[UUID, int] = field(default_factory=dict)
    """The minor units of the discount that each line bears, by variant."""
    status: OrderStatus = OrderStatus.PENDING
    cancelled: bool = False
    provider: str | None = None
    session_id: str | None = None
    page_account_id: str | None = None
    """The merchant's account that the payment page pays into; None if it was not recorded."""
    owed_fee: Money | None = None
    """The platform's share of the page's payment, if the merchant is billed for it apart."""
    taken_fee: Money | None = None
    """The platform's share of the page's payment, if the provider takes it; None if it was not recorded."""
    taxes: OrderTax | None = None
    """How the tax is known; its amount is added to the total where the payment provider adds it."""
    intent_id: str | None = None
    """The payment that paid the order."""
    after: AfterSale = AfterSale()
    failed_intents: frozenset[str] = frozenset()
    unmatched_intents: frozenset[str] = frozenset()
    delivered_on: date | None = None
    withdrawals: int = 0
    withdrawn: Mapping[UUID, int] = field(default_factory=dict)
    """Withdrawn pieces by variant."""
    shopper: ShopperDetails | None = None
    """Who ordered, and where the goods go."""
    return_days: int = LEGAL_DAYS
    """How long the store took goods back when the order was placed."""

    @property
    def items(self) -> int:
        """Pieces in the order."""
        return sum(line.quantity for line in self.lines)

    @property
    def quantities(self) -> Mapping[UUID, int]:
        """Pieces by variant."""
        return {line.variant_id: line.quantity for line in self.lines}

    def account_of(self, intent_id: str) -> str | None:
        """Return the merchant's account that has a payment's money; None if it was not recorded."""
        payment = self.after.payments.get(intent_id)
        recorded = None if payment is None else payment.account_id
        return recorded or self.page_account_id

    def price_of(self, pieces: Iterable[HasPieces]) -> Money:
        """Return what was paid for some pieces that no refund names yet, less their part of the discount.

        It is an amount that cards know. All pieces together cost exactly what was paid for them, however they are split.
        """
        before = Counter(self.after.refunded_pieces())
        after = before + Counter[UUID]()
        for some in pieces:
            after[some.variant_id] += some.quantity
        return Money.of(self._paid_for(after) - self._paid_for(before), self.total.currency)

    def _paid_for(self, pieces: Mapping[UUID, int]) -> int:
        """Return the minor units that were paid for pieces by variant, rounded down to an amount that cards know."""
        minor = 0
        for line in self.lines:
            count, off = pieces.get(line.variant_id, 0), self.discounts.get(line.variant_id, 0)
            minor += line.unit_price.minor * count - off * count // line.quantity
        added = self.taxes is not None and self.taxes.kind is TaxKind.ADDED_AT_PAYMENT and self.taxes.amount
        if added:
            # The tax that the provider added goes back in proportion.
            minor = minor * self.total.minor // (self.total.minor - added.minor)
        return minor - minor % payment_step(self.total.currency)

    def open_session(
        self,
        *,
        provider: str,
        session_id: str,
        at: datetime,
        account_id: str | None = None,
        owed_fee: Money | None = None,
        taken_fee: Money | None = None,
    ) -> Sequence[OrderEvent]:
        """Record the order's payment page. No-op if the page is known.

        Raises:
            OrderNotOpen: the order is paid or cancelled.
        """
        if session_id == self.session_id:
            return ()
        if self.status is not OrderStatus.PENDING:
            raise OrderNotOpen(self.id, self.status, "paid")
        return (
            PaymentSessionOpened(
                **next_header(self, at),
                provider=provider,
                session_id=session_id,
                account_id=account_id,
                owed_fee=owed_fee,
                taken_fee=taken_fee,
            ),
        )

    def record_payment(
        self,
        paid: Money,
        *,
        fee: Money,
        intent_id: str,
        at: datetime,
        account_id: str | None = None,
        tax: Money | None = None,
    ) -> Sequence[OrderEvent]:
        """Record a confirmed payment. No-op if the payment is known.

        Args:
            paid: the whole payment.
            fee: the platform's share.
            intent_id: the provider's id of the payment.
            at: the time.
            account_id: the account that has the money.
            tax: what the provider computed; it counts only for an order whose tax the provider computes.

        A payment that does not match is recorded instead of refused, because the money has moved.
        """
        if intent_id == self.intent_id or intent_id in self.unmatched_intents:
            return ()
        is_owed = self.owed_fee is not None
        # What the provider repeats of the fee is in the merchant's own account, who could have changed it.
        fee = self.owed_fee or self.taken_fee or fee
        payment = {
            "intent_id": intent_id,
            "amount": paid,
            "platform_fee": fee,
            "account_id": account_id,
            "fee_is_owed": is_owed,
        }
        tax = self._tax(tax)
        reason = self._unmatched(paid, tax)
        if reason is not None:
            return (PaymentUnmatched(**next_header(self, at), **payment, reason=reason),)
        return (OrderPaid(**next_header(self, at), **payment, tax=tax),)

    def _tax(self, computed: Money | None) -> Money | None:
        if self.taxes is None:
            return None
        return self.taxes.amount if self.taxes.kind is TaxKind.INCLUDED else computed

    def _unmatched(self, paid: Money, tax: Money | None) -> UnmatchedReason | None:
        if self.status is OrderStatus.CANCELLED:
            return UnmatchedReason.LATE
        if self.status is not OrderStatus.PENDING:
            return UnmatchedReason.DUPLICATE
        due = self.total
        if self.taxes is not None and self.taxes.kind is TaxKind.ADDED_AT_PAYMENT and tax is not None:
            # The provider added it to the total that the shopper had confirmed here, and showed the sum.
            due = due if tax.currency != due.currency else due + tax
        return None if paid == due else UnmatchedReason.MISMATCH

    def record_failure(self, *, intent_id: str, reason: str, at: datetime) -> Sequence[OrderEvent]:
        """Record a declined payment. No-op if the payment is known or the order is no longer pending."""
        if intent_id in self.failed_intents or self.status is not OrderStatus.PENDING:
            return ()
        return (PaymentFailed(**next_header(self, at), intent_id=intent_id, reason=reason),)

    def cancel(self, *, reason: str, at: datetime, page_closed: bool = False) -> Sequence[OrderEvent]:
        """Cancel the unpaid order, whose payment page may be closed already. No-op if it is cancelled.

        Raises:
            OrderNotOpen: the order is paid.
        """
        if self.status is OrderStatus.CANCELLED:
            return ()
        if self.status is not OrderStatus.PENDING:
            raise OrderNotOpen(self.id, self.status, "cancelled")
        return (OrderCancelled(**next_header(self, at), reason=reason, page_closed=page_closed),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPrice:
    """What the shopper pays besides the goods, and what is taken off."""

    shipping: Money
    tax: Money
    """Tax in addition to lines and shipping."""
    taxes: OrderTax | None = None
    """How the tax is known; None if the store says nothing about it."""
    zone: str | None = None
    """The zone that the order is sent to; None if it is unknown."""
    discount: OrderDiscount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What the shopper orders under."""

    arrival: ArrivalWindow | None = None
    """The promised days; None if they are unknown."""
    pages: Sequence[PageVersionRef] = ()
    """The legal pages, each in its present version."""
    return_days: int | None = None
    """How long the store takes goods back."""
    store_name: str | None = None
    """What the store is called now; None if it has no brand."""


def place(
    order_id: UUID,
    *,
    store_id: UUID,
    lines: Sequence[OrderLine],
    price: OrderPrice,
    shopper: ShopperDetails,
    terms: OrderTerms = OrderTerms(),
    at: datetime,
) -> Sequence[OrderEvent]:
    """Place an order; the caller reserves the stock in the same transaction.

    Args:
        order_id: the new order.
        store_id: the store that sells.
        lines: what is ordered.
        price: delivery, tax and discount.
        shopper: the person who orders.
        terms: the promised days and the legal pages that apply.
        at: the time of the order.

    Raises:
        InvalidInput: there are no lines.
    """
    if not lines:
        raise InvalidInput("lines", "The cart is empty. Put something into it first.")
    subtotal = Money.total((line.total for line in lines), lines[0].unit_price.currency)
    reduced = subtotal if price.discount is None else subtotal - price.discount.amount
    return (
        OrderPlaced(
            **first_header(order_id, at),
            store_id=store_id,
            number=order_number(order_id),
            lines=list(lines),
            subtotal=subtotal,
            shipping=price.shipping,
            tax=price.tax,
            total=reduced + price.shipping + price.tax,
            shopper_id=shopper.id,
            shopper_name=shopper.name,
            shopper_email=shopper.email,
            shipping_address=shopper.address,
            arrival=terms.arrival,
            pages=list(terms.pages),
            return_days=terms.return_days,
            store_name=terms.store_name,
            shipping_zone=price.zone,
            discount=price.discount,
            taxes=price.taxes,
        ),
    )


def order_number(order_id: UUID) -> str:
    """Return an order's number for people: six letters and digits from its id that are not easily misread."""
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    bits = order_id.int & ((1 << 30) - 1)
    return "ZY-" + "".join(alphabet[bits >> shift & 31] for shift in range(25, -1, -5))


def evolve(order: Order | None, event: OrderEvent) -> Order:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match order, event:
        case None, OrderPlaced():
            return Order(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                number=event.number,
                lines=tuple(event.lines),
                shipping=event.shipping,
                total=event.total,
                placed_at=event.occurred_at,
                discount_id=None if event.discount is None else event.discount.discount_id,
                discounts=_shares(event),
                return_days=event.return_days or LEGAL_DAYS,
                taxes=event.taxes,
                shopper=ShopperDetails(
                    id=event.shopper_id,
                    name=event.shopper_name,
                    email=event.shopper_email,
                    address=event.shipping_address,
                ),
            )
        case Order(), _:
            changed = replace(_changed(order, event), version=event.originator_version)
            return replace(changed, status=_status(changed))
        case _:
            raise CorruptStream(event)


def _changed(order: Order, event: OrderEvent) -> Order:
    match event:
        case PaymentSessionOpened():
            return replace(
                order,
                provider=event.provider,
                session_id=event.session_id,
                page_account_id=event.account_id,
                owed_fee=event.owed_fee,
                taken_fee=event.taken_fee,
            )
        case OrderPaid() | PaymentFailed() | PaymentUnmatched():
            return _with_payment(order, event)
        case OrderCancelled() | PaidOrderCancelled():
            return replace(order, cancelled=True)
        case OrderFulfilled() | ShipmentCorrected() | ParcelShipped() | ParcelCorrected():
            return replace(order, after=_shipped(order, event))
        case OrderDelivered():
            return replace(order, delivered_on=event.delivered_on)
        case WithdrawalReceived():
            withdrawn = dict(order.withdrawn)
            for line in event.lines:
                withdrawn[line.variant_id] = withdrawn.get(line.variant_id, 0) + line.quantity
            lines = [ReturnedPieces(variant_id=line.variant_id, quantity=line.quantity) for line in event.lines]
            returns = with_withdrawal(order.after.returns, lines, deadline=event.deadline, is_late=event.is_late)
            after = replace(order.after, returns=returns)
            return replace(order, withdrawals=event.number, withdrawn=withdrawn, after=after)
        case OrderPlaced():
            raise CorruptStream(event)
        case _:
            try:
                return replace(order, after=order.after.apply(event))
            except KeyError as error:
                raise CorruptStream(event) from error


def _with_payment(order: Order, event: OrderPaid | PaymentFailed | PaymentUnmatched) -> Order:
    if isinstance(event, PaymentFailed):
        return replace(order, failed_intents=order.failed_intents | {event.intent_id})
    payment = Payment(
        amount=event.amount,
        fee=event.platform_fee,
        account_id=event.account_id,
        fee_is_owed=event.fee_is_owed,
        tax=event.tax if isinstance(event, OrderPaid) else None,
    )
    after = order.after.with_payment(event.intent_id, payment)
    if isinstance(event, OrderPaid):
        taxes = order.taxes if order.taxes is None else order.taxes.model_copy(update={"amount": event.tax})
        return replace(order, intent_id=event.intent_id, after=after, total=event.amount, taxes=taxes)
    return replace(order, unmatched_intents=order.unmatched_intents | {event.intent_id}, after=after)


def _shipped(order: Order, event: OrderFulfilled | ShipmentCorrected | ParcelEvent) -> AfterSale:
    match event:
        case OrderFulfilled():
            lines = tuple(Pieces(variant_id=line.variant_id, quantity=line.quantity) for line in order.lines)
            parcel = Parcel(lines=lines, carrier=event.carrier, tracking_number=event.tracking_number)
            return replace(order.after, parcels=(parcel,))
        case ShipmentCorrected():
            return order.after.corrected(1, event.carrier, event.tracking_number)
        case _:
            return order.after.with_parcel(event)


def _status(order: Order) -> OrderStatus:
    payment = None if order.intent_id is None else order.after.payments[order.intent_id]
    return order_status(
        paid_minor=None if payment is None else payment.amount.minor,
        refunded_minor=order.after.refunded_minor(order.intent_id),
        cancelled=order.cancelled,
        items=order.items - order.after.unsent_items(order.quantities),
        shipped_items=order.after.shipped_items,
    )


def _shares(event: OrderPlaced) -> Mapping[UUID, int]:
    borne = () if event.discount is None else event.discount.shares
    return {line.variant_id: share.minor for line, share in zip(event.lines, borne, strict=False)}


ORDER = StreamKind("order", Order, evolve)
