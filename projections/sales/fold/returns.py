"""How returns change the rows of the sales read model."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from domain.order.after_sale.return_events import (
    ReplacementSent,
    ReturnApproved,
    ReturnDeclined,
    ReturnEvent,
    ReturnReceived,
    ReturnRequested,
)
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus, first_status
from domain.order.events import WithdrawalReceived
from projections.engine.tables import Folds, as_json, of_tenant
from projections.sales.fold.given_back import begin_return, decide_return
from projections.sales.fold.orders import mark_withdrawn, restate
from projections.sales.rows import SalesRows
from projections.sales.tables.after_sale import ReturnRow, WithdrawalRow
from projections.sales.tables.orders import OrderRow

RETURN_FOLDS: Folds[SalesRows] = Folds()


def return_key(event: ReturnEvent, _: UUID) -> tuple[UUID, int]:
    """Return the key of the return that an event is about."""
    return event.originator_id, event.number


@RETURN_FOLDS.on(WithdrawalReceived, orders="originator_id", order_counts=of_tenant)
def withdrawal_received(rows: SalesRows, event: WithdrawalReceived, tenant: UUID) -> None:
    order = rows.orders[event.originator_id]
    mark_withdrawn(rows, order, tenant, event.occurred_at)
    rows.withdrawals[event.originator_id, event.number] = WithdrawalRow(
        order_id=event.originator_id,
        number=event.number,
        lines=as_json(event.lines),
        name=as_json(event.name),
        email=as_json(event.email),
        deadline=event.deadline,
        is_late=event.is_late,
        at=event.occurred_at,
    )
    new = _begin(rows, order, event, tenant, kind=ReturnKind.WITHDRAWAL, deadline=event.deadline, is_late=event.is_late)
    new.withdrawal_number = event.number
    restate(rows, order, tenant, event.occurred_at)


@RETURN_FOLDS.on(ReturnRequested, orders="originator_id", order_counts=of_tenant)
def return_requested(rows: SalesRows, event: ReturnRequested, tenant: UUID) -> None:
    order = rows.orders[event.originator_id]
    new = _begin(rows, order, event, tenant, kind=ReturnKind.RETURN, deadline=event.deadline, is_late=False)
    new.reason, new.note = event.reason, None if event.note is None else as_json(event.note)
    restate(rows, order, tenant, event.occurred_at)


def _begin(
    rows: SalesRows,
    order: OrderRow,
    event: WithdrawalReceived | ReturnRequested,
    tenant: UUID,
    *,
    kind: ReturnKind,
    deadline: date | None,
    is_late: bool,
) -> ReturnRow:
    status = first_status(kind, is_late=is_late)
    order.return_count += 1
    order.returns_to_decide += status is ReturnStatus.REQUESTED
    begin_return(order, order.return_count, kind=kind, status=status, lines=event.lines, at=event.occurred_at)
    lines: Sequence[object] = event.lines
    new = rows.returns[order.id, order.return_count] = ReturnRow(
        order_id=order.id,
        number=order.return_count,
        store_id=tenant,
        kind=kind,
        withdrawal_number=None,
        status=status,
        lines=as_json(lines),
        reason="",
        note=None,
        deadline=deadline,
        is_late=is_late,
        instructions="",
        address=None,
        decline_reason=None,
        received=None,
        refund_id=None,
        carrier=None,
        tracking_number=None,
        requested_at=event.occurred_at,
        decided_at=event.occurred_at if status is ReturnStatus.APPROVED else None,
        received_at=None,
        replaced_at=None,
    )
    return new


@RETURN_FOLDS.on(ReturnApproved, orders="originator_id", returns=return_key, order_counts=of_tenant)
def return_approved(rows: SalesRows, event: ReturnApproved, tenant: UUID) -> None:
    row = _decide(rows, event, tenant, ReturnStatus.APPROVED)
    row.instructions, row.address = event.instructions, None if event.address is None else as_json(event.address)


@RETURN_FOLDS.on(ReturnDeclined, orders="originator_id", returns=return_key, order_counts=of_tenant)
def return_declined(rows: SalesRows, event: ReturnDeclined, tenant: UUID) -> None:
    _decide(rows, event, tenant, ReturnStatus.DECLINED).decline_reason = event.reason


def _decide(rows: SalesRows, event: ReturnApproved | ReturnDeclined, tenant: UUID, status: ReturnStatus) -> ReturnRow:
    row, order = rows.returns[event.originator_id, event.number], rows.orders[event.originator_id]
    order.returns_to_decide -= row.status == ReturnStatus.REQUESTED
    row.status, row.decided_at = status, row.decided_at or event.occurred_at
    decide_return(order, event.number, status, at=event.occurred_at)
    restate(rows, order, tenant, event.occurred_at)
    return row


@RETURN_FOLDS.on(ReturnReceived, orders="originator_id", returns=return_key, order_counts=of_tenant)
def return_received(rows: SalesRows, event: ReturnReceived, tenant: UUID) -> None:
    row = rows.returns[event.originator_id, event.number]
    row.status, row.received, row.received_at = ReturnStatus.RECEIVED, as_json(event.lines), event.occurred_at
    _change(rows, event, tenant, ReturnStatus.RECEIVED)


def _change(rows: SalesRows, event: ReturnReceived | ReplacementSent, tenant: UUID, status: ReturnStatus) -> None:
    order = rows.orders[event.originator_id]
    decide_return(order, event.number, status, at=event.occurred_at)
    restate(rows, order, tenant, event.occurred_at)


@RETURN_FOLDS.on(ReplacementSent, orders="originator_id", returns=return_key, order_counts=of_tenant)
def replacement_sent(rows: SalesRows, event: ReplacementSent, tenant: UUID) -> None:
    row = rows.returns[event.originator_id, event.number]
    row.status, row.replaced_at = ReturnStatus.REPLACED, event.occurred_at
    row.carrier, row.tracking_number = event.carrier, event.tracking_number
    _change(rows, event, tenant, ReturnStatus.REPLACED)
