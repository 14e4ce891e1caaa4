"""What browsers and search engines fetch besides pages: stylesheet, logo, pictures, robots, sitemap."""

from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.media.ports import MEDIA_KEY
from infra.web.conditional import is_current
from infra.web.static_files import FOREVER
from projections.catalog.views import ON_SALE, ProductFilter, ProductSort
from projections.reading.paging import PAGE_MAX, Window
from storefront.rendering.renderer import PageMissing, PageRenderer

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG opened by itself may style itself and nothing more."""
MOST_IN_SITEMAP = 2_000


class Files:
    """Everything that is no page."""

    def __init__(self, front: PageRenderer) -> None:
        self._front, self._shelf, self._media = front, front.deps.queries, front.deps.media

    async def theme(self, request: Request) -> Response:
        # What a closed store still shows, be it that it is closed, it shows in its own colours.
        visit = await self._front.visit_for_looks(request)
        fixed = request.query_params.get("v") == visit.theme.version
        return Response(
            visit.theme.css(), media_type="text/css", headers={"cache-control": FOREVER if fixed else "no-cache"}
        )

    async def logo(self, request: Request) -> Response:
        visit = await self._front.visit_for_looks(request)
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
        found = await self._media.get(key)
        if found is None:
            raise PageMissing
        if is_current(request, etag):
            return Response(status_code=304, headers=headers)
        data, mime_type = found
        return Response(data, media_type=mime_type, headers=headers)

    async def robots(self, request: Request) -> Response:
        visit = await self._front.visit(request)
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
        visit = await self._front.visit(request)
        addresses = ["/", "/products", *(f"/pages/{page.slug}" for page in visit.pages)]
        after: str | None = None
        while len(addresses) < MOST_IN_SITEMAP:
            found = await self._shelf.products(
                visit.store.id,
                Window(first=PAGE_MAX, after=after),
                where=ProductFilter(statuses=ON_SALE),
                sort=ProductSort.NEWEST,
            )
            addresses += [f"/products/{product.slug}" for product in found.nodes]
            after = found.end_cursor
            if not found.has_next or after is None:
                break
        rows = "".join(f"<url><loc>{escape(visit.origin + address)}</loc></url>" for address in addresses)
        head = '<?xml version="1.0" encoding="UTF-8"?>'
        body = f'{head}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return Response(body, media_type="application/xml")


def routes(front: PageRenderer) -> list[Route]:
    """Return the routes of everything that is no page."""
    pages = Files(front)
    return [
        Route("/theme.css", pages.theme),
        Route("/logo.svg", pages.logo),
        Route("/favicon.ico", pages.logo),
        Route("/media/{key:path}", pages.picture),
        Route("/robots.txt", pages.robots),
        Route("/sitemap.xml", pages.sitemap),
        Route("/static/{name:path}", front.static.serve),
    ]
