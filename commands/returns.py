"""Commands for returns: the shopper asks, the merchant decides, receives, and pays back or replaces."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from commands.access import order_of_merchant, require_owner, store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.refunds import restock
from commands.restocking import put_back
from domain.editing import Seen, refuse_overwriting
from domain.kernel import Clock
from domain.money import Money
from domain.order.after_sale.return_events import ReceivedPieces, ReplacementSent, ReturnedPieces, ReturnReceived
from domain.order.after_sale.state import restocked_pieces
from domain.order.aggregate import ORDER, Order
from domain.order.delivery import day_in
from domain.order.events import OrderEvent
from domain.order.goods import goods_of_pieces
from domain.order.returns import (
    ReturnWish,
    approve_return,
    decline_return,
    receive_return,
    refund_return,
    request_return,
    send_replacement,
)
from domain.privacy import Sealed
from domain.product.aggregate import PRODUCT
from domain.product.replacement import send_again
from domain.store.aggregate import STORE
from domain.store.return_policy import ReturnPolicy
from domain.store.revision import store_parts
from domain.store.settings import set_return_policy

# Left out of the digest: sealing draws a nonce, so a repeat would have another payload.
_Sealed = Annotated[Sealed | None, Field(exclude=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetReturnPolicy:
    """Set a store's rules for returns."""

    store_id: UUID
    merchant_id: UUID
    policy: ReturnPolicy
    seen: Seen = None


async def set_policy_for_returns(command: SetReturnPolicy, work: Work, *, clock: Clock) -> None:
    """Append ``ReturnPolicySet``. No-op if the rules are the same.

    Raises:
        ChangedMeanwhile: the rules are not those that the editor saw.
        InvalidInput: names the field.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    refuse_overwriting(command.seen, store_parts(store, store.brand), ["RETURN_RULES"])
    work.append(STORE, store.id, set_return_policy(store, command.policy, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReturn:
    """Ask to return goods. The caller has proof that the shopper placed the order."""

    order_id: UUID
    store_id: UUID
    lines: list[ReturnedPieces]
    reason: str
    note: _Sealed = None


async def request_return_of_order(command: RequestReturn, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``ReturnRequested``, and return its number.

    Raises:
        NotFound: no order of the store has the id.
        NothingToReturn, ReturnWindowOver, InvalidInput: refused; retrying cannot help.
    """
    at = clock.now()
    order = await work.get(ORDER, command.order_id)
    require_owner(ORDER.name, order.id, owner=order.store_id, caller=command.store_id)
    store = await work.get(STORE, order.store_id)
    wish = ReturnWish(lines=command.lines, reason=command.reason, note=command.note)
    events = request_return(order, wish, policy=store.returns, today=day_in(store.time_zone, at), at=at)
    order = work.append(ORDER, order.id, events, tenant=order.store_id)
    return {"number": len(order.after.returns)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveReturn:
    """Accept a return, or replace the instructions of an accepted one."""

    order_id: UUID
    merchant_id: UUID
    number: int
    instructions: str = ""
    address: _Sealed = None
    """Where the goods go; None means the address of the business."""
    seen: Seen = None


async def approve_return_of_order(command: ApproveReturn, work: Work, *, clock: Clock) -> None:
    """Append ``ReturnApproved``.

    Raises:
        ChangedMeanwhile: the instructions are not those that the editor saw.
        NotFound: no order or return has the id, or it is another merchant's.
        ReturnNotOpen: it is declined, received or replaced.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = approve_return(
        order,
        command.number,
        instructions=command.instructions,
        address=command.address,
        at=clock.now(),
        seen=command.seen,
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineReturn:
    """Decline a return, with the reason for the shopper."""

    order_id: UUID
    merchant_id: UUID
    number: int
    reason: str


async def decline_return_of_order(command: DeclineReturn, work: Work, *, clock: Clock) -> None:
    """Append ``ReturnDeclined``. No-op if it is declined.

    Raises:
        NotFound: no order or return has the id, or it is another merchant's.
        InvalidInput: the reason is empty.
        WithdrawalStands, ReturnNotOpen: refused; retrying cannot help.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = decline_return(order, command.number, reason=command.reason, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveReturn:
    """Record that returned goods are with the merchant."""

    order_id: UUID
    merchant_id: UUID
    number: int
    lines: list[ReceivedPieces] = field(default_factory=list)
    """Empty means everything."""
    restock: bool = False
    """Whether everything can be sold again; only without lines."""


async def receive_return_of_order(command: ReceiveReturn, work: Work, *, clock: Clock) -> None:
    """Append ``ReturnReceived``, and ``StockReturned`` for pieces that can be sold again. No-op if it is received.

    Raises:
        NotFound: no order or return has the id, or it is another merchant's.
        ReturnNotOpen, InvalidInput: refused; retrying cannot help.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = receive_return(order, command.number, lines=command.lines, restock=command.restock, at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)
    await _restock(work, order, events, at=at)


async def _restock(work: Work, order: Order, events: Iterable[OrderEvent], *, at: datetime) -> None:
    received = [line for event in events if isinstance(event, ReturnReceived) for line in event.lines]
    await put_back(work, order, restocked_pieces(received), at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReturn:
    """Pay a return back."""

    order_id: UUID
    merchant_id: UUID
    number: int
    refund_id: UUID
    shipping: Money | None = None
    """How much of the delivery's price; None means all of it for a withdrawal from the whole order, else nothing."""
    reason: str = ""


async def refund_return_of_order(command: RefundReturn, work: Work, *, clock: Clock) -> None:
    """Append ``RefundRequested``. No-op if the refund's id is known. A policy asks the provider next.

    Raises:
        NotFound: no order or return has the id, or it is another merchant's.
        ReturnNotOpen, NothingToRefund, RefundTooLarge, InvalidInput: refused; retrying cannot help.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = refund_return(
        order,
        command.number,
        refund_id=command.refund_id,
        shipping=command.shipping,
        reason=command.reason,
        at=at,
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)
    await restock(work, order, events, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceReturn:
    """Record that a carrier has new goods for returned ones. They cost nothing."""

    order_id: UUID
    merchant_id: UUID
    number: int
    carrier: str | None = None
    tracking_number: str | None = None


async def replace_return_of_order(command: ReplaceReturn, work: Work, *, clock: Clock) -> None:
    """Append ``ReplacementSent``, and take the new goods out of stock. No-op if they were sent.

    Raises:
        NotFound: no order or return has the id, or it is another merchant's.
        ReturnNotOpen: it is not approved, or it is declined, refunded or being refunded.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = send_replacement(
        order, command.number, carrier=command.carrier, tracking_number=command.tracking_number, at=at
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)
    lines = [line for event in events if isinstance(event, ReplacementSent) for line in event.lines]
    pieces = {line.variant_id: line.quantity for line in lines}
    for product_id, variant_id, quantity in goods_of_pieces(order, pieces, before={}):
        product = await work.get(PRODUCT, product_id)
        sent = send_again(product, variant_id, quantity, order_id=order.id, at=at)
        work.append(PRODUCT, product.id, sent, tenant=order.store_id)


HANDLERS: UnboundHandlers = {
    SetReturnPolicy: set_policy_for_returns,
    RequestReturn: request_return_of_order,
    ApproveReturn: approve_return_of_order,
    DeclineReturn: decline_return_of_order,
    ReceiveReturn: receive_return_of_order,
    RefundReturn: refund_return_of_order,
    ReplaceReturn: replace_return_of_order,
}
"""Each command and its handler."""
