"""Pieces that leave the stock without a sale: a carrier has them as a replacement."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.kernel import next_header
from domain.product.aggregate import Product
from domain.product.events import ProductEvent, StockReserved, StockSold


def send_again(
    product: Product, variant_id: UUID, quantity: int, *, order_id: UUID, at: datetime
) -> Sequence[ProductEvent]:
    """Take replaced pieces out of the stock, as many as it has. They were sent, so nothing is refused.

    Args:
        product: the product.
        variant_id: the variant.
        quantity: how many pieces a carrier has.
        order_id: the order that they replace pieces of.
        at: the time of the decision.
    """
    variant = product.variants.get(variant_id)
    taken = 0 if variant is None else min(quantity, variant.on_hand)
    if not taken:
        return ()
    pieces = {"order_id": order_id, "variant_id": variant_id, "quantity": taken}
    return (
        StockReserved(**next_header(product, at), **pieces),
        StockSold(**next_header(product, at, 2), **pieces),
    )
