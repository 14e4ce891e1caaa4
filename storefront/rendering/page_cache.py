"""Rendered pages in memory, each for one revision of its store."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from uuid import UUID

from projections.reading.revisions import Revision
from storefront.rendering.rendered import RenderedPage

IDLE_SECONDS = 600.0
"""After how long without a request a store's pages go before those of others."""


@dataclass(slots=True)
class _Pages:
    """The pages of one store, the longest unused first."""

    revision: Revision
    by_key: OrderedDict[Hashable, RenderedPage] = field(default_factory=OrderedDict)
    size: int = 0
    used_at: float = 0.0


class PageCache:
    """Keeps rendered pages until their store's revision changes.

    When it is full, idle stores lose their pages first, then the store with the most bytes its longest unused page. So a
    store that fills the cache, or a robot in it, takes room from itself.

    Args:
        most: bytes, of all pages together.
        now: seconds that never go back.
    """

    def __init__(self, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = most, now
        self._stores: OrderedDict[UUID, _Pages] = OrderedDict()
        """The longest unused store first."""
        self.size = 0
        """Bytes of all pages."""

    def get(self, store_id: UUID, revision: Revision, key: Hashable) -> RenderedPage | None:
        """Return a page; None if it is not kept, or kept for other rows."""
        pages = self._stores.get(store_id)
        if pages is None or pages.revision != revision:
            return None
        page = pages.by_key.get(key)
        if page is not None:
            pages.by_key.move_to_end(key)
            self._stores.move_to_end(store_id)
            pages.used_at = self._now()
        return page

    def put(self, store_id: UUID, revision: Revision, key: Hashable, page: RenderedPage) -> None:
        """Keep a page that was rendered from rows no older than the revision."""
        if page.size > self._most:
            return
        pages = self._stores.get(store_id)
        if pages is None or pages.revision != revision:
            self._drop(store_id)
            pages = self._stores[store_id] = _Pages(revision)
        before = pages.by_key.pop(key, None)
        pages.by_key[key] = page
        self._grow(pages, page.size - (0 if before is None else before.size))
        self._stores.move_to_end(store_id)
        pages.used_at = self._now()
        self._shrink()

    def _shrink(self) -> None:
        while self.size > self._most:
            oldest = next(iter(self._stores))
            if self._now() - self._stores[oldest].used_at > IDLE_SECONDS:
                self._drop(oldest)
                continue
            largest = max(self._stores, key=lambda store_id: self._stores[store_id].size)
            pages = self._stores[largest]
            _, page = pages.by_key.popitem(last=False)
            self._grow(pages, -page.size)
            if not pages.by_key:
                del self._stores[largest]

    def _drop(self, store_id: UUID) -> None:
        pages = self._stores.pop(store_id, None)
        if pages is not None:
            self.size -= pages.size

    def _grow(self, pages: _Pages, by: int) -> None:
        pages.size += by
        self.size += by
