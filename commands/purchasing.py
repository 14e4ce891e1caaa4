"""Commands for buying a paid order's goods: the supplier's answer, the merchant's decision, orders at suppliers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.access import order_of_merchant, product_of_store, store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.refunds import restock
from commands.restocking import put_back
from domain.editing import Seen, refuse_overwriting
from domain.kernel import Clock, InvalidInput, NotFound, Value
from domain.merchant.aggregate import MERCHANT
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.sourcing_events import HoldReason, LineSubstituted, SourcedLine, SupplierOrderLine
from domain.order.aggregate import ORDER, Order
from domain.order.goods import UnsentGoods, unsent_goods
from domain.order.sourcing import (
    Offer,
    buy_anyway,
    record_answer,
    record_silence,
    refund_held,
    request_check,
    substitute,
)
from domain.order.supplier_orders import record_supplier_order, request_supplier_orders
from domain.product.aggregate import PRODUCT, Product
from domain.product.errors import InsufficientStock, NotForSale
from domain.product.events import ProductStatus
from domain.product.replacement import send_again
from domain.sourcing.landed import DEFAULT_DESTINATION, Destination, customs_duty
from domain.sourcing.listing import Listing, ListingVariant
from domain.store.aggregate import STORE
from domain.store.revision import store_parts
from domain.store.settings import set_supplier_ordering


class ListingAnswer(Value):
    """What a supplier says about one of its listings."""

    provider: SupplierProvider
    source_id: str
    listing: Listing | None
    """None if it has no such listing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSourcing:
    """Record what suppliers say about a paid order's goods."""

    order_id: UUID
    answers: list[ListingAnswer] = field(default_factory=list)
    silence: str | None = None
    """Why there is no answer; None if all suppliers answered."""


async def record_sourcing(command: RecordSourcing, work: Work, *, clock: Clock) -> None:
    """Append ``SourcingChecked`` or ``OrderHeld``. No-op if the order is decided, sent, cancelled or refunded.

    Raises:
        NotFound: no order has the id.
    """
    at = clock.now()
    order = await work.get(ORDER, command.order_id)
    if command.silence is not None:
        events = record_silence(order, reason=command.silence, at=at)
    else:
        listings = {(answer.provider, answer.source_id): answer.listing for answer in command.answers}
        events = record_answer(order, await _sourced(work, order, listings, at=at), at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)


async def _sourced(
    work: Work, order: Order, listings: Mapping[tuple[SupplierProvider, str], Listing | None], *, at: datetime
) -> list[SourcedLine]:
    """Return what the pieces that are left to send cost now."""
    store = await work.get(STORE, order.store_id)
    merchant = await work.get(MERCHANT, store.merchant_id)
    country = DEFAULT_DESTINATION if merchant.business is None else merchant.business.country
    destination = Destination(country=country, on=at.date())
    return [
        _line(await work.get(PRODUCT, goods.product_id), goods, listings, destination) for goods in unsent_goods(order)
    ]


def _line(
    product: Product,
    goods: UnsentGoods,
    listings: Mapping[tuple[SupplierProvider, str], Listing | None],
    destination: Destination,
) -> SourcedLine:
    variant_id, quantity = goods.line.variant_id, goods.quantity
    zero = Money.zero(product.cost.currency)
    if product.source is None or product.source not in listings:
        # The merchant's own goods, or a supplier that this installation cannot ask: what they cost when they were added.
        known = product.variants[goods.variant_id].cost or product.cost
        return SourcedLine(variant_id=variant_id, quantity=quantity, cost=known, freight=zero, duty=zero, stock=None)
    listing = listings[product.source]
    form = None if listing is None else variant_of(listing, product, goods.variant_id)
    if listing is None or form is None:
        return SourcedLine(variant_id=variant_id, quantity=quantity, cost=None, freight=None, duty=None, stock=0)
    return SourcedLine(
        variant_id=variant_id,
        quantity=quantity,
        cost=form.cost,
        freight=listing.shipping_cost,
        duty=customs_duty(form.cost, destination) or Money.zero(form.cost.currency),
        stock=form.stock,
    )


def variant_of(listing: Listing, product: Product, variant_id: UUID) -> ListingVariant | None:
    """Return a product's variant in its supplier's listing, by SKU, else by title; None if it is gone."""
    known = product.variants[variant_id]
    for form in listing.variants:
        if form.sku == known.sku if known.sku is not None else form.title == known.title:
            return form
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSupplierAgain:
    """Ask the supplier once more about a held order."""

    order_id: UUID
    merchant_id: UUID


