"""Lists stores' own domains for the schedule that checks them."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from domain.store.domain_events import DomainStatus
from projections.catalog.queries import domains_to_check
from projections.catalog.views import DomainView
from projections.reading.scope import SYSTEM


class ReadModelDomains:
    """Implements :class:`consumers.schedules.domain_checks.DomainList`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(self, status: DomainStatus, *, after: tuple[str, UUID] | None, limit: int) -> Sequence[DomainView]:
        return await domains_to_check(self._pool, status, after=after, scope=SYSTEM, limit=limit)
