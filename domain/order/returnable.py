"""What of an order can be returned. The aggregate and the sales read model use the same rule."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.return_state import ReturnKind


class ComingBack(Protocol):
    """A return."""

    @property
    def kind(self) -> ReturnKind: ...

    @property
    def lines(self) -> Sequence[ReturnedPieces]: ...

    @property
    def stands(self) -> bool: ...


class SentPieces(Protocol):
    """Pieces in a parcel."""

    @property
    def variant_id(self) -> UUID: ...

    @property
    def quantity(self) -> int: ...


def left_to_return(
    quantities: Mapping[UUID, int],
    *,
    sent: Iterable[SentPieces],
    returns: Collection[ComingBack],
    refunded: Iterable[RefundedPieces],
) -> Mapping[UUID, int]:
    """Return by variant the pieces that were sent, do not come back already, and are not refunded.

    Args:
        quantities: the order's pieces by variant.
        sent: the pieces in parcels.
        returns: the order's returns.
        refunded: the pieces of refunds that did not fail and are for no return.
    """
    shipped, gone, gone_of_sent = Counter[UUID](), Counter[UUID](), Counter[UUID]()
    for piece in sent:
        shipped[piece.variant_id] += piece.quantity
    for line in (line for each in returns if each.stands for line in each.lines):
        gone[line.variant_id] += line.quantity
    for line in (line for each in returns if each.stands and each.kind is ReturnKind.RETURN for line in each.lines):
        gone_of_sent[line.variant_id] += line.quantity
    for refund in refunded:
        gone[refund.variant_id] += refund.quantity
        gone_of_sent[refund.variant_id] += refund.quantity - refund.unsent
    # A withdrawal may be about pieces that were not sent yet, so only the pieces of the order limit it.
    left = {id: min(shipped[id] - gone_of_sent[id], count - gone[id]) for id, count in quantities.items()}
    return {id: count for id, count in left.items() if count > 0}
