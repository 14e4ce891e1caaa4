"""The commands for several changes of one product, and for one change of several products."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from commands.access import product_of_merchant, store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.product import (
    ActivateProduct,
    CountStock,
    DeactivateProduct,
    EditProduct,
    activate_product,
    count_stock,
    deactivate_product,
    edit_product,
)
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
    """Change the status or the prices of several products: all or none."""

    merchant_id: UUID
    store_id: UUID
    product_ids: list[UUID]
    action: ProductAction | None = None
    price_percent: Decimal | None = None
    """By how much prices change: 10 raises them by a tenth. They are rounded half up, and at least one minor unit."""


async def change_products(command: ChangeProducts, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Run the handlers of the changes for each product.

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
    await store_of_merchant(work, command.store_id, command.merchant_id)
    for number, product_id in enumerate(dict.fromkeys(command.product_ids)):
        product, store = await product_of_merchant(work, product_id, command.merchant_id)
        if store.id != command.store_id:
            raise InvalidInput(f"productIds.{number}", f"“{product.title}” is in another store. Leave it out.")
        try:
            if percent is not None:
                price = _repriced(product.price, percent)
                edit = EditProduct(product_id=product_id, merchant_id=command.merchant_id, price=price)
                await edit_product(edit, work, clock=clock, measure=measure)
            await _act(command.action, product_id, command.merchant_id, work, clock=clock)
        except InvalidInput as refusal:
            raise InvalidInput(f"productIds.{number}", f"“{product.title}”: {refusal}") from refusal


async def _act(action: ProductAction | None, product_id: UUID, person: UUID, work: Work, *, clock: Clock) -> None:
    match action:
        case ProductAction.ACTIVATE:
            await activate_product(ActivateProduct(product_id=product_id, merchant_id=person), work, clock=clock)
        case ProductAction.DEACTIVATE:
            await deactivate_product(DeactivateProduct(product_id=product_id, merchant_id=person), work, clock=clock)
        case None:
            pass


def _repriced(price: Money, percent: Decimal) -> Money:
    minor = (Decimal(price.minor) * (100 + percent) / 100).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(minor=max(1, int(minor)), currency=price.currency)


HANDLERS: UnboundHandlers = {ChangeProduct: change_product, ChangeProducts: change_products}
"""Each command and its handler."""
