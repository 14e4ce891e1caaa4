"""Reads revisions for requests that arrive together with one statement."""

import asyncio
from uuid import UUID

from projections.catalog.views import StoreView
from projections.reading.revisions import Revision
from storefront.ports import StorefrontQueries


class RevisionReader:
    """Every request gets a revision that was read after it arrived.

    A request never joins a reading that has begun. It joins the next one of its store, which begins when that ends.
    """

    def __init__(self, queries: StorefrontQueries) -> None:
        self._queries = queries
        self._begun: dict[UUID, asyncio.Task[Revision]] = {}
        self._next: dict[UUID, asyncio.Task[Revision]] = {}

    async def of(self, store: StoreView) -> Revision:
        """Return the revision of a store's rows."""
        reading = self._next.get(store.id)
        if reading is None:
            reading = self._next[store.id] = asyncio.create_task(self._read(store, self._begun.get(store.id)))
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        # Shielded: a client that hangs up must not cancel what the others wait for.
        return await asyncio.shield(reading)

    async def _read(self, store: StoreView, before: asyncio.Task[Revision] | None) -> Revision:
        if before is not None:
            await asyncio.wait({before})
        task = self._begun[store.id] = self._next.pop(store.id)
        try:
            return await self._queries.revision(store)
        finally:
            if self._begun.get(store.id) is task:
                del self._begun[store.id]
