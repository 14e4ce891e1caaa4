"""The goods behind pieces of an order's lines: those of the line, or the ones that substitute them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.order.aggregate import Order
from domain.order.events import OrderLine
from domain.order.fulfillment import pieces_to_send


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentGoods:
    """Goods that are left to send for a line."""

    line: OrderLine
    product_id: UUID
    variant_id: UUID
    title: str
    quantity: int


def unsent_goods(order: Order) -> Sequence[UnsentGoods]:
    """Return what is left to send for each line: its own goods, or those that substitute them."""
    left, goods = pieces_to_send(order), list[UnsentGoods]()
    for line in order.lines:
        quantity, other = left.get(line.variant_id, 0), order.after.sourcing.substitutes.get(line.variant_id)
        if quantity:
            goods.append(
                UnsentGoods(
                    line=line,
                    product_id=line.product_id if other is None else other.product_id,
                    variant_id=line.variant_id if other is None else other.substitute_id,
                    title=line.title if other is None else other.title,
                    quantity=quantity,
                )
            )
    return goods


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
