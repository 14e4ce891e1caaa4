"""Content pages: the store's story, its policies and its contact page.

A closed store still shows them, because a shopper who ordered there may have to write or look up a policy.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.store.collection_events import AddressKind
from domain.store.events import PageType
from domain.store.legal_text import published
from infra.web.markdown import without_title
from storefront.pages.base import Pages
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.renderer import LEGAL
from storefront.rendering.store_data import questions_data
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit


class ContentPages(Pages):
    """The pages that the merchant or an agent wrote."""

    def routes(self) -> list[Route]:
        return [Route("/pages/{slug}", self.show, name="content")]

    async def show(self, request: Request) -> Response:
        slug = request.path_params["slug"]

        async def render(visit: Visit) -> RenderedPage:
            return await self.render_page(visit, slug)

        return await self._shared(await self._visits.to_public_shop(request), render)

    async def render_page(self, visit: Visit, slug: str) -> RenderedPage:
        """Return a content page.

        Raises:
            PageMissing, PageMoved: the store has none at this address.
        """
        page = await self._queries.page(visit.store.id, slug)
        if page is None:
            await self._raise_if_moved(visit, AddressKind.PAGE, slug)
            raise PageMissing
        content = published(page.content, await self._facts.shop.of(visit.store, visit.revision))
        return self._renderer.render(
            visit,
            "content.html",
            page=page,
            robots=None if visit.is_open else "noindex",
            content=content,
            body=without_title(content, page.title),
            structured=questions_data(content) if page.type is PageType.FAQ and visit.is_open else (),
            legal=[other for other in visit.pages if other.type in LEGAL] if page.type in LEGAL else [],
        )
