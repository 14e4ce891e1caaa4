"""What many pages of a store show: its links, shelves, number of products, and trader. Read once per revision."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar
from uuid import UUID

from projections.catalog.views import ON_SALE, CategoryCount, CategoryTextView, ProductFilter, StoreView
from projections.reading.revisions import Revision
from storefront.ports import StorefrontDependencies
from storefront.shelves.grouping import Shelf, shelves_of
from storefront.visit.shop_details import ShopDetailsReader

LINKED = frozenset({"type", "title", "slug"})
"""The attributes of a content page that links to it need."""
ANY_ON_SALE = ProductFilter(statuses=ON_SALE)
T = TypeVar("T")


class KeptByRevision(Generic[T]):
    """Keeps one value per store until the store's revision changes.

    Args:
        read: reads the value of a store.
        most: how many stores' values to keep.
    """

    def __init__(self, read: Callable[[StoreView], Awaitable[T]], *, most: int = 1_000) -> None:
        self._read, self._most = read, most
        self._kept: OrderedDict[UUID, tuple[Revision, T]] = OrderedDict()

    async def of(self, store: StoreView, revision: Revision | None) -> T:
        """Return a store's value.

        Args:
            store: the store.
            revision: of the store's rows, read before this call; None if nothing is to be kept.
        """
        kept = self._kept.get(store.id)
        if kept is not None and kept[0] == revision:
            self._kept.move_to_end(store.id)
            return kept[1]
        value = await self._read(store)
        if revision is not None:
            self._kept[store.id] = revision, value
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value


@dataclass(frozen=True)
class Categories:
    """The categories of a store's products."""

    counts: Sequence[CategoryCount]
    texts: Mapping[str, CategoryTextView] = field(default_factory=dict)
    """The texts and addresses of category pages, by the shelf's own slug."""

    @cached_property
    def shelves(self) -> Sequence[Shelf]:
        """The shelves that they make, with their own titles, texts and addresses."""
        return [shelf.described(self.texts.get(shelf.slug)) for shelf in shelves_of(self.counts)]


class StoreFacts:
    """The facts of all stores; one per process."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        queries, details = deps.queries, ShopDetailsReader(deps)

        async def categories(store: StoreView) -> Categories:
            counts = await queries.categories(store.id, statuses=ON_SALE)
            texts = await queries.category_texts(store.id)
            return Categories(counts, {text.category: text for text in texts})

        self.linked_pages = KeptByRevision(lambda store: queries.pages(store.id, only=LINKED))
        """Content pages, with what a link to them needs."""
        self.categories = KeptByRevision(categories)
        self.collections = KeptByRevision(lambda store: queries.collections(store.id))
        """The merchant's own lists."""
        self.total = KeptByRevision(lambda store: queries.count(store.id, where=ANY_ON_SALE))
        """The number of products on sale."""
        self.shop = KeptByRevision(details.at)
        """The trader's present details."""
        self.shop_at = details.at
