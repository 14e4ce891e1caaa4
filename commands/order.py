"""Commands for orders and webhooks, from shoppers, payment providers, the deadlines policy and the merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from commands.access import order_of_merchant, product_of_store, require_owner
from commands.ports import UnboundHandlers, Work
from domain.cart.aggregate import CART, Cart, order_cart
from domain.cart.errors import CartAlreadyOrdered
from domain.ids import derived
from domain.inbox.aggregate import INBOX
from domain.inbox.events import SubjectKind, WebhookReceived, WebhookRejected, WebhookSubject
from domain.kernel import Clock, InvalidInput
from domain.merchant.aggregate import MERCHANT
from domain.money import Money
from domain.order.aggregate import ORDER, Order, OrderTerms, ShopperDetails, place
from domain.order.delivery import DeliveryDays, arrival_window, day_in
from domain.order.events import OrderLine, OrderPaid, OrderStatus, PageVersionRef, WithdrawnLine
from domain.privacy import Sealed
from domain.product.aggregate import PRODUCT
from domain.store.aggregate import STORE
from domain.store.errors import StoreNotReady
from domain.store.events import StoreStatus

INBOX_NAMESPACE = UUID("0b1f5d5e-6a0c-5c55-8a3e-5a7f0d1c9e21")
"""Namespace of the stream ids of webhooks: one stream per source and external id."""
REPLACED = "The shopper ordered the same cart again, with changes."
"""Reason for cancelling an order that another order of the same cart replaces."""
LINES_MAX = 50
"""Most lines of one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """One variant in a shopper's cart."""

    product_id: UUID
    variant_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Order the contents of a cart at the current prices."""

    order_id: UUID
    store_id: UUID
    lines: list[CartLine]
    shopper_id: UUID
    shopper_name: Sealed
    shopper_email: Sealed
    shipping_address: Sealed
    cart_id: UUID | None = None
    """The ordered cart, which has at most one open order; None if it is unknown."""


async def place_order(command: PlaceOrder, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``OrderPlaced`` and a ``StockReserved`` for each line.

    An unpaid order of the same cart is cancelled in the same transaction, and its stock is released first.

    Raises:
        CartAlreadyOrdered: an order of the same cart is paid; retrying cannot help.
        InvalidInput: the cart is empty, too long, or has a quantity below one.
        NotFound: no store, product or variant has the id.
        StoreNotReady: the storefront is not open.
        NotForSale, InsufficientStock: refused; retrying cannot help.
        ConcurrencyConflict: another shopper was first; the bus reloads and retries.
    """
    at = clock.now()
    store = await work.get(STORE, command.store_id)
    if store.status is not StoreStatus.ACTIVE:
        raise StoreNotReady(store.id, store.status, "ordered from", "Come back later.")
    if not await work.is_new(ORDER, command.order_id):
        raise InvalidInput("id", f"The id {command.order_id} is taken. Use a new id.")
    quantities = _merge_lines(command.lines)
    if command.cart_id is not None:
        await _order_cart(work, command.cart_id, command, at=at)
    lines: list[OrderLine] = []
    delivery: list[DeliveryDays | None] = []
    for (product_id, variant_id), quantity in quantities.items():
        product = await product_of_store(work, product_id, store.id)
        # The reservation refuses products that are not for sale, unknown or sold out.
        work.append(
            PRODUCT,
            product.id,
            product.reserve(variant_id, quantity, order_id=command.order_id, at=at),
            tenant=store.id,
        )
        variant = product.variants[variant_id]
        delivery.append(product.shipping_days)
        lines.append(
            OrderLine(
                product_id=product_id,
                variant_id=variant_id,
                title=product.title,
                variant_title=variant.title,
                quantity=quantity,
                unit_price=variant.price,
            )
        )
    if len({line.unit_price.currency for line in lines}) > 1:
        raise InvalidInput("lines", "The cart mixes currencies. Order products of one currency at a time.")
    zero = Money.zero(lines[0].unit_price.currency if lines else "USD")
    order = work.append(
        ORDER,
        command.order_id,
        place(
            command.order_id,
            shopper=ShopperDetails(
                id=command.shopper_id,
                name=command.shopper_name,
                email=command.shopper_email,
                address=command.shipping_address,
            ),
            store_id=store.id,
            lines=lines,
            shipping=zero,
            tax=zero,
            terms=OrderTerms(
                arrival=arrival_window(delivery, ordered_on=day_in(store.time_zone, at)),
                pages=[
                    PageVersionRef(page_id=id, type=page.type, number=page.number) for id, page in store.legal_pages
                ],
            ),
            at=at,
        ),
        tenant=store.id,
    )
    return {
        "order_id": str(order.id),
        "number": order.number,
        "total": {"minor": order.total.minor, "currency": order.total.currency},
    }