async def check_supplier_again(command: CheckSupplierAgain, work: Work, *, clock: Clock) -> None:
    """Append ``SourcingCheckRequested``. A policy asks next.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotHeld: the order waits for no decision.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    work.append(ORDER, order.id, request_check(order, at=clock.now()), tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyAnyway:
    """Let a held order be bought."""

    order_id: UUID
    merchant_id: UUID


async def buy_held_order(command: BuyAnyway, work: Work, *, clock: Clock) -> None:
    """Append ``OrderReleased``.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotHeld: the order waits for no decision.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    work.append(ORDER, order.id, buy_anyway(order, at=clock.now()), tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Other goods of the store for a line."""

    variant_id: UUID
    """The line's."""
    product_id: UUID
    substitute_id: UUID
    """The variant that is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstituteLines:
    """Send other goods for lines of a held order, at the merchant's cost."""

    order_id: UUID
    merchant_id: UUID
    lines: list[Substitution]


async def substitute_lines(command: SubstituteLines, work: Work, *, clock: Clock) -> None:
    """Append ``LineSubstituted`` for each line, ``OrderReleased``, ``SourcingCheckRequested``, and take the goods out of stock.

    A policy asks the suppliers of these goods next. The line's own goods go back into stock if the supplier still has them.

    Raises:
        NotFound: no order, product or variant has the id, or it is another merchant's or store's.
        OrderNotHeld: the order waits for no decision.
        NotForSale, InsufficientStock, InvalidInput: refused; retrying cannot help.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    offers: dict[UUID, Offer] = {}
    for n, line in enumerate(command.lines):
        if line.variant_id in offers:
            raise InvalidInput(f"lines.{n}.variant_id", f"Variant {line.variant_id} is named twice. Name it once.")
        product = await product_of_store(work, line.product_id, order.store_id)
        variant = product.variants.get(line.substitute_id)
        if variant is None:
            raise NotFound("variant", line.substitute_id)
        if product.status is not ProductStatus.ACTIVE:
            raise NotForSale(product.id, product.title)
        offers[line.variant_id] = Offer(
            product_id=product.id,
            variant_id=line.substitute_id,
            title=product.title,
            variant_title=variant.title,
            price=variant.price,
        )
    events = substitute(order, offers, at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)
    for event in events:
        if isinstance(event, LineSubstituted):
            product = await work.get(PRODUCT, event.product_id)
            available = product.variants[event.substitute_id].available
            if available < event.quantity:
                raise InsufficientStock(product.id, product.title, requested=event.quantity, available=available)
            sent = send_again(product, event.substitute_id, event.quantity, order_id=order.id, at=at)
            work.append(PRODUCT, product.id, sent, tenant=order.store_id)
    if order.after.sourcing.held is HoldReason.LOSS:
        # The supplier still has these goods, and they are not sent.
        kept = {event.variant_id: event.quantity for event in events if isinstance(event, LineSubstituted)}
        await put_back(work, order, kept, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundHeldOrder:
    """Pay a held order back."""

    order_id: UUID
    merchant_id: UUID
    refund_id: UUID
    reason: str = ""


async def refund_held_order(command: RefundHeldOrder, work: Work, *, clock: Clock) -> None:
    """Append ``OrderReleased`` with a cancellation and a refund. A policy asks the provider next.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        OrderNotHeld, NothingToRefund: refused; retrying cannot help.
    """
    at = clock.now()
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = refund_held(order, refund_id=command.refund_id, reason=command.reason, at=at)
    work.append(ORDER, order.id, events, tenant=order.store_id)
    await restock(work, order, events, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSupplierOrdering:
    """Decide whether a store's paid orders are placed at suppliers without asking."""

    store_id: UUID
    merchant_id: UUID
    enabled: bool
    seen: Seen = None


async def set_ordering_at_suppliers(command: SetSupplierOrdering, work: Work, *, clock: Clock) -> None:
    """Append ``SupplierOrderingSet``. No-op if it is decided so.

    Raises:
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    refuse_overwriting(command.seen, store_parts(store, store.brand), ["SUPPLIER_ORDERING"])
    events = set_supplier_ordering(store, enabled=command.enabled, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSupplierOrders:
    """Place a checked order at its suppliers, by the store's setting."""

    order_id: UUID


async def request_orders_at_suppliers(command: RequestSupplierOrders, work: Work, *, clock: Clock) -> None:
    """Append ``SupplierOrderRequested`` for each supplier that has no order yet. No-op if the setting is off.

    Raises:
        NotFound: no order has the id.
        NotToBeBought: the order is held, sent, cancelled or refunded.
    """
    order = await work.get(ORDER, command.order_id)
    store = await work.get(STORE, order.store_id)
    if store.orders_at_suppliers:
        bought = await _bought(work, order)
        events = request_supplier_orders(order, bought, by_hand=False, at=clock.now())
        work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSupplierOrder:
    """Place an order at its suppliers by hand, or try those again that failed."""

    order_id: UUID
    merchant_id: UUID


async def place_supplier_order(command: PlaceSupplierOrder, work: Work, *, clock: Clock) -> None:
    """Append ``SupplierOrderRequested`` for each supplier that has no order, or one that failed.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
        NotToBeBought: the order is held, sent, cancelled or refunded, or nothing is left to place.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = request_supplier_orders(order, await _bought(work, order), by_hand=True, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


async def _bought(work: Work, order: Order) -> Mapping[SupplierProvider, Sequence[SupplierOrderLine]]:
    """Return what is bought at each supplier: the pieces that are left to send, or what is sent instead."""
    found: defaultdict[SupplierProvider, list[SupplierOrderLine]] = defaultdict(list)
    for goods in unsent_goods(order):
        product = await work.get(PRODUCT, goods.product_id)
        variant = product.variants[goods.variant_id]
        if product.source is not None:
            provider, source_id = product.source
            found[provider].append(
                SupplierOrderLine(
                    source_id=source_id,
                    sku=variant.sku,
                    variant_title=variant.title,
                    quantity=goods.quantity,
                    price_limit=_limit_of(order, goods, product),
                )
            )
    return found


def _limit_of(order: Order, goods: UnsentGoods, product: Product) -> Money | None:
    """Return the most that a piece may cost: what the supplier said when it was asked.

    If it did not answer about a substitute, that is the substitute's price in the store, so that no more is lost than was
    agreed to. None if that is in another currency than the supplier asks for, or if nothing is known.
    """
    known = order.after.sourcing.prices.get(goods.line.variant_id)
    other, price = order.after.sourcing.substitutes.get(goods.line.variant_id), goods.line.unit_price
    if known is not None or other is None or product.cost.currency != price.currency:
        return known
    return price + Money.of(other.extra_cost.minor // other.quantity, price.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSupplierOrder:
    """Record a supplier's answer to an order."""

    order_id: UUID
    provider: SupplierProvider
    external_id: str | None
    """The supplier's id; None if it did not take the order."""
    reason: str = ""
    surplus: Annotated[int, Field(exclude_if=lambda surplus: not surplus)] = 0
    """Pieces of its order beyond those that were left to send."""
    refused: Annotated[bool, Field(exclude_if=lambda refused: not refused)] = False
    """Whether the supplier surely has no order."""


async def record_order_at_supplier(command: RecordSupplierOrder, work: Work, *, clock: Clock) -> None:
    """Append ``SupplierOrderPlaced`` or ``SupplierOrderFailed``. No-op if it is placed or failed already.

    Raises:
        NotFound: no order has the id.
    """
    order = await work.get(ORDER, command.order_id)
    events = record_supplier_order(
        order,
        command.provider,
        external_id=command.external_id,
        reason=command.reason,
        at=clock.now(),
        surplus=command.surplus,
        refused=command.refused,
    )
    work.append(ORDER, order.id, events, tenant=order.store_id)


HANDLERS: UnboundHandlers = {
    RecordSourcing: record_sourcing,
    CheckSupplierAgain: check_supplier_again,
    BuyAnyway: buy_held_order,
    SubstituteLines: substitute_lines,
    RefundHeldOrder: refund_held_order,
    SetSupplierOrdering: set_ordering_at_suppliers,
    RequestSupplierOrders: request_orders_at_suppliers,
    PlaceSupplierOrder: place_supplier_order,
    RecordSupplierOrder: record_order_at_supplier,
}
"""Each command and its handler."""
