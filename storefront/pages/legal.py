"""Legal pages that the platform writes: imprint, cookies and accessibility statement.

Their words follow from the business identity and the storefront's own code, so no merchant has to write them. A closed
store still shows them.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.store.law import imprint_title
from domain.store.legal_text import business_block
from storefront.pages.base import Pages
from storefront.rendering.rendered import RenderedPage
from storefront.visit.cookies import COOKIES
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit


class LegalPages(Pages):
    """One page for each duty."""

    def routes(self) -> list[Route]:
        return [
            Route("/imprint", self.imprint, name="imprint"),
            Route("/cookies", self.cookies, name="cookies"),
            Route("/accessibility", self.accessibility, name="accessibility"),
        ]

    async def imprint(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_public_shop(request), self._imprint)

    async def _imprint(self, visit: Visit) -> RenderedPage:
        title = imprint_title(visit.store.business_country or "")
        if title is None:
            raise PageMissing
        shop = await self._facts.shop.of(visit.store, visit.revision)
        return self._renderer.render(
            visit, "imprint.html", title=title, shop=shop, business=business_block(shop), robots="noindex, follow"
        )

    async def cookies(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_public_shop(request), self._cookies)

    async def _cookies(self, visit: Visit) -> RenderedPage:
        return self._renderer.render(visit, "cookies.html", cookies=COOKIES, robots="noindex, follow")

    async def accessibility(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_public_shop(request), self._accessibility)

    async def _accessibility(self, visit: Visit) -> RenderedPage:
        return self._renderer.render(
            visit,
            "accessibility.html",
            shop=await self._facts.shop.of(visit.store, visit.revision),
            robots="noindex, follow",
        )