async def _order_cart(work: Work, cart_id: UUID, command: PlaceOrder, *, at: datetime) -> None:
    # Most carts were never ordered, and assuming so saves a round trip.
    cart: Cart | None = None
    if not await work.is_new(CART, cart_id):
        cart = await work.get(CART, cart_id)
    replaced: UUID | None = None
    if cart is not None:
        require_owner(CART.name, cart_id, owner=cart.store_id, caller=command.store_id)
        earlier = await work.get(ORDER, cart.order_id)
        if earlier.status is OrderStatus.PENDING:
            await _cancel(work, earlier, reason=REPLACED, at=at)
            replaced = earlier.id
        elif earlier.status is not OrderStatus.CANCELLED:
            raise CartAlreadyOrdered(earlier.id, earlier.number)
    ordered = order_cart(cart, cart_id, store_id=command.store_id, order_id=command.order_id, replaced=replaced, at=at)
    work.append(CART, cart_id, ordered, tenant=command.store_id)


def _merge_lines(lines: Sequence[CartLine]) -> dict[tuple[UUID, UUID], int]:
    """Add up lines of the same variant, because an order has one reservation per variant.

    Raises:
        InvalidInput: too many lines, or a quantity below one.
    """
    if len(lines) > LINES_MAX:
        raise InvalidInput("lines", f"The cart has {len(lines)} lines; {LINES_MAX} is the most.")
    quantities: dict[tuple[UUID, UUID], int] = {}
    for n, line in enumerate(lines):
        if line.quantity < 1:
            raise InvalidInput(f"lines.{n}.quantity", f"Quantity cannot be {line.quantity}; 1 is the least.")
        key = (line.product_id, line.variant_id)
        quantities[key] = quantities.get(key, 0) + line.quantity
    return quantities


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPaymentSession:
    """Record the payment page of an order."""

    order_id: UUID
    provider: str
    session_id: str


