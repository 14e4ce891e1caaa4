"""The storefront's queries on the read models."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.product.events import ProductStatus
from domain.store.collection_events import AddressKind
from projections.catalog import queries as catalog_queries
from projections.catalog.queries.sitemap import SitemapEntry, SitemapPart
from projections.catalog.views import (
    CategoryCount,
    CategoryTextView,
    CollectionView,
    ImageView,
    MediaAssetView,
    PageVersionView,
    PageView,
    ProductFilter,
    ProductSort,
    ProductView,
    StoreView,
    VariantView,
)
from projections.jobs.drafts import DraftView, draft_by_id
from projections.merchants import queries as merchants_queries
from projections.merchants.views import BusinessIdentityView, MerchantView
from projections.reading.columns import Only
from projections.reading.counting import Count
from projections.reading.moment import present
from projections.reading.paging import Reader, Slice, Window
from projections.reading.revisions import Revision, revision_of
from projections.reading.scope import SYSTEM, MerchantScope, ShopperScope
from projections.sales import queries as sales_queries
from projections.sales.discount_queries import discount_by_id, has_discounts
from projections.sales.dispute_queries import disputes_of_orders
from projections.sales.stock_notice_queries import stock_notice_by_id
from projections.sales.views import DiscountView, DisputeView, OrderView, StockNoticeView


class ReadModelQueries:
    """Implements :class:`storefront.ports.StorefrontQueries` on a pool whose search path names the read models."""

    def __init__(self, db: Reader) -> None:
        self._db = db

    @property
    def present(self) -> "ReadModelQueries":
        return ReadModelQueries(present(self._db))

    async def revision(self, store: StoreView) -> Revision:
        return await revision_of(self._db, (("catalog", store.id), ("merchants", store.merchant_id)))

    async def store_by_slug(self, slug: str) -> StoreView | None:
        return await catalog_queries.store_by_slug(self._db, slug, scope=SYSTEM)

    async def draft(self, store_id: UUID, draft_id: UUID) -> DraftView | None:
        return await draft_by_id(self._db, draft_id, scope=ShopperScope(store_id))

    async def store_by_domain(self, domain: str) -> StoreView | None:
        return await catalog_queries.store_by_domain(self._db, domain, scope=SYSTEM)

    async def pages(self, store_id: UUID, *, only: Only = None) -> Sequence[PageView]:
        pages = await catalog_queries.pages_by_stores(self._db, [store_id], scope=ShopperScope(store_id), only=only)
        return pages[store_id]

    async def page(self, store_id: UUID, slug: str) -> PageView | None:
        return await catalog_queries.page_by_slug(self._db, store_id, slug, scope=ShopperScope(store_id))

    async def business_identity(self, store: StoreView, *, at: datetime | None = None) -> BusinessIdentityView | None:
        scope = MerchantScope(store.merchant_id)
        return await merchants_queries.business_identity(self._db, store.merchant_id, scope=scope, at=at)

    async def page_version(self, store_id: UUID, page_id: UUID, number: int) -> PageVersionView | None:
        versions = await catalog_queries.versions_of_page(
            self._db, page_id, scope=ShopperScope(store_id), numbers=[number]
        )
        return versions[0] if versions else None

    async def products(
        self, store_id: UUID, window: Window, *, where: ProductFilter, sort: ProductSort, only: Only = None
    ) -> Slice[ProductView]:
        return await catalog_queries.products_of_store(
            self._db, store_id, window, scope=ShopperScope(store_id), where=where, sort=sort, only=only
        )

    async def count(self, store_id: UUID, *, where: ProductFilter) -> Count:
        return await catalog_queries.count_products(self._db, store_id, scope=ShopperScope(store_id), where=where)

    async def categories(self, store_id: UUID, *, statuses: Collection[ProductStatus]) -> Sequence[CategoryCount]:
        return await catalog_queries.categories_of_store(
            self._db, store_id, scope=ShopperScope(store_id), statuses=statuses
        )

    async def delivery(self, store_id: UUID, *, statuses: Collection[ProductStatus]) -> tuple[int, int] | None:
        return await catalog_queries.delivery_of_store(
            self._db, store_id, scope=ShopperScope(store_id), statuses=statuses
        )

    async def category_texts(self, store_id: UUID) -> Sequence[CategoryTextView]:
        return (await catalog_queries.category_texts_by_stores(self._db, [store_id], scope=ShopperScope(store_id)))[
            store_id
        ]

    async def collections(self, store_id: UUID) -> Sequence[CollectionView]:
        return (await catalog_queries.collections_by_stores(self._db, [store_id], scope=ShopperScope(store_id)))[
            store_id
        ]

    async def collection(self, store_id: UUID, slug: str) -> CollectionView | None:
        return await catalog_queries.collection_by_slug(self._db, store_id, slug, scope=ShopperScope(store_id))

    async def present_address(self, store_id: UUID, kind: AddressKind, slug: str) -> str | None:
        return await catalog_queries.present_address(self._db, store_id, kind, slug, scope=ShopperScope(store_id))

    async def media(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, MediaAssetView]:
        return await catalog_queries.media_by_ids(self._db, ids, scope=ShopperScope(store_id))

    async def product(self, store_id: UUID, slug: str) -> ProductView | None:
        return await catalog_queries.product_by_slug(self._db, store_id, slug, scope=ShopperScope(store_id))

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]:
        return await catalog_queries.products_by_ids(self._db, ids, scope=ShopperScope(store_id))

    async def images(
        self, store_id: UUID, product_ids: Sequence[UUID], *, only: Only = None
    ) -> Mapping[UUID, Sequence[ImageView]]:
        scope = ShopperScope(store_id)
        return await catalog_queries.images_by_products(self._db, product_ids, scope=scope, only=only)

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]:
        return await catalog_queries.variants_by_products(self._db, product_ids, scope=ShopperScope(store_id))

    async def sitemap_parts(self, store_id: UUID) -> Sequence[SitemapPart]:
        return await catalog_queries.sitemap_parts(self._db, store_id, scope=ShopperScope(store_id))

    async def sitemap_entries(self, store_id: UUID, number: int) -> Sequence[SitemapEntry]:
        return await catalog_queries.sitemap_entries(self._db, store_id, number, scope=ShopperScope(store_id))

    async def pages_changed_at(self, store_id: UUID) -> datetime | None:
        return await catalog_queries.pages_changed_at(self._db, store_id, scope=ShopperScope(store_id))

    async def discount(self, store_id: UUID, discount_id: UUID) -> DiscountView | None:
        return await discount_by_id(self._db, discount_id, scope=ShopperScope(store_id))

    async def has_discounts(self, store_id: UUID) -> bool:
        return await has_discounts(self._db, store_id, scope=ShopperScope(store_id))

    async def stock_notice(self, store_id: UUID, notice_id: UUID) -> StockNoticeView | None:
        return await stock_notice_by_id(self._db, notice_id, scope=ShopperScope(store_id))

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None:
        return await sales_queries.order_by_id(self._db, order_id, scope=ShopperScope(store_id))

    async def orders_by_number(self, store_id: UUID, number: str) -> Sequence[OrderView]:
        return await sales_queries.orders_by_number(self._db, store_id, number, scope=ShopperScope(store_id))


class ReadModelMailQueries:
    """Implements :class:`storefront.mail.sources.MailQueries`."""

    def __init__(self, db: Reader) -> None:
        self._db = db

    async def store(self, store_id: UUID) -> StoreView | None:
        return await catalog_queries.store_by_id(self._db, store_id, scope=SYSTEM)

    async def discount(self, store_id: UUID, discount_id: UUID) -> DiscountView | None:
        return await discount_by_id(self._db, discount_id, scope=ShopperScope(store_id))

    async def has_discounts(self, store_id: UUID) -> bool:
        return await has_discounts(self._db, store_id, scope=ShopperScope(store_id))

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None:
        return await sales_queries.order_by_id(self._db, order_id, scope=ShopperScope(store_id))

    async def dispute(self, order_id: UUID, dispute_id: str) -> DisputeView | None:
        views = await disputes_of_orders(self._db, [order_id], scope=SYSTEM)
        return next((view for view in views.get(order_id, ()) if view.dispute_id == dispute_id), None)

    async def stock_notice(self, store_id: UUID, notice_id: UUID) -> StockNoticeView | None:
        return await stock_notice_by_id(self._db, notice_id, scope=ShopperScope(store_id))

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]:
        return await catalog_queries.products_by_ids(self._db, ids, scope=ShopperScope(store_id))

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]:
        return await catalog_queries.variants_by_products(self._db, product_ids, scope=ShopperScope(store_id))

    async def page_version(self, store_id: UUID, page_id: UUID, number: int) -> PageVersionView | None:
        versions = await catalog_queries.versions_of_page(
            self._db, page_id, scope=ShopperScope(store_id), numbers=[number]
        )
        return versions[0] if versions else None

    async def merchant(self, merchant_id: UUID) -> MerchantView | None:
        return await merchants_queries.merchant_by_id(self._db, merchant_id, scope=MerchantScope(merchant_id))

    async def business_identity(self, store: StoreView) -> BusinessIdentityView | None:
        scope = MerchantScope(store.merchant_id)
        return await merchants_queries.business_identity(self._db, store.merchant_id, scope=scope)
