"""Previews: a store before it is published, or a draft of it, for people who have the signed link."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.draft.events import TargetKind, category_id
from domain.editing import EditField
from domain.kernel import InvalidInput
from domain.store.brand_edit import edit_of, edited
from infra.web.preview_links import PreviewGone
from projections.jobs.drafts import DraftView
from storefront.pages.base import Pages
from storefront.pages.collections import CollectionPages
from storefront.pages.content import ContentPages
from storefront.pages.home import HomePages
from storefront.pages.products import ListingQuery, ProductPages
from storefront.ports import StorefrontQueries
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.theme import theme_of
from storefront.visit.drafted import DraftedQueries
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit

NOT_KEPT = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer"}
"""Headers of everything below a preview link."""
PREVIEW = "/-/preview/"
_LINK = re.compile(rb'(?<=\b(?:href=|tion=)")/(?=(?:products|pages|collections)(?:[/?#"]|$)|")')
"""The start of an address of a page that previews have."""


class PreviewPages(Pages):
    """What a preview link shows: the home page, or the page that a draft would change. Links stay in the preview."""

    def routes(self) -> list[Route]:
        return [
            Route(PREVIEW + "{token}", self.show, name="preview"),
            Route(PREVIEW + "{token}/theme.css", self.theme),
            Route(PREVIEW + "{token}/logo.svg", self.logo),
            Route(PREVIEW + "{token}/{path:path}", self.follow),
        ]

    async def show(self, request: Request) -> Response:
        visit, draft = await self._open(request)
        return self._answer(visit, await self._page(visit, draft))

    async def follow(self, request: Request) -> Response:
        """Answer a link of a preview. Pages for orders and carts have no preview."""
        visit, draft = await self._open(request)
        path: str = request.path_params["path"]
        kind, _, slug = path.partition("/")
        pages = self._pages(visit, draft)
        match kind, bool(slug):
            case "home" | "", False:
                page: RenderedPage | Response = await pages.home.render(visit)
            case "products", False:
                page = await pages.products.render_listing(visit, ListingQuery.of(request))
            case "products", True:
                page = await pages.products.render_product(visit, slug, None)
            case "pages", True:
                page = await pages.content.render_page(visit, slug)
            case "collections", True:
                after = request.query_params.get("after", "")[:400]
                page = await pages.collections.render_collection(visit, slug, after)
            case _:
                raise PageMissing
        return self._answer(visit, page)

    def _answer(self, visit: Visit, page: RenderedPage | Response) -> Response:
        if isinstance(page, RenderedPage):
            inside = visit.looks.encode() + b"/"
            pieces = tuple(_LINK.sub(inside, piece) if isinstance(piece, bytes) else piece for piece in page.pieces)
            page = self._renderer.answer(visit, replace(page, pieces=pieces))
        page.headers.update(NOT_KEPT)
        return page

    async def theme(self, request: Request) -> Response:
        visit, _ = await self._open(request)
        style = self._renderer.stylesheets.of(theme_of(visit.brand)).plain
        return Response(style, media_type="text/css", headers=NOT_KEPT)

    async def logo(self, request: Request) -> Response:
        visit, _ = await self._open(request)
        policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        headers = NOT_KEPT | {"content-security-policy": policy}
        return Response(visit.brand.logo.svg, media_type="image/svg+xml", headers=headers)

    async def _open(self, request: Request) -> tuple[Visit, DraftView | None]:
        """Return the visit that a link opens, with the draft's brand if it has one.

        Raises:
            PageMissing: the link is too old, guessed, of another store, or its draft is gone.
        """
        visit = await self._visits.to_any_store(request)
        token = request.path_params["token"]
        if self._deps.previews is None:
            raise PageMissing
        try:
            preview = self._deps.previews.open(token, store_id=visit.store.id)
        except PreviewGone as error:
            raise PageMissing from error
        draft = None if preview.draft_id is None else await self._draft(visit.store.id, preview.draft_id)
        visit = replace(visit, looks=PREVIEW + token)
        if draft is None or draft.target_kind is not TargetKind.BRAND:
            return visit, draft
        try:
            brand = edited(visit.brand, edit_of({change.field: change.proposed for change in draft.changes}))
        except InvalidInput as error:
            raise PageMissing from error
        return replace(visit, brand=brand), draft

    async def _draft(self, store_id: UUID, draft_id: UUID) -> DraftView:
        draft = await self._queries.draft(store_id, draft_id)
        if draft is None:
            raise PageMissing
        return draft

    def _pages(self, visit: Visit, draft: DraftView | None) -> "_DraftedPages":
        queries = DraftedQueries(self._queries, draft, unpublished=visit.store.published_at is None)
        deps = replace(self._deps, queries=cast("StorefrontQueries", queries))
        parts = (deps, self._visits, self._renderer)
        return _DraftedPages(HomePages(*parts), ProductPages(*parts), ContentPages(*parts), CollectionPages(*parts))

    async def _page(self, visit: Visit, draft: DraftView | None) -> RenderedPage | Response:
        """Return the page that a draft would change; the home page for a brand, and without a draft."""
        pages = self._pages(visit, draft)
        if draft is None or draft.target_kind is TargetKind.BRAND:
            return await pages.home.render(visit)
        if draft.target_kind is TargetKind.CATEGORY:
            return await self._shelf(visit, pages, draft)
        return await self._page_of_target(visit, pages, draft)

    async def _page_of_target(self, visit: Visit, pages: "_DraftedPages", draft: DraftView) -> RenderedPage | Response:
        id = draft.target_id
        slugs: Mapping[UUID, str] = {}
        match draft.target_kind:
            case TargetKind.PRODUCT:
                products = await self._queries.products_by_ids(visit.store.id, [id])
                slugs = {product.id: product.slug for product in products.values()}
            case TargetKind.PAGE:
                slugs = {page.id: page.slug for page in visit.pages}
            case TargetKind.COLLECTION:
                slugs = {collection.id: collection.slug for collection in visit.collections}
            case TargetKind.IMAGE:
                slugs = await self._slug_of_image(visit, id)
        if id not in slugs:
            raise PageMissing
        match draft.target_kind:
            case TargetKind.PAGE:
                return await pages.content.render_page(visit, slugs[id])
            case TargetKind.COLLECTION:
                return await pages.collections.render_collection(visit, slugs[id], "")
            case _:
                return await pages.products.render_product(visit, slugs[id], None)

    async def _shelf(self, visit: Visit, pages: "_DraftedPages", draft: DraftView) -> RenderedPage | Response:
        proposed = {change.field: str(change.proposed) for change in draft.changes}
        return await pages.products.render_shelf(
            visit,
            lambda shelf: category_id(visit.store.id, shelf.own_slug) == draft.target_id,
            name=proposed.get(EditField.TITLE),
            text=proposed.get(EditField.TEXT),
        )

    async def _slug_of_image(self, visit: Visit, image_id: UUID) -> Mapping[UUID, str]:
        image = (await self._queries.media(visit.store.id, [image_id])).get(image_id)
        if image is None or image.product_id is None:
            return {}
        product = (await self._queries.products_by_ids(visit.store.id, [image.product_id])).get(image.product_id)
        return {} if product is None else {image_id: product.slug}


@dataclass(frozen=True, slots=True)
class _DraftedPages:
    """The pages of a store with the values of a draft."""

    home: HomePages
    products: ProductPages
    content: ContentPages
    collections: CollectionPages
