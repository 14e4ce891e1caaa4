"""How refunds change the rows of the sales read model."""

from collections.abc import Sequence
from uuid import UUID

from domain.money import Money, within_range
from domain.order.after_sale.events import (
    RefundedPieces,
    RefundFailed,
    RefundReported,
    RefundRequested,
    RefundSucceeded,
)
from domain.order.after_sale.state import RefundStatus
from projections.engine.tables import Folds, Json, as_json, of_tenant
from projections.sales.fold.given_back import begin_refund, change_refund, pay_back_return
from projections.sales.fold.ledger import balances_of, post
from projections.sales.fold.orders import payment_key, restate
from projections.sales.fold.periods import periods_of
from projections.sales.rows import SalesRows
from projections.sales.tables.money import RefundedPaymentRow, RefundRow

REFUND_FOLDS: Folds[SalesRows] = Folds()


def _refund_key(event: RefundSucceeded | RefundFailed, _: UUID) -> tuple[UUID, UUID]:
    return event.originator_id, event.refund_id


def _return_key(event: RefundRequested, _: UUID) -> frozenset[tuple[UUID, int]]:
    number = event.return_number
    return frozenset() if number is None else frozenset({(event.originator_id, number)})


@REFUND_FOLDS.on(RefundRequested, orders="originator_id", returns=_return_key, order_counts=of_tenant)
def refund_requested(rows: SalesRows, event: RefundRequested, tenant: UUID) -> None:
    row = _row(event, tenant, fee=event.fee_refund, lines=as_json(event.lines), here=True)
    row.unsent_items = sum(line.unsent for line in event.lines)
    row.shipping_minor, row.reason = within_range(event.shipping.minor), event.reason
    if event.return_number is not None:
        rows.returns[event.originator_id, event.return_number].refund_id = event.refund_id
        pay_back_return(rows.orders[event.originator_id], event.return_number, event.refund_id)
    _insert(rows, row, tenant, event.lines)


@REFUND_FOLDS.on(RefundReported, orders="originator_id", order_counts=of_tenant)
def refund_reported(rows: SalesRows, event: RefundReported, tenant: UUID) -> None:
    row = _row(event, tenant, fee=Money.zero(event.amount.currency), lines=as_json([]), here=False)
    row.external_id = event.external_id
    _insert(rows, row, tenant, ())


def _insert(rows: SalesRows, row: RefundRow, tenant: UUID, lines: Sequence[RefundedPieces]) -> None:
    rows.refunds[row.order_id, row.refund_id] = row
    order = rows.orders[row.order_id]
    order.refund_count += 1
    begin_refund(order, row, lines)
    restate(rows, order, tenant, row.requested_at)


def _row(event: RefundRequested | RefundReported, tenant: UUID, *, fee: Money, lines: Json, here: bool) -> RefundRow:
    return RefundRow(
        order_id=event.originator_id,
        refund_id=event.refund_id,
        store_id=tenant,
        intent_id=event.intent_id,
        external_id=None,
        amount_minor=within_range(event.amount.minor),
        fee_minor=within_range(fee.minor),
        currency=event.amount.currency,
        status=RefundStatus.REQUESTED,
        lines=lines,
        unsent_items=0,
        shipping_minor=0,
        reason="",
        failure=None,
        requested_here=here,
        requested_at=event.occurred_at,
        succeeded_at=None,
        failed_at=None,
    )


@REFUND_FOLDS.on(
    RefundSucceeded,
    orders="originator_id",
    order_counts=of_tenant,
    refunds=_refund_key,
    refunded_payments=payment_key,
    ledger_balances=balances_of(RefundSucceeded),
    sales_periods=periods_of(RefundSucceeded),
)
def refund_succeeded(rows: SalesRows, event: RefundSucceeded, tenant: UUID) -> None:
    post(rows, RefundSucceeded, event, tenant)
    row = rows.refunds[event.originator_id, event.refund_id]
    row.status, row.external_id, row.succeeded_at = RefundStatus.SUCCEEDED, event.external_id, event.occurred_at
    row.failure, row.failed_at, row.fee_minor = None, None, within_range(event.fee_refund.minor)
    _add(rows, event, tenant, 1, RefundStatus.SUCCEEDED)


@REFUND_FOLDS.on(
    RefundFailed,
    orders="originator_id",
    order_counts=of_tenant,
    refunds=_refund_key,
    refunded_payments=payment_key,
    ledger_balances=balances_of(RefundFailed),
    sales_periods=periods_of(RefundFailed),
)
def refund_failed(rows: SalesRows, event: RefundFailed, tenant: UUID) -> None:
    post(rows, RefundFailed, event, tenant)
    row = rows.refunds[event.originator_id, event.refund_id]
    row.status, row.failure, row.failed_at = RefundStatus.FAILED, event.reason, event.occurred_at
    row.external_id = event.external_id or row.external_id
    _add(rows, event, tenant, -1 if event.after_success else 0, RefundStatus.FAILED)


def _add(
    rows: SalesRows, event: RefundSucceeded | RefundFailed, tenant: UUID, times: int, status: RefundStatus
) -> None:
    """Count a refund: 1 adds it, -1 takes it away again."""
    key = payment_key(event, event.originator_id)
    if key not in rows.refunded_payments:
        rows.refunded_payments[key] = RefundedPaymentRow(*key, refunded_minor=0)
    payment, order = rows.refunded_payments[key], rows.orders[event.originator_id]
    payment.refunded_minor = within_range(payment.refunded_minor + times * event.amount.minor)
    marked = rows.refunds[event.originator_id, event.refund_id].unsent_items
    order.unsent_items += times * (marked if event.unsent is None else event.unsent)
    change_refund(order, event.refund_id, status)
    if order.intent_id == event.intent_id:
        order.refunded_minor = payment.refunded_minor
    restate(rows, order, tenant, event.occurred_at)
