"""Files for browsers and search engines: stylesheet, logo, pictures, robots.txt, sitemap."""

from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.media.ports import MEDIA_KEY
from infra.web.conditional import is_current
from infra.web.static_files import FOREVER
from projections.catalog.views import ProductSort
from projections.reading.paging import PAGE_MAX, Window
from storefront.pages.base import Pages
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.theme import theme_of
from storefront.visit.errors import PageMissing
from storefront.visit.store_facts import ANY_ON_SALE
from storefront.visit.visit import Visit

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG that is opened by itself may style itself and do nothing else."""
MOST_IN_SITEMAP = 2_000


class FilePages(Pages):
    """Everything that a browser fetches besides pages."""

    def routes(self) -> list[Route]:
        return [
            Route("/theme.css", self.theme),
            Route("/logo.svg", self.logo),
            Route("/favicon.ico", self.logo),
            Route("/media/{key:path}", self.picture),
            Route("/robots.txt", self.robots),
            Route("/sitemap.xml", self.sitemap),
            Route("/static/{name:path}", self._renderer.static.serve),
        ]

    async def theme(self, request: Request) -> Response:
        # A closed store shows its remaining pages, and the page that says so, in its own theme.
        visit = await self._visits.for_looks(request)
        theme = theme_of(visit.brand)
        is_versioned = request.query_params.get("v") == theme.version
        headers = {"cache-control": FOREVER if is_versioned else "no-cache"}
        return Response(theme.css(), media_type="text/css", headers=headers)

    async def logo(self, request: Request) -> Response:
        visit = await self._visits.for_looks(request)
        return Response(
            visit.brand.logo.svg,
            media_type="image/svg+xml",
            headers={"cache-control": "public, max-age=300", "content-security-policy": PICTURE_POLICY},
        )

    async def picture(self, request: Request) -> Response:
        key = request.path_params["key"]
        if not MEDIA_KEY.fullmatch(key):
            raise PageMissing
        etag = f'"{key[10:42]}"'
        headers = {"cache-control": FOREVER, "etag": etag, "content-security-policy": PICTURE_POLICY}
        file = await self._deps.media.get(key)
        if file is None:
            raise PageMissing
        if is_current(request, etag):
            return Response(status_code=304, headers=headers)
        data, mime_type = file
        return Response(data, media_type=mime_type, headers=headers)

    async def robots(self, request: Request) -> Response:
        visit = await self._visits.to_open_shop(request)
        lines = [
            "User-agent: *",
            "Disallow: /cart",
            "Disallow: /checkout",
            "Disallow: /orders",
            f"Sitemap: {visit.origin}/sitemap.xml",
            "",
        ]
        return PlainTextResponse("\n".join(lines))

    async def sitemap(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_open_shop(request), self._sitemap)

    async def _sitemap(self, visit: Visit) -> RenderedPage:
        shelves = (await self._facts.categories.of(visit.store, visit.revision)).shelves
        addresses = [
            "/",
            "/products",
            *(f"/c/{shelf.slug}" for shelf in shelves),
            *(f"/pages/{content.slug}" for content in visit.pages),
        ]
        after: str | None = None
        while len(addresses) < MOST_IN_SITEMAP:
            page = await self._queries.products(
                visit.store.id,
                Window(first=PAGE_MAX, after=after),
                where=ANY_ON_SALE,
                sort=ProductSort.NEWEST,
                only=frozenset({"slug"}),
            )
            addresses += [f"/products/{product.slug}" for product in page.nodes]
            after = page.end_cursor
            if not page.has_next or after is None:
                break
        rows = "".join(f"<url><loc>{escape(visit.origin + address)}</loc></url>" for address in addresses)
        head = '<?xml version="1.0" encoding="UTF-8"?>'
        body = f'{head}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return RenderedPage((body.encode(),), media_type="application/xml")
