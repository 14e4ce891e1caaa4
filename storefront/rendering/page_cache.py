"""Rendered pages in memory, each for one revision of its store."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from projections.reading.revisions import Revision
from storefront.rendering.rendered import RenderedPage

Address = tuple[str, bytes, date]
"""Path and query string as a browser sent them, and the day in the store's zone."""
IDLE_SECONDS = 600.0
"""After how long without a request a store's pages go before those of others."""

LONGEST_QUERY = 300
"""Characters. Pages with longer query strings get no address."""


@dataclass(slots=True)
class _Entry:
    """A page, and the shortest address by which a browser asked for it."""

    page: RenderedPage
    address: Address | None = None


@dataclass(slots=True)
class _Pages:
    """The pages of one store, the longest unused first."""

    revision: Revision
    by_key: OrderedDict[Hashable, _Entry] = field(default_factory=OrderedDict)
    by_address: dict[Address, Hashable] = field(default_factory=dict)
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
        entry = pages.by_key.get(key)
        if entry is None:
            return None
        pages.by_key.move_to_end(key)
        self._stores.move_to_end(store_id)
        pages.used_at = self._now()
        return entry.page

    def at(self, store_id: UUID, revision: Revision, address: Address) -> RenderedPage | None:
        """Return the page that was named for an address; see :meth:`get`."""
        pages = self._stores.get(store_id)
        key = None if pages is None else pages.by_address.get(address)
        return None if key is None else self.get(store_id, revision, key)

    def has_address(self, store_id: UUID, address: Address) -> bool:
        """Whether a page was named for an address, for whatever rows."""
        pages = self._stores.get(store_id)
        return pages is not None and address in pages.by_address

    def name(self, store_id: UUID, revision: Revision, key: Hashable, address: Address) -> None:
        """Let :meth:`at` find a kept page by an address. No-op if the page has a shorter one, or is not kept.

        One address for each page, so made-up parameters take no memory. The shortest is the one without them.
        """
        pages = self._stores.get(store_id)
        if pages is None or pages.revision != revision or len(address[1]) > LONGEST_QUERY:
            return
        entry = pages.by_key.get(key)
        if entry is None or (entry.address is not None and len(entry.address[1]) <= len(address[1])):
            return
        if entry.address is not None:
            del pages.by_address[entry.address]
        entry.address = address
        pages.by_address[address] = key

    def put(self, store_id: UUID, revision: Revision, key: Hashable, page: RenderedPage) -> None:
        """Keep a page that was rendered from rows no older than the revision."""
        if page.size > self._most:
            return
        pages = self._stores.get(store_id)
        if pages is None or pages.revision != revision:
            self._drop(store_id)
            pages = self._stores[store_id] = _Pages(revision)
        self._forget(pages, key)
        pages.by_key[key] = _Entry(page)
        self._grow(pages, page.size)
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
            self._forget(pages, next(iter(pages.by_key)))
            if not pages.by_key:
                del self._stores[largest]

    def _drop(self, store_id: UUID) -> None:
        pages = self._stores.pop(store_id, None)
        if pages is not None:
            self.size -= pages.size

    def _forget(self, pages: _Pages, key: Hashable) -> None:
        entry = pages.by_key.pop(key, None)
        if entry is None:
            return
        self._grow(pages, -entry.page.size)
        if entry.address is not None:
            del pages.by_address[entry.address]

    def _grow(self, pages: _Pages, by: int) -> None:
        pages.size += by
        self.size += by
