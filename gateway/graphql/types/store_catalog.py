"""What a store shows: its products, pages, media, collections and categories."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import strawberry

from domain.media.events import MediaType
from domain.product.events import ProductStatus
from domain.store.presentation import CATEGORY_MAX
from gateway.api.validation import as_id, check_length
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import asked_for
from gateway.graphql.fields import field, replaced_field
from gateway.graphql.resolvers import one_statement
from gateway.graphql.types.collection import CategoryPage, Collection, ProductCategory
from gateway.graphql.types.connection import Connection, connection, connection_of, sorted_connection
from gateway.graphql.types.filters import REPLACED, CategoryFilter, MediaFilter, ProductFilter, check_replaced
from gateway.graphql.types.media import MediaAsset
from gateway.graphql.types.page import Page
from gateway.graphql.types.product import Product
from gateway.graphql.types.sorts import (
    CATEGORY_PLACES,
    COLLECTION_PLACES,
    PAGE_PLACES,
    CategorySort,
    CollectionSort,
    PageSort,
)
from projections.catalog import queries as catalog_queries
from projections.catalog.views import (
    FINISHED,
    CategoryTextView,
    CollectionView,
    ImageState,
    MediaSort,
    ProductSort,
    StoreView,
)
from projections.catalog.views import ProductFilter as WantedProducts
from projections.reading.counting import Count
from projections.reading.paging import Window

_ALL_PRODUCTS = WantedProducts()


def _searches(search: str | None = None, filter: ProductFilter | None = None, **_others: object) -> bool:
    return search is not None or (filter is not None and filter.search is not None)


@strawberry.type
class StoreCatalog:
    """The part of a store that is its catalog."""

    view: strawberry.Private[StoreView]
    reading: strawberry.Private[ReadContext]

    @field(
        "The store's products, by default the newest first, and those of a search by relevance. A search finds words of "
        "titles, descriptions, categories and tags; the last word may be unfinished. Quotes keep words together, a minus "
        "excludes a word, `or` stands between alternatives. If it finds nothing, the store's words that look most like "
        "those of the search are searched for."
    )
    # A search that finds nothing asks again for the words that were meant.
    @one_statement(unless=_searches)
    async def products(  # noqa: PLR0913 - the arguments of the public field
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: ProductFilter | None = None,
        sort: ProductSort | None = None,
        statuses: Annotated[list[ProductStatus] | None, REPLACED] = None,
        category: Annotated[str | None, REPLACED] = None,
        search: Annotated[str | None, REPLACED] = None,
    ) -> Connection[Product]:
        reading, id = self.reading, self.view.id
        where, is_replaced = _ALL_PRODUCTS, (statuses, category is not None, search is not None)
        if filter is not None or any(is_replaced):
            check_replaced(filter, is_replaced)
            wanted = filter or ProductFilter(statuses=statuses, category=category, search=search)
            check_length("category", wanted.category, CATEGORY_MAX)
            where = WantedProducts(
                statuses=frozenset(wanted.statuses or ()), category=wanted.category, text=wanted.search
            )
        if sort is None:
            sort = ProductSort.NEWEST if where.text is None else ProductSort.RELEVANCE
        page = await catalog_queries.products_of_store(
            reading.db,
            id,
            Window(first=first, after=after, last=last, before=before),
            where=where,
            sort=sort,
            scope=reading.scope,
            only=asked_for("Product"),
        )

        async def count() -> Count:
            return await catalog_queries.count_products(reading.db, id, where=where, scope=reading.scope)

        return connection(page, lambda view: Product.of(view, reading), count=count)

    @field("The store's content pages, by default about, contact and FAQ first, then the policies.")
    async def pages(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: PageSort = PageSort.TYPE,
    ) -> Connection[Page]:
        reading = self.reading
        views = await reading.loaders.pages.load(self.view.id)
        window = Window(first=first, after=after, last=last, before=before)
        return sorted_connection(views, window, "pages", PAGE_PLACES, sort, lambda view: Page.of(view, reading))

    @field("The store's media files, by default the newest first. By default only those that the studio has finished.")
    @one_statement()
    async def media(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: MediaFilter | None = None,
        sort: MediaSort = MediaSort.NEWEST,
        types: Annotated[list[MediaType] | None, REPLACED] = None,
        statuses: Annotated[list[ImageState] | None, REPLACED] = None,
    ) -> Connection[MediaAsset]:
        reading, id = self.reading, self.view.id
        check_replaced(filter, (types, statuses is not None))
        wanted = filter or MediaFilter(types=types, statuses=statuses)
        kinds = frozenset(wanted.types or ())
        states = FINISHED if wanted.statuses is None else frozenset(wanted.statuses)
        page = await catalog_queries.media_of_store(
            reading.db,
            id,
            Window(first=first, after=after, last=last, before=before),
            types=kinds,
            statuses=states,
            sort=sort,
            scope=reading.scope,
            only=asked_for("MediaAsset"),
        )

        async def count() -> Count:
            return Count(
                await catalog_queries.count_media(reading.db, id, types=kinds, statuses=states, scope=reading.scope)
            )

        return connection(page, lambda view: MediaAsset.of(view, reading), count=count)

    @field("The merchant's own lists of products, by default by title.")
    async def collections_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: CollectionSort = CollectionSort.TITLE,
    ) -> Connection[Collection]:
        views = await self._collections()
        window = Window(first=first, after=after, last=last, before=before)
        make = partial(Collection.of, reading=self.reading)
        return sorted_connection(views, window, "collections", COLLECTION_PLACES, sort, make)

    @field("One of the merchant's own lists of products. Null if the store has none with this id.")
    async def collection(self, collection_id: strawberry.ID) -> Collection | None:
        key = as_id("collection", collection_id)
        return next((Collection.of(view, self.reading) for view in await self._collections() if view.id == key), None)

    @replaced_field("collectionsConnection", "The merchant's own lists of products, by title.")
    async def collections(self) -> list[Collection]:
        return [Collection.of(view, self.reading) for view in await self._collections()]

    async def _collections(self) -> Sequence[CollectionView]:
        id = self.view.id
        return (await catalog_queries.collections_by_stores(self.reading.db, [id], scope=self.reading.scope))[id]

    @field("What category pages have of their own, by category. Pages without an entry have a name and products only.")
    async def category_pages_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[CategoryPage]:
        views = await self._category_pages()
        window = Window(first=first, after=after, last=last, before=before)
        return connection_of(
            views,
            window,
            "category-pages",
            lambda view: (view.category,),
            partial(CategoryPage.of, reading=self.reading),
        )

    @replaced_field("categoryPagesConnection", "What category pages have of their own, by category.")
    async def category_pages(self) -> list[CategoryPage]:
        return [CategoryPage.of(view, self.reading) for view in await self._category_pages()]

    async def _category_pages(self) -> Sequence[CategoryTextView]:
        id = self.view.id
        return (await catalog_queries.category_texts_by_stores(self.reading.db, [id], scope=self.reading.scope))[id]

    @field("The categories of the store's products, by default by name, with the number of products in each.")
    async def categories(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: CategoryFilter | None = None,
        sort: CategorySort = CategorySort.NAME,
    ) -> Connection[ProductCategory]:
        statuses = frozenset((filter and filter.product_statuses) or ())
        counts = await catalog_queries.categories_of_store(
            self.reading.db, self.view.id, scope=self.reading.scope, statuses=statuses
        )
        window = Window(first=first, after=after, last=last, before=before)
        return sorted_connection(counts, window, "categories", CATEGORY_PLACES, sort, ProductCategory.of)
