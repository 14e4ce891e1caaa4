"""Dataloaders: one database query for all nodes of a level."""

from collections.abc import Sequence
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.privacy import PersonalData, Sealed
from gateway.graphql.derived import asked_for
from projections.catalog import queries as catalog_queries
from projections.catalog.views import ImageView, PageView, ProductView, StoreView, VariantView
from projections.jobs import queries as jobs_queries
from projections.jobs.views import GenerationView
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope


class Loaders:
    """The dataloaders of one read context. They cache what they load, so contexts must not share them."""

    def __init__(self, db: Reader, scope: MerchantScope, personal: PersonalData) -> None:
        async def stores(ids: list[UUID]) -> Sequence[StoreView | None]:
            views = await catalog_queries.stores_by_ids(db, ids, scope=scope, only=asked_for("Store"))
            return [views.get(id) for id in ids]

        async def products(ids: list[UUID]) -> Sequence[ProductView | None]:
            views = await catalog_queries.products_by_ids(db, ids, scope=scope, only=asked_for("Product"))
            return [views.get(id) for id in ids]

        async def images(product_ids: list[UUID]) -> Sequence[tuple[ImageView, ...]]:
            views = await catalog_queries.images_by_products(
                db, product_ids, scope=scope, only=asked_for("ProductImage")
            )
            return [views.get(id, ()) for id in product_ids]

        async def variants(product_ids: list[UUID]) -> Sequence[tuple[VariantView, ...]]:
            views = await catalog_queries.variants_by_products(
                db, product_ids, scope=scope, only=asked_for("ProductVariant")
            )
            return [views.get(id, ()) for id in product_ids]

        async def pages(store_ids: list[UUID]) -> Sequence[tuple[PageView, ...]]:
            views = await catalog_queries.pages_by_stores(db, store_ids, scope=scope)
            return [views.get(id, ()) for id in store_ids]

        async def generations(store_ids: list[UUID]) -> Sequence[tuple[GenerationView, ...]]:
            views = await jobs_queries.generations_by_stores(db, store_ids, scope=scope)
            return [views.get(id, ()) for id in store_ids]

        self.store: DataLoader[UUID, StoreView | None] = DataLoader(load_fn=stores)
        self.product: DataLoader[UUID, ProductView | None] = DataLoader(load_fn=products)
        self.images: DataLoader[UUID, tuple[ImageView, ...]] = DataLoader(load_fn=images)
        self.variants: DataLoader[UUID, tuple[VariantView, ...]] = DataLoader(load_fn=variants)
        self.pages: DataLoader[UUID, tuple[PageView, ...]] = DataLoader(load_fn=pages)
        self.generations: DataLoader[UUID, tuple[GenerationView, ...]] = DataLoader(load_fn=generations)
        self.personal: DataLoader[Sealed, str | None] = DataLoader(load_fn=personal.open_many)
