"""Finds overdue steps and orders, and near deadlines of disputes, in the read models."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from projections.jobs.queries import jobs_past_deadline
from projections.jobs.views import OverdueJob
from projections.merchants.plan_queries import merchants_past_grace
from projections.reading.scope import SYSTEM
from projections.sales.dispute_queries import disputes_near_deadline
from projections.sales.queries import pending_orders_before, pending_orders_of_archived_stores


class ReadModelOverdue:
    """Implements :class:`consumers.schedules.deadlines.Overdue`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def steps(self, now: datetime, *, limit: int) -> Sequence[OverdueJob]:
        return await jobs_past_deadline(self._pool, now, scope=SYSTEM, limit=limit)

    async def unpaid_orders(self, placed_before: datetime, *, limit: int) -> Sequence[UUID]:
        return await pending_orders_before(self._pool, placed_before, scope=SYSTEM, limit=limit)

    async def orders_of_archived_stores(self, *, limit: int) -> Sequence[UUID]:
        return await pending_orders_of_archived_stores(self._pool, scope=SYSTEM, limit=limit)

    async def unpaid_plans(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        return await merchants_past_grace(self._pool, now, scope=SYSTEM, limit=limit)

    async def disputes(
        self, now: datetime, *, before: datetime, opened_before: datetime, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        return await disputes_near_deadline(
            self._pool, after=now, before=before, opened_before=opened_before, scope=SYSTEM, limit=limit
        )
