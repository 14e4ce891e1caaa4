"""The commands for several changes of one product, and for one change of several products."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TypedDict
from uuid import UUID

from commands.access import product_of_merchant, store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.product import (
    ActivateProduct,
    ArchiveProduct,
    CountStock,
    DeactivateProduct,
    EditProduct,
    activate_product,
    archive_product,
    count_stock,
    deactivate_product,
    edit_product,
)
from commands.subscription import SoldPlans
from domain.editing import SeenValue
from domain.kernel import Clock, InvalidInput
from domain.money import Money
from domain.store.ports import TextMeasure


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProduct:
    """Change a product's texts and prices, stock and status: all changes or none."""

    edit: EditProduct
    stock: CountStock | None = None
    status: ActivateProduct | DeactivateProduct | None = None


async def change_product(command: ChangeProduct, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Run the handlers of the parts in order.

    Raises:
        InvalidInput, NotFound, ProductIsArchived, StoreNotReady: see those handlers.
    """
    await edit_product(command.edit, work, clock=clock, measure=measure)
    if command.stock is not None:
        await count_stock(command.stock, work, clock=clock)
    match command.status:
        case ActivateProduct():
            await activate_product(command.status, work, clock=clock)
        case DeactivateProduct():
            await deactivate_product(command.status, work, clock=clock)
        case None:
            pass


class ProductAction(StrEnum):
    """What happens to the status of products. Archiving is permanent and needs a stronger role: it is done one by one."""

    ACTIVATE = "ACTIVATE"
    DEACTIVATE = "DEACTIVATE"


PRODUCTS_MOST = 100
"""Most products of one change: one page of a list."""
PERCENT_LEAST, PERCENT_MOST = Decimal(-90), Decimal(900)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProducts:
    """Change the status or the prices of several products: all or none. One with another price than was seen is left out."""

    merchant_id: UUID
    store_id: UUID
    product_ids: list[UUID]
    action: ProductAction | None = None
    price_percent: Decimal | None = None
    """By how much prices change: 10 raises them by a tenth. They are rounded half up, and at least one minor unit."""
    seen: SeenValue[list[Money]] = None
    """The prices that the editor saw, in the order of the products; None to change any."""


class KeptProduct(TypedDict):
    """A product that a change of several left as it is, because its price is not the one that the editor saw."""

    product_id: str
    title: str


class ChangedProducts(TypedDict):
    """The result of a change of several products."""

    kept: list[KeptProduct]


async def change_products(
    command: ChangeProducts, work: Work, *, clock: Clock, measure: TextMeasure
) -> ChangedProducts | None:
    """Run the handlers of the changes for each product. Return the products that it left as they are, if prices were seen.

    Raises:
        InvalidInput: names the field and the product's place in the list.
        NotFound: a product is unknown, of another store, or of another merchant.
        ProductIsArchived, StoreNotReady: see those handlers.
    """
    if not 1 <= len(command.product_ids) <= PRODUCTS_MOST:
        raise InvalidInput(
            "productIds", f"There are {len(command.product_ids)} products. Choose 1 to {PRODUCTS_MOST} of them."
        )
    percent = command.price_percent
    if percent is not None and not PERCENT_LEAST <= percent <= PERCENT_MOST:
        raise InvalidInput(
            "pricePercent", f"Prices cannot change by {percent} percent. Use {PERCENT_LEAST} to {PERCENT_MOST}."
        )
    if command.action is None and percent is None:
        raise InvalidInput("action", "Nothing would change. Give an action or pricePercent.")
    if command.seen is not None and len(command.seen) != len(command.product_ids):
        raise InvalidInput(
            "expectedPrices",
            f"There are {len(command.seen)} prices for {len(command.product_ids)} products. Give one for each product.",
        )
    await store_of_merchant(work, command.store_id, command.merchant_id)
    prices = None if command.seen is None else dict(zip(command.product_ids, command.seen, strict=True))
    kept: list[KeptProduct] = []
    for number, product_id in enumerate(dict.fromkeys(command.product_ids)):
        product, store = await product_of_merchant(work, product_id, command.merchant_id)
        if store.id != command.store_id:
            raise InvalidInput(f"productIds.{number}", f"“{product.title}” is in another store. Leave it out.")
        if prices is not None and percent is not None and prices[product_id] != product.price:
            kept.append({"product_id": str(product_id), "title": product.title})
            continue
        try:
            if percent is not None:
                price = _repriced(product.price, percent)
                edit = EditProduct(product_id=product_id, merchant_id=command.merchant_id, price=price)
                await edit_product(edit, work, clock=clock, measure=measure)
            await _act(command.action, product_id, command.merchant_id, work, clock=clock)
        except InvalidInput as refusal:
            raise InvalidInput(f"productIds.{number}", f"“{product.title}”: {refusal}") from refusal
    return None if prices is None else {"kept": kept}


async def _act(action: ProductAction | None, product_id: UUID, person: UUID, work: Work, *, clock: Clock) -> None:
    match action:
        case ProductAction.ACTIVATE:
            await activate_product(ActivateProduct(product_id=product_id, merchant_id=person), work, clock=clock)
        case ProductAction.DEACTIVATE:
            await deactivate_product(DeactivateProduct(product_id=product_id, merchant_id=person), work, clock=clock)
        case None:
            pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideGoods:
    """Put some of the goods that a search found on sale and archive others: all or none."""

    merchant_id: UUID
    store_id: UUID
    activate: list[UUID]
    archive: list[UUID]


async def decide_goods(command: DecideGoods, work: Work, *, clock: Clock, sold: SoldPlans | None = None) -> None:
    """Append ``ProductActivated`` and ``ProductArchived``. No-op for products that are on sale or archived as asked.

    A product that the merchant touched is never archived here, as a new search archives none of them.

    Raises:
        InvalidInput: there are no products or too many of them, or one is in both lists or in another store.
        NotFound: a product is unknown or of another merchant.
        ProductIsArchived, StoreNotReady: see :func:`activate_product` and :func:`archive_product`.
    """
    await store_of_merchant(work, command.store_id, command.merchant_id)
    number = len(command.activate) + len(command.archive)
    if not 1 <= number <= PRODUCTS_MOST:
        raise InvalidInput("activateIds", f"There are {number} products. Choose 1 to {PRODUCTS_MOST} of them.")
    for field, ids in (("activateIds", command.activate), ("archiveIds", command.archive)):
        for place, id in enumerate(ids):
            product, store = await product_of_merchant(work, id, command.merchant_id)
            if store.id != command.store_id:
                raise InvalidInput(f"{field}.{place}", f"“{product.title}” is in another store. Leave it out.")
            if field == "activateIds":
                await activate_product(
                    ActivateProduct(product_id=id, merchant_id=command.merchant_id), work, clock=clock
                )
            elif id in command.activate:
                raise InvalidInput(f"{field}.{place}", f"“{product.title}” is in both lists. Name it in one.")
            elif not product.touched_by_merchant:
                archive = ArchiveProduct(product_id=id, merchant_id=command.merchant_id)
                await archive_product(archive, work, clock=clock, sold=sold)


def _repriced(price: Money, percent: Decimal) -> Money:
    minor = (Decimal(price.minor) * (100 + percent) / 100).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(minor=max(1, int(minor)), currency=price.currency)


HANDLERS: UnboundHandlers = {
    ChangeProduct: change_product,
    ChangeProducts: change_products,
    DecideGoods: decide_goods,
}
"""Each command and its handler."""
