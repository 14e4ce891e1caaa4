"""The command for several changes of one product at once."""

from dataclasses import dataclass

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
from domain.kernel import Clock
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


HANDLERS: UnboundHandlers = {ChangeProduct: change_product}
"""The command and its handler."""
