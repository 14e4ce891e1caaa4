"""What a shopper gave back of an order, kept in the order's row, so that its standing follows from the row alone."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from domain.order.after_sale.return_state import ReturnKind, ReturnStatus, stands
from domain.order.after_sale.state import RefundStatus
from domain.order.standing import TO_SHIP, Pieces, standing_of
from projections.engine.tables import Json
from projections.sales.tables.orders import OrderRow


class _Pieces(msgspec.Struct):
    quantity: int


class _Return(msgspec.Struct, omit_defaults=True):
    kind: ReturnKind
    status: ReturnStatus
    lines: list[_Pieces]
    refund_id: UUID | None = None

    @property
    def stands(self) -> bool:
        return stands(self.status)


class _Refund(msgspec.Struct):
    id: UUID
    status: RefundStatus
    lines: list[_Pieces]
    minor: int
    intent_id: str


class GivenBack(msgspec.Struct, omit_defaults=True):
    """The returns and refunds of an order, as far as they decide how it stands."""

    returns: dict[int, _Return] = {}
    refunds: dict[UUID, _Refund] = {}


_decode = msgspec.json.Decoder(GivenBack).decode
_encode = msgspec.json.Encoder().encode


def begin_return(
    order: OrderRow, number: int, *, kind: ReturnKind, status: ReturnStatus, lines: Iterable[Pieces]
) -> None:
    """Note a new return."""
    given = _read(order)
    given.returns[number] = _Return(kind, status, _pieces(lines))
    _write(order, given)


def change_return(
    order: OrderRow, number: int, *, status: ReturnStatus | None = None, refund_id: UUID | None = None
) -> None:
    """Note a return's new status, or its latest refund."""
    given = _read(order)
    known = given.returns[number]
    known.status, known.refund_id = status or known.status, refund_id or known.refund_id
    _write(order, given)


def begin_refund(order: OrderRow, refund_id: UUID, *, intent_id: str, minor: int, lines: Iterable[Pieces]) -> None:
    """Note a new refund."""
    given = _read(order)
    given.refunds[refund_id] = _Refund(refund_id, RefundStatus.REQUESTED, _pieces(lines), minor, intent_id)
    _write(order, given)


def change_refund(order: OrderRow, refund_id: UUID, status: RefundStatus) -> None:
    """Note a refund's new status."""
    given = _read(order)
    given.refunds[refund_id].status = status
    _write(order, given)


def is_to_ship(order: OrderRow) -> bool:
    """Whether the shop sends an order, or the rest of it. It must have its new status."""
    given = _read(order)
    gone = sum(
        refund.minor
        for refund in given.refunds.values()
        if refund.intent_id == order.intent_id and refund.status is not RefundStatus.FAILED
    )
    standing = standing_of(
        order.status,
        items=order.items,
        returns=given.returns.values(),
        refunds=given.refunds.values(),
        is_all_refunded=order.paid_minor is not None and gone >= order.paid_minor,
    )
    return standing in TO_SHIP


def _pieces(lines: Iterable[Pieces]) -> list[_Pieces]:
    return [_Pieces(line.quantity) for line in lines]


def _read(order: OrderRow) -> GivenBack:
    return GivenBack(returns={}, refunds={}) if order.given_back is None else _decode(order.given_back)


def _write(order: OrderRow, given: GivenBack) -> None:
    order.given_back = Json(_encode(given).decode())
