"""What a shopper gave back of an order, kept in the order's row, so that its standing follows from the row alone."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from domain.order.after_sale.return_state import ReturnKind, ReturnStatus, stands
from domain.order.after_sale.state import RefundStatus
from domain.order.given_back import Pieces
from domain.order.owed_refund import owed_since, refund_owed_since
from domain.order.standing import TO_SHIP, standing_of
from projections.engine.tables import Json
from projections.sales.tables.money import RefundRow
from projections.sales.tables.orders import OrderRow


class _Pieces(msgspec.Struct):
    variant_id: UUID
    quantity: int


class _Return(msgspec.Struct, omit_defaults=True):
    kind: ReturnKind
    status: ReturnStatus
    lines: list[_Pieces]
    refund_id: UUID | None = None
    decided_at: datetime | None = None
    received_at: datetime | None = None

    @property
    def stands(self) -> bool:
        return stands(self.status)

    @property
    def is_received(self) -> bool:
        return self.status is ReturnStatus.RECEIVED

    @property
    def owed_since(self) -> datetime | None:
        return owed_since(self.kind, self.status, decided_at=self.decided_at, received_at=self.received_at)


class _Refund(msgspec.Struct):
    id: UUID
    status: RefundStatus
    lines: list[_Pieces]
    minor: int
    intent_id: str
    requested_at: datetime


class GivenBack(msgspec.Struct, omit_defaults=True):
    """The returns and refunds of an order, as far as they decide how it stands."""

    returns: dict[int, _Return] = {}
    refunds: dict[UUID, _Refund] = {}


_decode = msgspec.json.Decoder(GivenBack).decode
_encode = msgspec.json.Encoder().encode


def begin_return(
    order: OrderRow, number: int, *, kind: ReturnKind, status: ReturnStatus, lines: Iterable[Pieces], at: datetime
) -> None:
    """Note a new return."""
    given = _read(order)
    decided_at = at if status is ReturnStatus.APPROVED else None
    given.returns[number] = _Return(kind, status, _pieces(lines), decided_at=decided_at)
    _write(order, given)


def decide_return(order: OrderRow, number: int, status: ReturnStatus, *, at: datetime) -> None:
    """Note a return's new status, and when it was first decided or when its goods came back."""
    given = _read(order)
    known = given.returns[number]
    known.status = status
    if status is ReturnStatus.RECEIVED:
        known.received_at = at
    elif status is not ReturnStatus.REPLACED:
        known.decided_at = known.decided_at or at
    _write(order, given)


def pay_back_return(order: OrderRow, number: int, refund_id: UUID) -> None:
    """Note a return's latest refund."""
    given = _read(order)
    given.returns[number].refund_id = refund_id
    _write(order, given)


def begin_refund(order: OrderRow, row: RefundRow, lines: Iterable[Pieces]) -> None:
    """Note a new refund."""
    given = _read(order)
    given.refunds[row.refund_id] = _Refund(
        id=row.refund_id,
        status=row.status,
        lines=_pieces(lines),
        minor=row.amount_minor,
        intent_id=row.intent_id,
        requested_at=row.requested_at,
    )
    _write(order, given)


def change_refund(order: OrderRow, refund_id: UUID, status: RefundStatus) -> None:
    """Note a refund's new status."""
    given = _read(order)
    given.refunds[refund_id].status = status
    _write(order, given)


def state_duties(order: OrderRow) -> None:
    """Write whether the shop sends an order or the rest of it, and since when it owes a refund. The status is the new one."""
    given = _read(order)
    gone = sum(
        refund.minor
        for refund in given.refunds.values()
        if refund.intent_id == order.intent_id and refund.status is not RefundStatus.FAILED
    )
    is_all_refunded = order.paid_minor is not None and gone >= order.paid_minor
    standing = standing_of(
        order.status,
        items=order.items,
        returns=given.returns.values(),
        refunds=given.refunds.values(),
        is_all_refunded=is_all_refunded,
        is_delivered=order.delivered_on is not None,
    )
    order.to_ship = standing in TO_SHIP
    order.refund_owed_since = refund_owed_since(
        cancelled_at=order.cancelled_at,
        is_paid=order.paid_minor is not None,
        is_all_refunded=is_all_refunded,
        returns=given.returns.values(),
        refunds=given.refunds.values(),
    )


def _pieces(lines: Iterable[Pieces]) -> list[_Pieces]:
    return [_Pieces(line.variant_id, line.quantity) for line in lines]


def _read(order: OrderRow) -> GivenBack:
    return GivenBack(returns={}, refunds={}) if order.given_back is None else _decode(order.given_back)


def _write(order: OrderRow, given: GivenBack) -> None:
    order.given_back = Json(_encode(given).decode())
