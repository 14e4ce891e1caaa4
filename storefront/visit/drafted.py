"""The storefront's queries with a draft's proposals in place of the live values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from domain.editing import EditField
from domain.media.events import Rendition
from domain.media.picture import Picture
from domain.product.events import ProductStatus
from projections.catalog.views import CollectionView, PageView, ProductFilter, ProductView, RenditionView
from projections.jobs.drafts import DraftView
from storefront.ports import StorefrontQueries


class DraftedQueries:
    """Answers as :class:`StorefrontQueries`, and shows what a draft proposes.

    Args:
        queries: the live values.
        draft: None for the store as it is.
        unpublished: whether shoppers never saw the store, so that its products wait as drafts.
    """

    def __init__(self, queries: StorefrontQueries, draft: DraftView | None, *, unpublished: bool) -> None:
        self._queries, self._unpublished = queries, unpublished
        self._target = None if draft is None else draft.target_id
        self._proposed: Mapping[EditField, JsonValue] = (
            {} if draft is None else {change.field: change.proposed for change in draft.changes}
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queries, name)

    async def page(self, store_id: UUID, slug: str) -> PageView | None:
        """Return a page with the proposed texts, if the draft is about it."""
        page = await self._queries.page(store_id, slug)
        if page is None or page.id != self._target:
            return page
        title = str(self._proposed.get(EditField.TITLE, page.title))
        return replace(page, title=title, content=str(self._proposed.get(EditField.CONTENT, page.content)))

    async def collection(self, store_id: UUID, slug: str) -> CollectionView | None:
        """Return a collection with the proposed texts, if the draft is about it."""
        collection = await self._queries.collection(store_id, slug)
        if collection is None or collection.id != self._target:
            return collection
        title = str(self._proposed.get(EditField.TITLE, collection.title))
        return replace(collection, title=title, text=str(self._proposed.get(EditField.TEXT, collection.text)))

    async def product(self, store_id: UUID, slug: str) -> ProductView | None:
        """Return a product as on sale, with the proposed texts if the draft is about it."""
        product = await self._queries.product(store_id, slug)
        if product is None or product.status is ProductStatus.ARCHIVED:
            return None
        product = _as_on_sale(product)
        if product.id != self._target:
            return product
        parts: dict[str, Any] = {}
        if EditField.TITLE in self._proposed:
            parts["title"] = self._proposed[EditField.TITLE]
        for name in (EditField.DESCRIPTION, EditField.META):
            value = self._proposed.get(name)
            parts |= value if isinstance(value, dict) else {}
        for facts in ("features", "benefits"):
            if facts in parts:
                parts[facts] = tuple(parts[facts])
        return replace(product, **parts)

    async def images(self, store_id: UUID, product_ids: Sequence[UUID], **more: Any) -> Mapping[UUID, Any]:
        """Return the images of products, with the proposed picture in its place."""
        proposed = self._proposed.get(EditField.PICTURE)
        if not isinstance(proposed, dict):
            return await self._queries.images(store_id, product_ids, **more)
        # An image with some of its columns cannot be copied.
        found = await self._queries.images(store_id, product_ids)
        picture = Picture.model_validate(proposed)
        parts: dict[str, Any] = {"renditions": {one.name: one for one in map(_view, picture.renditions)}}
        if picture.alt_text is not None:
            parts["alt_text"] = picture.alt_text
        return {
            id: tuple(replace(image, **parts) if image.id == self._target else image for image in images)
            for id, images in found.items()
        }

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]:
        """Return products; those of a store that was never published are shown as on sale."""
        found = await self._queries.products_by_ids(store_id, ids)
        return {id: _as_on_sale(product) if self._unpublished else product for id, product in found.items()}

    async def products(self, store_id: UUID, window: Any, *, where: ProductFilter, **more: Any) -> Any:
        """Return products; those of a store that was never published wait as drafts."""
        if self._unpublished:
            where = replace(where, statuses=where.statuses | {ProductStatus.DRAFT})
        return await self._queries.products(store_id, window, where=where, **more)


def _as_on_sale(product: ProductView) -> ProductView:
    return replace(product, status=ProductStatus.ACTIVE) if product.status is ProductStatus.DRAFT else product


def _view(rendition: Rendition) -> RenditionView:
    return RenditionView(**rendition.model_dump())
