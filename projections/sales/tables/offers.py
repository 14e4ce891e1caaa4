"""The rows and tables of discount codes and stock notices."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.stock_notice.aggregate import StockNoticeStatus
from projections.engine.tables import Json, Table


@dataclass(slots=True)
class DiscountRow:
    """A discount code of a store, with its uses."""

    id: UUID
    store_id: UUID
    code: str
    terms: Json
    paused: bool
    reserved: int
    used: int
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class StockNoticeRow:
    """A shopper's request for a mail when a variant is back."""

    id: UUID
    store_id: UUID
    product_id: UUID
    variant_id: UUID
    shopper_id: UUID
    email: Json
    status: StockNoticeStatus
    created_at: datetime
    updated_at: datetime


DISCOUNTS = Table(
    "discounts",
    DiscountRow,
    hot=("paused", "reserved", "used", "updated_at"),
    indexes=(
        "create index on discounts (store_id, created_at, id)",
        'create index on discounts (store_id, (code collate "C"), id)',
        "create index on discounts (store_id, used, id)",
    ),
)

STOCK_NOTICES = Table(
    "stock_notices",
    StockNoticeRow,
    hot=("status", "updated_at"),
    indexes=(
        "create index on stock_notices (variant_id, created_at, id) where status = 'CONFIRMED'",
        "create index on stock_notices (product_id) where status = 'CONFIRMED'",
        "create index on stock_notices (shopper_id) where status <> 'ENDED'",
        "create index on stock_notices (store_id, created_at, id) where status <> 'ENDED'",
        "create index on stock_notices (status, updated_at, id) where status <> 'ENDED'",
    ),
)
