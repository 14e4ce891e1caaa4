"""Counts what merchants have in the catalog."""

from uuid import UUID

from domain.subscription.entitlement import Usage
from projections.merchants.plan_queries import usage_of_merchant
from projections.reading.paging import Reader
from projections.reading.scope import SYSTEM


class ReadModelUsage:
    """Implements :class:`domain.subscription.ports.UsageCounter`."""

    def __init__(self, db: Reader) -> None:
        self._db = db

    async def count(self, merchant_id: UUID) -> Usage:
        return await usage_of_merchant(self._db, merchant_id, scope=SYSTEM)
