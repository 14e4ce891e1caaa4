"""Files for browsers and search engines: stylesheet, logo, pictures, robots.txt."""

import json
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.media.ports import MEDIA_KEY
from infra.web.conditional import is_current
from infra.web.static_files import FOREVER
from storefront.pages.base import Pages
from storefront.pages.made_pictures import MadePictures
from storefront.ports import StorefrontDependencies
from storefront.rendering.renderer import PageRenderer
from storefront.rendering.theme import theme_of
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visits

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG that is opened by itself may style itself and do nothing else."""
ICONS = (180, 192, 512)
"""Pixels of the logo's icons. The first one is for home screens of Apple's phones."""


class FilePages(Pages):
    """Everything that a browser fetches besides pages."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        super().__init__(deps, visits, renderer)
        self._made = MadePictures()

    def routes(self) -> list[Route]:
        return [
            Route("/theme.css", self.theme),
            Route("/logo.svg", self.logo),
            Route("/favicon.ico", self.logo),
            Route("/media/{key:path}", self.picture),
            Route("/icons/{size:int}.png", self.icon),
            Route("/apple-touch-icon.png", self.icon),
            Route("/social/logo.jpg", self.logo_card),
            Route("/social/{key:path}", self.social),
            Route("/site.webmanifest", self.manifest),
            Route("/robots.txt", self.robots),
            Route("/static/{name:path}", self._renderer.static.serve),
        ]

    async def theme(self, request: Request) -> Response:
        # A closed store shows its remaining pages, and the page that says so, in its own theme.
        visit = await self._visits.for_looks(request)
        return await self._renderer.stylesheets.of(theme_of(visit.brand)).answer(request)

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

    async def social(self, request: Request) -> Response:
        """Return a JPEG of a picture, for previews of links."""
        key = request.path_params["key"].removesuffix(".jpg") + ".webp"
        make = self._deps.social_jpeg
        if make is None or not MEDIA_KEY.fullmatch(key):
            raise PageMissing
        made = self._made.find((key,))
        if made is None:
            file = await self._deps.media.get(key)
            if file is None:
                raise PageMissing
            made = await self._made.make((key,), partial(make, file[0]))
        headers = {"cache-control": FOREVER, "content-security-policy": PICTURE_POLICY}
        return Response(made, media_type="image/jpeg", headers=headers)

    async def icon(self, request: Request) -> Response:
        """Return the logo as a PNG, on the shop's ground: phones draw no SVG on their home screens."""
        visit = await self._visits.for_looks(request)
        size = request.path_params.get("size", ICONS[0])
        draw = self._deps.logo_pictures
        if draw is None or size not in ICONS:
            raise PageMissing
        svg, ground = visit.brand.logo.svg, theme_of(visit.brand).colors["bg"]
        made = await self._made.make((svg, ground, str(size)), lambda: draw.png(svg, size, ground))
        return _logo_picture(made, "image/png")

    async def logo_card(self, request: Request) -> Response:
        """Return the logo as a JPEG, for previews of links to pages without a picture."""
        visit = await self._visits.for_looks(request)
        draw = self._deps.logo_pictures
        if draw is None:
            raise PageMissing
        svg, ground = visit.brand.logo.svg, theme_of(visit.brand).colors["bg"]
        made = await self._made.make((svg, ground), lambda: draw.card(svg, ground))
        return _logo_picture(made, "image/jpeg")

    async def manifest(self, request: Request) -> Response:
        """Return what a phone needs to keep the store on its home screen."""
        visit = await self._visits.to_open_shop(request)
        colors = theme_of(visit.brand).colors
        data = {
            "name": visit.brand.name,
            "short_name": visit.brand.name[:24],
            "description": visit.brand.voice.tagline,
            "start_url": "/",
            "display": "browser",
            "background_color": colors["bg"],
            "theme_color": colors["bg"],
            "icons": [
                {"src": "/logo.svg", "sizes": "any", "type": "image/svg+xml"},
                *(
                    {"src": f"/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
                    for size in ICONS[1:]
                    for purpose in ("any", "maskable")
                ),
            ],
        }
        return Response(
            json.dumps(data, ensure_ascii=False),
            media_type="application/manifest+json",
            headers={"cache-control": "public, max-age=3600"},
        )

    async def robots(self, request: Request) -> Response:
        visit = await self._visits.to_open_shop(request)
        lines = [
            "User-agent: *",
            "Disallow: /cart",
            "Disallow: /checkout",
            "Disallow: /orders",
            "Disallow: /withdraw",
            f"Sitemap: {visit.origin}/sitemap.xml",
            "",
        ]
        return PlainTextResponse("\n".join(lines))


def _logo_picture(data: bytes, mime_type: str) -> Response:
    headers = {"cache-control": "public, max-age=300", "content-security-policy": PICTURE_POLICY}
    return Response(data, media_type=mime_type, headers=headers)
