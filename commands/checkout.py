"""The command of a shopper who orders a cart: everything is checked again and reserved in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field

from commands.access import product_of_store, require_owner
from commands.discount import reserve_discount
from commands.order import cancel_unpaid
from commands.ports import UnboundHandlers, Work
from domain.cart.aggregate import CART, Cart, order_cart
from domain.cart.errors import CartAlreadyOrdered
from domain.discount.aggregate import DiscountCode
from domain.discount.terms import DiscountedLine
from domain.kernel import Clock, InvalidInput
from domain.money import Money
from domain.order.aggregate import ORDER, OrderPrice, OrderTerms, ShopperDetails, place
from domain.order.delivery import arrival_window, day_in
from domain.order.errors import TotalChanged
from domain.order.events import OrderDiscount, OrderLine, OrderStatus, PageVersionRef
from domain.order.quote import AppliedCode, Quote, quote
from domain.privacy import Sealed
from domain.product.aggregate import PRODUCT, Product
from domain.shipping.weights import grams_of
from domain.store.aggregate import STORE, Store
from domain.store.errors import StoreNotReady
from domain.store.events import StoreStatus
from domain.store.taxes import tax_of

REPLACED = "The shopper ordered the same cart again, with changes."
"""Reason for cancelling an order that another order of the same cart replaces."""
LINES_MAX = 50
"""Most lines of one order."""

T = TypeVar("T")
# Left out of the digest while unset: repeats of older commands keep their digest.
_Optional = Annotated[T | None, Field(exclude_if=lambda value: value is None)]


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
    country: _Optional[str] = None
    """ISO 3166-1 alpha-2 of the address. Without it only a store that delivers everywhere for free can be ordered from."""
    discount_code: _Optional[str] = None
    """As the shopper typed it."""
    shoppers: Annotated[list[str], Field(exclude_if=lambda value: not value)] = field(default_factory=list)
    """Random name of the shopper, then digests as older events have them; for codes with a limit per shopper."""
    quoted: _Optional[Money] = None
    """The total that the shopper saw; None skips the comparison."""


async def place_order(command: PlaceOrder, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``OrderPlaced``, a ``StockReserved`` for each line, and a ``DiscountUseReserved`` for a code.

    An unpaid order of the same cart is cancelled in the same transaction; its stock and its discount are released first.

    Raises:
        CartAlreadyOrdered: an order of the same cart is paid; retrying cannot help.
        InvalidInput: the cart is empty, too long, or has a quantity below one.
        NotFound: no store, product or variant has the id.
        StoreNotReady: the storefront is not open.
        NotForSale, InsufficientStock: refused; retrying cannot help.
        NoDelivery, TooHeavy: the store does not deliver it there.
        DiscountRefused: the code takes nothing off; the order can be placed without it.
        TooSmallToPay: the price is below the smallest payment.
        TotalChanged: the total is not the quoted one; the shopper must confirm the new one.
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
    lines, products = await _reserve_lines(work, store, quantities, order_id=command.order_id, at=at)
    discount = None
    if command.discount_code is not None:
        discount = await reserve_discount(
            work,
            store_id=store.id,
            typed=command.discount_code,
            order_id=command.order_id,
            shoppers=command.shoppers,
            at=at,
        )
    price = _price(store, lines, products, discount, command)
    pages = [PageVersionRef(page_id=id, type=page.type, number=page.number) for id, page in store.legal_pages]
    days = [product.shipping_days for product in products.values()]
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
            price=price,
            terms=OrderTerms(
                arrival=arrival_window(days, ordered_on=day_in(store.time_zone, at)),
                pages=pages,
                return_days=store.returns.days,
                store_name=None if store.brand is None else store.brand.name,
            ),
            at=at,
        ),
        tenant=store.id,
    )
    if command.quoted is not None and order.total != command.quoted:
        raise TotalChanged(quoted=command.quoted, total=order.total)
    return {
        "order_id": str(order.id),
        "number": order.number,
        "total": {"minor": order.total.minor, "currency": order.total.currency},
    }


async def _reserve_lines(
    work: Work, store: Store, quantities: Mapping[tuple[UUID, UUID], int], *, order_id: UUID, at: datetime
) -> tuple[list[OrderLine], dict[UUID, Product]]:
    lines: list[OrderLine] = []
    products: dict[UUID, Product] = {}
    for (product_id, variant_id), quantity in quantities.items():
        product = products[product_id] = await product_of_store(work, product_id, store.id)
        # The reservation refuses products that are not for sale, unknown or sold out.
        work.append(
            PRODUCT, product.id, product.reserve(variant_id, quantity, order_id=order_id, at=at), tenant=store.id
        )
        variant = product.variants[variant_id]
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
    if not lines:
        raise InvalidInput("lines", "The cart is empty. Put something into it first.")
    if len({line.unit_price.currency for line in lines}) > 1:
        raise InvalidInput("lines", "The cart mixes currencies. Order products of one currency at a time.")
    return lines, products


def _price(
    store: Store,
    lines: Sequence[OrderLine],
    products: Mapping[UUID, Product],
    discount: DiscountCode | None,
    command: PlaceOrder,
) -> OrderPrice:
    rates = store.shipping_in(lines[0].unit_price.currency)
    if command.country is None and not rates.is_included:
        raise InvalidInput("country", "The country of the address is missing. The price of the delivery depends on it.")
    quoted: Quote = quote(
        [DiscountedLine(product_id=line.product_id, total=line.total) for line in lines],
        grams=sum(
            line.quantity * (grams_of(products[line.product_id].attributes) or rates.unknown_weight) for line in lines
        ),
        rates=rates,
        country=command.country or min(rates.countries),
        code=None if discount is None else AppliedCode(code=discount.code, terms=discount.terms),
    )
    return OrderPrice(
        shipping=quoted.delivery.price,
        tax=Money.zero(quoted.subtotal.currency),
        taxes=tax_of(store.taxes, quoted.total, command.country),
        zone=None if command.country is None else quoted.delivery.zone,
        discount=None
        if discount is None
        else OrderDiscount(
            discount_id=discount.id,
            code=discount.code,
            kind=discount.terms.kind,
            amount=quoted.discount,
            shares=list(quoted.shares),
        ),
    )


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
            await cancel_unpaid(work, earlier, reason=REPLACED, at=at)
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


HANDLERS: UnboundHandlers = {PlaceOrder: place_order}
"""Each command and its handler."""
