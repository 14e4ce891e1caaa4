"""How events of stock notices change the rows of the sales read model."""

from uuid import UUID

from domain.kernel import DomainEvent
from domain.stock_notice.aggregate import StockNoticeStatus
from domain.stock_notice.events import (
    StockNoticeConfirmed,
    StockNoticeEnded,
    StockNoticeRequested,
    StockReturnAnnounced,
)
from projections.engine.tables import Folds, as_json
from projections.sales.rows import SalesRows
from projections.sales.tables.offers import StockNoticeRow

STOCK_NOTICE_FOLDS: Folds[SalesRows] = Folds()


@STOCK_NOTICE_FOLDS.on(StockNoticeRequested)
def stock_notice_requested(rows: SalesRows, event: StockNoticeRequested, _: UUID) -> None:
    rows.stock_notices[event.originator_id] = StockNoticeRow(
        id=event.originator_id,
        store_id=event.store_id,
        product_id=event.product_id,
        variant_id=event.variant_id,
        shopper_id=event.shopper_id,
        email=as_json(event.email),
        status=StockNoticeStatus.REQUESTED,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
    )


@STOCK_NOTICE_FOLDS.on(StockNoticeConfirmed, stock_notices="originator_id")
def stock_notice_confirmed(rows: SalesRows, event: StockNoticeConfirmed, _: UUID) -> None:
    _set(rows, event, StockNoticeStatus.CONFIRMED)


@STOCK_NOTICE_FOLDS.on(StockReturnAnnounced, stock_notices="originator_id")
def stock_return_announced(rows: SalesRows, event: StockReturnAnnounced, _: UUID) -> None:
    _set(rows, event, StockNoticeStatus.ANNOUNCED)


@STOCK_NOTICE_FOLDS.on(StockNoticeEnded, stock_notices="originator_id")
def stock_notice_ended(rows: SalesRows, event: StockNoticeEnded, _: UUID) -> None:
    _set(rows, event, StockNoticeStatus.ENDED)


def _set(rows: SalesRows, event: DomainEvent, status: StockNoticeStatus) -> None:
    notice = rows.stock_notices[event.originator_id]
    notice.status, notice.updated_at = status, event.occurred_at