async def open_payment_session(command: OpenPaymentSession, work: Work, *, clock: Clock) -> None:
    """Append ``PaymentSessionOpened``. No-op if the page is known.

    Raises:
        NotFound: no order has the id.
        OrderNotOpen: the order is paid or cancelled.
    """
    order = await work.get(ORDER, command.order_id)
    events = order.open_session(provider=command.provider, session_id=command.session_id, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveWebhook:
    """Record a provider's webhook, whose signature the gateway has verified."""

    source: str
    external_id: str
    type: str
    store_id: UUID
    body: str


async def receive_webhook(command: ReceiveWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookReceived``. No-op if the webhook with this source and external id is recorded.

    Raises:
        NotFound: no store has the id.
    """
    await work.get(STORE, command.store_id)
    subject = WebhookSubject(kind=SubjectKind.STORE, id=command.store_id)
    await _receive(command, work, subject=subject, tenant=command.store_id, at=clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveAccountWebhook:
    """Record a webhook about a merchant's account at the sender."""

    source: str
    external_id: str
    type: str
    merchant_id: UUID
    body: str


async def receive_account_webhook(command: ReceiveAccountWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookReceived``. No-op if the webhook with this source and external id is recorded.

    Raises:
        NotFound: no merchant has the id.
    """
    await work.get(MERCHANT, command.merchant_id)
    subject = WebhookSubject(kind=SubjectKind.MERCHANT, id=command.merchant_id)
    await _receive(command, work, subject=subject, tenant=command.merchant_id, at=clock.now())


async def _receive(
    command: ReceiveWebhook | ReceiveAccountWebhook, work: Work, *, subject: WebhookSubject, tenant: UUID, at: datetime
) -> None:
    id = inbox_stream(command.source, command.external_id)
    if not await work.is_new(INBOX, id):
        return
    received = WebhookReceived(
        originator_id=id,
        originator_version=1,
        occurred_at=at,
        source=command.source,
        external_id=command.external_id,
        type=command.type,
        subject=subject,
        body=command.body,
    )
    work.append(INBOX, id, (received,), tenant=tenant)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectWebhook:
    """Record that a webhook cannot be used, for the merchant."""

    source: str
    external_id: str
    type: str
    store_id: UUID
    order_id: UUID | None
    reason: str


async def reject_webhook(command: RejectWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookRejected``. No-op if that was done.

    Raises:
        NotFound: no store has the id.
    """
    id = inbox_stream(command.source, command.external_id)
    entry = await work.find(INBOX, id)
    if entry is not None and entry.rejected:
        return
    await work.get(STORE, command.store_id)
    rejected = WebhookRejected(
        originator_id=id,
        originator_version=1 if entry is None else entry.version + 1,
        occurred_at=clock.now(),
        source=command.source,
        external_id=command.external_id,
        type=command.type,
        store_id=command.store_id,
        order_id=command.order_id,
        reason=command.reason,
    )
    work.append(INBOX, id, (rejected,), tenant=command.store_id)


def inbox_stream(source: str, external_id: str) -> UUID:
    """Return the id of a webhook's stream."""
    return derived(INBOX_NAMESPACE, source, external_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    """Record a payment that the provider confirmed."""

    order_id: UUID
    paid: Money
    fee: Money
    intent_id: str


async def record_payment(command: RecordPayment, work: Work, *, clock: Clock) -> None:
    """Append ``OrderPaid`` and a ``StockSold`` for each line. No-op if the payment is known.

    A payment that is late or does not match is appended as ``PaymentUnmatched`` and sells no stock.

    Raises:
        NotFound: no order has the id.
    """
    at = clock.now()
    order = await work.get(ORDER, command.order_id)
    events = order.record_payment(command.paid, fee=command.fee, intent_id=command.intent_id, at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)
    if not any(isinstance(event, OrderPaid) for event in events):
        return
    for line in order.lines:
        product = await work.get(PRODUCT, line.product_id)
        work.append(PRODUCT, product.id, product.sell(line.variant_id, order_id=order.id, at=at), tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentFailure:
    """Record that the provider declined a payment."""

    order_id: UUID
    intent_id: str
    reason: str


async def record_payment_failure(command: RecordPaymentFailure, work: Work, *, clock: Clock) -> None:
    """Append ``PaymentFailed``. No-op if the payment is known or the order is no longer pending.

    Raises:
        NotFound: no order has the id.
    """
    order = await work.get(ORDER, command.order_id)
    events = order.record_failure(intent_id=command.intent_id, reason=command.reason, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Cancel an unpaid order."""

    order_id: UUID
    reason: str


async def cancel_order(command: CancelOrder, work: Work, *, clock: Clock) -> None:
    """Append ``OrderCancelled`` and a ``StockReleased`` for each line. No-op if the order is cancelled.

    Raises:
        NotFound: no order has the id.
        OrderNotOpen: the order is paid.
    """
    order = await work.get(ORDER, command.order_id)
    await _cancel(work, order, reason=command.reason, at=clock.now())


async def _cancel(work: Work, order: Order, *, reason: str, at: datetime) -> None:
    events = order.cancel(reason=reason, at=at)
    if not events:
        return
    work.append(ORDER, order.id, events, tenant=order.store_id)
    for line in order.lines:
        product = await work.get(PRODUCT, line.product_id)
        work.append(
            PRODUCT, product.id, product.release(line.variant_id, order_id=order.id, at=at), tenant=order.store_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilOrder:
    """Record that a carrier has the whole order, or correct the recorded shipment."""

    order_id: UUID
    merchant_id: UUID
    carrier: str | None
    tracking_number: str | None


async def fulfil_order(command: FulfilOrder, work: Work, *, clock: Clock) -> None:
    """Append ``OrderFulfilled``, or ``ShipmentCorrected`` if a fulfilled order's shipment changes.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotOpen: the order is not paid.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = order.fulfil(carrier=command.carrier, tracking_number=command.tracking_number, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOrderDelivered:
    """Record the day on which the shopper got the whole order."""

    order_id: UUID
    merchant_id: UUID
    delivered_on: date


async def mark_order_delivered(command: MarkOrderDelivered, work: Work, *, clock: Clock) -> None:
    """Append ``OrderDelivered``. No-op if the day is known.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotOpen: the order was not sent.
        InvalidInput: the day is in the future.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    store = await work.get(STORE, order.store_id)
    events = order.deliver(on=command.delivered_on, today=day_in(store.time_zone, at), at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawFromOrder:
    """Receive a consumer's withdrawal. The caller has proof that the consumer placed the order."""

    order_id: UUID
    store_id: UUID
    name: Sealed
    email: Sealed
    lines: list[WithdrawnLine]
    """Empty means everything that is left."""


async def withdraw_from_order(command: WithdrawFromOrder, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``WithdrawalReceived``. No-op if earlier withdrawals name all of its pieces.

    Raises:
        NotFound: no order of the store has the id.
        OrderNotOpen: the order is not paid.
        InvalidInput: a line is not in the order, or a quantity is not at least 1.
    """
    at = clock.now()
    order = await work.get(ORDER, command.order_id)
    require_owner(ORDER.name, order.id, owner=order.store_id, caller=command.store_id)
    store = await work.get(STORE, order.store_id)
    events = order.withdraw(
        command.lines, name=command.name, email=command.email, today=day_in(store.time_zone, at), at=at
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)
    return {"is_new": bool(events)}


HANDLERS: UnboundHandlers = {
    PlaceOrder: place_order,
    OpenPaymentSession: open_payment_session,
    ReceiveWebhook: receive_webhook,
    ReceiveAccountWebhook: receive_account_webhook,
    RejectWebhook: reject_webhook,
    RecordPayment: record_payment,
    RecordPaymentFailure: record_payment_failure,
    CancelOrder: cancel_order,
    FulfilOrder: fulfil_order,
    MarkOrderDelivered: mark_order_delivered,
    WithdrawFromOrder: withdraw_from_order,
}
"""Each command and its handler."""
