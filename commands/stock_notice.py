"""Commands for stock notices: shoppers ask, confirm and withdraw; the schedule announces and ends."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import product_of_store
from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock, NotFound
from domain.privacy import Sealed
from domain.product.errors import NotForSale
from domain.product.events import ProductStatus
from domain.product.variants import VariantState
from domain.stock_notice.aggregate import STOCK_NOTICE, request_notice
from domain.stock_notice.errors import InStock, StillSoldOut
from domain.stock_notice.events import StockNoticeEnd
from domain.store.aggregate import STORE
from domain.store.events import StoreStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStockNotice:
    """Ask for a mail when a sold-out variant is back."""

    notice_id: UUID
    store_id: UUID
    product_id: UUID
    variant_id: UUID
    shopper_id: UUID
    email: Sealed
    consent: str


async def request_stock_notice(command: RequestStockNotice, work: Work, *, clock: Clock) -> None:
    """Append ``StockNoticeRequested``. No-op if the notice exists.

    Raises:
        NotFound: the store has no such product or variant.
        NotForSale: the product or the store does not sell.
        InStock: the variant can be bought now.
    """
    if not await work.is_new(STOCK_NOTICE, command.notice_id):
        return
    if await _stock(work, command.store_id, command.product_id, command.variant_id) > 0:
        product = await product_of_store(work, command.product_id, command.store_id)
        raise InStock(product.title)
    events = request_notice(
        command.notice_id,
        store_id=command.store_id,
        product_id=command.product_id,
        variant_id=command.variant_id,
        shopper_id=command.shopper_id,
        email=command.email,
        consent=command.consent,
        at=clock.now(),
    )
    work.append(STOCK_NOTICE, command.notice_id, events, tenant=command.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmStockNotice:
    """Confirm the address of a stock notice."""

    notice_id: UUID


async def confirm_stock_notice(command: ConfirmStockNotice, work: Work, *, clock: Clock) -> None:
    """Append ``StockNoticeConfirmed``. No-op if the address is confirmed.

    Raises:
        NotFound: no notice has the id.
        StockNoticeOver: the notice ended.
    """
    notice = await work.get(STOCK_NOTICE, command.notice_id)
    work.append(STOCK_NOTICE, notice.id, notice.confirm(at=clock.now()), tenant=notice.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceStockReturn:
    """Send the mail of a confirmed stock notice."""

    notice_id: UUID


async def announce_stock_return(command: AnnounceStockReturn, work: Work, *, clock: Clock) -> None:
    """Append ``StockReturnAnnounced``. No-op unless the notice waits for its variant.

    Raises:
        NotFound: no notice has the id, or the variant is gone.
        NotForSale: the product or the store does not sell.
        StillSoldOut: the variant cannot be bought.
    """
    notice = await work.get(STOCK_NOTICE, command.notice_id)
    if await _stock(work, notice.store_id, notice.product_id, notice.variant_id) <= 0:
        product = await product_of_store(work, notice.product_id, notice.store_id)
        raise StillSoldOut(product.title)
    work.append(STOCK_NOTICE, notice.id, notice.announce(at=clock.now()), tenant=notice.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStockNotice:
    """End a stock notice, which deletes its address."""

    notice_id: UUID
    end: StockNoticeEnd


async def end_stock_notice(command: EndStockNotice, work: Work, *, clock: Clock) -> None:
    """Append ``StockNoticeEnded``; the erasure policy then deletes the address's key. No-op if the notice ended.

    Raises:
        NotFound: no notice has the id.
    """
    notice = await work.get(STOCK_NOTICE, command.notice_id)
    work.append(STOCK_NOTICE, notice.id, notice.finish(command.end, at=clock.now()), tenant=notice.store_id)


async def _stock(work: Work, store_id: UUID, product_id: UUID, variant_id: UUID) -> int:
    product = await product_of_store(work, product_id, store_id)
    variant: VariantState | None = product.variants.get(variant_id)
    if variant is None:
        raise NotFound("variant", variant_id)
    store = await work.get(STORE, store_id)
    if product.status is not ProductStatus.ACTIVE or store.status is not StoreStatus.ACTIVE:
        raise NotForSale(product.id, product.title)
    return variant.available


HANDLERS: UnboundHandlers = {
    RequestStockNotice: request_stock_notice,
    ConfirmStockNotice: confirm_stock_notice,
    AnnounceStockReturn: announce_stock_return,
    EndStockNotice: end_stock_notice,
}
"""Each command and its handler."""
