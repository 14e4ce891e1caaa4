"""Content pages: the store's story, its policies and its contact page.

A closed store still shows them, because a shopper who ordered there may have to write or look up a policy.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.store.legal_text import published
from storefront.pages.base import Pages
from storefront.rendering.markdown import without_title
from storefront.rendering.renderer import LEGAL
from storefront.visit.errors import PageMissing


class ContentPages(Pages):
    """The pages that the merchant or an agent wrote."""

    def routes(self) -> list[Route]:
        return [Route("/pages/{slug}", self.show, name="content")]

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        page = await self._queries.page(visit.store.id, request.path_params["slug"])
        if page is None:
            raise PageMissing
        content = published(page.content, await self._shops.of(visit.store))
        return self._renderer.page(
            visit,
            "content.html",
            page=page,
            robots=None if visit.is_open else "noindex",
            content=content,
            body=without_title(content, page.title),
            legal=[other for other in visit.pages if other.type in LEGAL] if page.type in LEGAL else [],
        )
