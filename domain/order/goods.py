"""The goods behind pieces of an order's lines: those of the line, or the ones that substitute them."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from domain.order.aggregate import Order
from domain.order.events import OrderLine


def goods_of_pieces(
    order: Order, pieces: Mapping[UUID, int], *, before: Mapping[UUID, int]
) -> Iterator[tuple[UUID, UUID, int]]:
    """Yield product, variant and count of the goods that stand for pieces of lines.

    A line can be sent in part before the rest is substituted. The substitutes come first, because they were sent last.

    Args:
        order: the order.
        pieces: how many, by the line's variant.
        before: how many were asked for earlier, by the line's variant.
    """
    lines: Mapping[UUID, OrderLine] = {line.variant_id: line for line in order.lines}
    for variant_id, count in pieces.items():
        substitute = order.after.sourcing.substitutes.get(variant_id)
        other = 0
        if substitute is not None:
            left = max(0, substitute.quantity - before.get(variant_id, 0))
            other = min(count, left)
            if other:
                yield substitute.product_id, substitute.substitute_id, other
        if count > other:
            yield lines[variant_id].product_id, variant_id, count - other
