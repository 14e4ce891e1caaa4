"""Commands for placed orders, from shoppers, payment providers, the deadlines policy and the merchant."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from commands.access import order_of_merchant, require_owner
from commands.discount import release_discount, use_discount
from commands.ports import UnboundHandlers, Work
from domain.editing import Seen, SeenValue, refuse_overwriting_value
from domain.kernel import Clock
from domain.money import Money
from domain.order.aggregate import ORDER, Order
from domain.order.delivery import day_in
from domain.order.events import OrderPaid, WithdrawnLine
from domain.order.fulfillment import deliver, fulfil
from domain.order.withdrawal import withdraw
from domain.privacy import Sealed
from domain.product.aggregate import PRODUCT
from domain.store.aggregate import STORE

# Left out of the digest: repeats of older commands have none, and page or payment decide it.
_Account = Annotated[str | None, Field(exclude=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPaymentSession:
    """Record the payment page of an order."""

    order_id: UUID
    provider: str
    session_id: str
    account_id: _Account = None
    """The merchant's account that the page pays into."""
    owed_fee: Annotated[Money | None, Field(exclude_if=lambda fee: fee is None)] = None
    """The platform's share, if the merchant is billed for it apart."""
    taken_fee: Annotated[Money | None, Field(exclude=True)] = None
    """The platform's share, if the provider takes it. Left out of the digest: repeats of older commands have none."""


async def open_payment_session(command: OpenPaymentSession, work: Work, *, clock: Clock) -> None:
    """Append ``PaymentSessionOpened``. No-op if the page is known.

    Raises:
        NotFound: no order has the id.
        OrderNotOpen: the order is paid or cancelled.
    """
    order = await work.get(ORDER, command.order_id)
    events = order.open_session(
        provider=command.provider,
        session_id=command.session_id,
        account_id=command.account_id,
        owed_fee=command.owed_fee,
        taken_fee=command.taken_fee,
        at=clock.now(),
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    """Record a payment that the provider confirmed."""

    order_id: UUID
    paid: Money
    fee: Money
    intent_id: str
    tax: Annotated[Money | None, Field(exclude_if=lambda tax: tax is None)] = None
    """What the provider computed of taxes; None if it says nothing."""
    account_id: _Account = None
    """The merchant's account that has the money."""


async def record_payment(command: RecordPayment, work: Work, *, clock: Clock) -> None:
    """Append ``OrderPaid``, ``DiscountUsed`` and a ``StockSold`` for each line. No-op if the payment is known.

    A payment that is late or does not match is appended as ``PaymentUnmatched`` and sells no stock.

    Raises:
        NotFound: no order has the id.
    """
    at = clock.now()
    order = await work.get(ORDER, command.order_id)
    events = order.record_payment(
        command.paid,
        fee=command.fee,
        intent_id=command.intent_id,
        account_id=command.account_id,
        tax=command.tax,
        at=at,
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)
    if not any(isinstance(event, OrderPaid) for event in events):
        return
    await use_discount(work, order, at=at)
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
    closed_session: Annotated[str | None, Field(exclude_if=lambda session: session is None)] = None
    """The payment page that was closed before. If it is the order's latest, the provider is not asked a second time."""


async def cancel_order(command: CancelOrder, work: Work, *, clock: Clock) -> None:
    """Append ``OrderCancelled``, and release stock and discount. No-op if the order is cancelled.

    Raises:
        NotFound: no order has the id.
        OrderNotOpen: the order is paid.
    """
    order = await work.get(ORDER, command.order_id)
    is_closed = order.session_id is not None and order.session_id == command.closed_session
    await cancel_unpaid(work, order, reason=command.reason, page_closed=is_closed, at=clock.now())


async def cancel_unpaid(work: Work, order: Order, *, reason: str, at: datetime, page_closed: bool = False) -> None:
    """Cancel an unpaid order and release its stock and its discount. No-op if it is cancelled.

    Raises:
        OrderNotOpen: the order is paid.
    """
    events = order.cancel(reason=reason, page_closed=page_closed, at=at)
    if not events:
        return
    work.append(ORDER, order.id, events, tenant=order.store_id)
    await release_discount(work, order, at=at)
    for line in order.lines:
        product = await work.get(PRODUCT, line.product_id)
        work.append(
            PRODUCT, product.id, product.release(line.variant_id, order_id=order.id, at=at), tenant=order.store_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilOrder:
    """Record that a carrier has all that is left of the order, or correct the last parcel."""

    order_id: UUID
    merchant_id: UUID
    carrier: str | None
    tracking_number: str | None
    seen: Seen = None


async def fulfil_order(command: FulfilOrder, work: Work, *, clock: Clock) -> None:
    """Append ``OrderFulfilled``, ``ParcelShipped`` for the rest of an order, or a correction of its last parcel.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotOpen: the order is not paid.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = fulfil(
        order, carrier=command.carrier, tracking_number=command.tracking_number, at=clock.now(), seen=command.seen
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOrderDelivered:
    """Record the day on which the shopper got the whole order."""

    order_id: UUID
    merchant_id: UUID
    delivered_on: date
    seen: SeenValue[date] = None
    """The day that the editor saw; None to overwrite any."""


async def mark_order_delivered(command: MarkOrderDelivered, work: Work, *, clock: Clock) -> None:
    """Append ``OrderDelivered``. No-op if the day is known.

    Raises:
        ChangedMeanwhile: the day is not what the editor saw.
        NotFound: no order has the id, or it is another merchant's.
        OrderNotOpen: something of the order was not sent.
        InvalidInput: the day is in the future.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    store = await work.get(STORE, order.store_id)
    refuse_overwriting_value(command.seen, order.delivered_on, "DAY_OF_THE_DELIVERY", field="expectedDeliveredOn")
    events = deliver(order, on=command.delivered_on, today=day_in(store.time_zone, at), at=at)
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
    events = withdraw(
        order, command.lines, name=command.name, email=command.email, today=day_in(store.time_zone, at), at=at
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)
    return {"is_new": bool(events)}


HANDLERS: UnboundHandlers = {
    OpenPaymentSession: open_payment_session,
    RecordPayment: record_payment,
    RecordPaymentFailure: record_payment_failure,
    CancelOrder: cancel_order,
    FulfilOrder: fulfil_order,
    MarkOrderDelivered: mark_order_delivered,
    WithdrawFromOrder: withdraw_from_order,
}
"""Each command and its handler."""
