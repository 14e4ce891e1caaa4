"""Previews: a store before it is published, or a draft of it, for people who have the signed link."""

from dataclasses import replace
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.draft.events import TargetKind
from domain.kernel import InvalidInput
from domain.store.brand_edit import edit_of, edited
from infra.web.preview_links import PreviewGone
from projections.jobs.drafts import DraftView
from storefront.pages.base import Pages
from storefront.pages.content import ContentPages
from storefront.pages.home import HomePages
from storefront.pages.products import ProductPages
from storefront.ports import StorefrontQueries
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.theme import theme_of
from storefront.visit.drafted import DraftedQueries
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit

NOT_KEPT = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer"}
"""Headers of everything below a preview link."""
PREVIEW = "/-/preview/"


class PreviewPages(Pages):
    """What a preview link shows: the home page, or the page that a draft would change."""

    def routes(self) -> list[Route]:
        return [
            Route(PREVIEW + "{token}", self.show, name="preview"),
            Route(PREVIEW + "{token}/theme.css", self.theme),
            Route(PREVIEW + "{token}/logo.svg", self.logo),
        ]

    async def show(self, request: Request) -> Response:
        visit, draft = await self._open(request)
        response = self._renderer.answer(visit, await self._page(visit, draft))
        response.headers.update(NOT_KEPT)
        return response

    async def theme(self, request: Request) -> Response:
        visit, _ = await self._open(request)
        return Response(theme_of(visit.brand).css(), media_type="text/css", headers=NOT_KEPT)

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

    async def _page(self, visit: Visit, draft: DraftView | None) -> RenderedPage:
        queries = DraftedQueries(self._queries, draft, unpublished=visit.store.published_at is None)
        deps = replace(self._deps, queries=cast("StorefrontQueries", queries))
        kind = None if draft is None else draft.target_kind
        if draft is not None and kind is TargetKind.PRODUCT:
            found = (await self._queries.products_by_ids(visit.store.id, [draft.target_id])).get(draft.target_id)
            if found is None:
                raise PageMissing
            return await ProductPages(deps, self._visits, self._renderer).render_product(visit, found.slug, None)
        if draft is not None and kind is TargetKind.PAGE:
            slug = next((page.slug for page in visit.pages if page.id == draft.target_id), None)
            if slug is None:
                raise PageMissing
            return await ContentPages(deps, self._visits, self._renderer).render_page(visit, slug)
        return await HomePages(deps, self._visits, self._renderer).render(visit)
