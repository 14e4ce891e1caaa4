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
        self._waiting: dict[UUID, list[asyncio.Future[Revision]]] = {}
        """The requests that join the next reading, by store."""
        self._readers: dict[UUID, asyncio.Task[None]] = {}

    async def of(self, store: StoreView) -> Revision:
        """Return the revision of a store's rows."""
        waiting = self._waiting.get(store.id)
        if waiting is None:
            waiting = self._waiting[store.id] = []
            if store.id not in self._readers:
                self._readers[store.id] = asyncio.create_task(self._read(store))
        # A future of its own: a client that hangs up must not cancel what the others wait for.
        revision: asyncio.Future[Revision] = asyncio.get_running_loop().create_future()
        waiting.append(revision)
        return await revision

    async def _read(self, store: StoreView) -> None:
        """Read revisions, one after the other, until no request waits."""
        try:
            while (waiting := self._waiting.pop(store.id, None)) is not None:
                await self._read_for(store, waiting)
        finally:
            del self._readers[store.id]

    async def _read_for(self, store: StoreView, waiting: list[asyncio.Future[Revision]]) -> None:
        try:
            revision = await self._queries.revision(store)
        except Exception as error:  # noqa: BLE001 - each request raises it
            for request in waiting:
                if not request.done():
                    request.set_exception(error)
        else:
            for request in waiting:
                if not request.done():
                    request.set_result(revision)
