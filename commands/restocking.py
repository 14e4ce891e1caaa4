"""What commands after a sale share: sold pieces go back into stock."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from commands.ports import Work
from domain.order.aggregate import Order
from domain.order.goods import goods_of_pieces
from domain.product.aggregate import PRODUCT


async def put_back(work: Work, order: Order, pieces: Mapping[UUID, int], *, at: datetime) -> None:
    """Append ``StockReturned`` for pieces of an order: of the goods that were sent for them.

    Args:
        work: takes the events.
        order: the order before the decision.
        pieces: how many, by the line's variant.
        at: the time of the decision.
    """
    for product_id, variant_id, count in goods_of_pieces(order, pieces, before=order.after.restocked):
        product = await work.get(PRODUCT, product_id)
        work.append(
            PRODUCT,
            product.id,
            product.take_back(variant_id, count, order_id=order.id, at=at),
            tenant=order.store_id,
        )
