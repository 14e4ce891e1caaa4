"""Finds stock notices in the read models."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.stock_notice.aggregate import StockNoticeStatus
from projections.reading.scope import SYSTEM
from projections.sales.stock_notice_queries import notices_to_announce, notices_unchanged_since
from projections.sales.views import StockNoticeView


class ReadModelNotices:
    """Implements :class:`consumers.schedules.stock_notices.WaitingNotices`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def to_announce(self, *, limit: int) -> Sequence[StockNoticeView]:
        return await notices_to_announce(self._pool, scope=SYSTEM, limit=limit)

    async def unchanged_since(self, before: datetime, status: StockNoticeStatus, *, limit: int) -> Sequence[UUID]:
        return await notices_unchanged_since(self._pool, before, status, scope=SYSTEM, limit=limit)
