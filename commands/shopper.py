"""Commands for shoppers as persons."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import require_owner, store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock
from domain.order.aggregate import ORDER
from domain.order.events import OrderStatus
from domain.shopper.aggregate import SHOPPER, forget
from domain.shopper.errors import ShopperStillServed
from domain.stock_notice.aggregate import STOCK_NOTICE
from domain.stock_notice.events import StockNoticeEnd
from domain.store.aggregate import STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetShopper:
    """Erase a shopper's personal data permanently."""

    shopper_id: UUID
    store_id: UUID
    """The store that the shopper ordered from."""


async def forget_shopper(command: ForgetShopper, work: Work, *, clock: Clock) -> None:
    """Append ``ShopperForgotten``; the erasure policy then deletes the key. No-op if the shopper is forgotten.

    Raises:
        NotFound: no store has the id.
    """
    store = await work.get(STORE, command.store_id)
    if await work.find(SHOPPER, command.shopper_id) is None:
        work.append(
            SHOPPER, command.shopper_id, forget(command.shopper_id, store_id=store.id, at=clock.now()), tenant=store.id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer:
    """Erase the personal data of one person in a store, as its merchant decided."""

    store_id: UUID
    merchant_id: UUID
    order_ids: list[UUID]
    """The person's orders; each has its own shopper."""
    notice_ids: list[UUID]
    """The stock notices that wait for the person."""
    fingerprint: str
    """Keyed digest of store and address. A repeat finds no such address any more, and is recognized by this."""


async def erase_customer(command: EraseCustomer, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``ShopperForgotten`` for each order and ``StockNoticeEnded`` for each notice. No-op for erased ones.

    Returns:
        The fingerprint, and the number of orders.

    Raises:
        NotFound: the store, an order or a notice does not exist, or it is another merchant's.
        ShopperStillServed: an order is not finished.
    """
    store, at = await store_of_merchant(work, command.store_id, command.merchant_id), clock.now()
    for order_id in command.order_ids:
        order = await work.get(ORDER, order_id)
        require_owner(ORDER.name, order_id, owner=order.store_id, caller=store.id)
        if order.status in _SERVED:
            raise ShopperStillServed(order.number)
        assert order.shopper is not None, "every order has a shopper"
        shopper_id = order.shopper.id
        if await work.find(SHOPPER, shopper_id) is None:
            work.append(SHOPPER, shopper_id, forget(shopper_id, store_id=store.id, at=at), tenant=store.id)
    for notice_id in command.notice_ids:
        notice = await work.get(STOCK_NOTICE, notice_id)
        require_owner(STOCK_NOTICE.name, notice_id, owner=notice.store_id, caller=store.id)
        work.append(STOCK_NOTICE, notice_id, notice.finish(StockNoticeEnd.ERASED, at=at), tenant=store.id)
    return {"fingerprint": command.fingerprint, "orders": str(len(command.order_ids))}


_SERVED = frozenset({OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED})

HANDLERS: UnboundHandlers = {ForgetShopper: forget_shopper, EraseCustomer: erase_customer}
"""Each command and its handler."""
