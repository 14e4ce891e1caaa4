"""What the storefront reads."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from projections.catalog.views import (
    CategoryCount,
    ImageView,
    PageView,
    ProductFilter,
    ProductSort,
    ProductView,
    StoreView,
    VariantView,
)
from projections.reading.paging import Slice, Window
from projections.sales.views import OrderView


class StorefrontQueries(Protocol):
    """Everything a storefront shows, as the read models tell it."""

    async def store_by_slug(self, slug: str) -> StoreView | None: ...

    async def store_by_domain(self, domain: str) -> StoreView | None: ...

    async def pages(self, store_id: UUID) -> Sequence[PageView]: ...

    async def page(self, store_id: UUID, slug: str) -> PageView | None: ...

    async def products(
        self, store_id: UUID, window: Window, *, where: ProductFilter, sort: ProductSort
    ) -> Slice[ProductView]: ...

    async def count(self, store_id: UUID, *, where: ProductFilter) -> int: ...

    async def categories(self, store_id: UUID, *, where: ProductFilter) -> Sequence[CategoryCount]: ...

    async def delivery(self, store_id: UUID, *, where: ProductFilter) -> tuple[int, int] | None: ...

    async def product(self, store_id: UUID, slug: str) -> ProductView | None: ...

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]: ...

    async def images(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ImageView]]: ...

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]: ...

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None: ...

    async def orders_by_number(self, store_id: UUID, number: str) -> Sequence[OrderView]: ...
