"""The sitemap: an index, a part with everything but products, and parts of products that keep their products.

Limits and names of the elements are those of sitemaps.org. All parts are at the root, because a part may only name
addresses below its own folder.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storefront.pages.base import Pages
from storefront.rendering.rendered import RenderedPage
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit

PAGES_PART = "/sitemap-pages.xml"
"""The part with everything but products: their number is bounded."""
_NUMBER = re.compile("[1-9][0-9]{0,8}")
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
_IMAGES = "http://www.google.com/schemas/sitemap-image/1.1"


class SitemapPages(Pages):
    """What search engines read to find all pages of a store."""

    def routes(self) -> list[Route]:
        return [
            Route("/sitemap.xml", self.index),
            Route(PAGES_PART, self.pages),
            Route("/sitemap-{number}.xml", self.products),
        ]

    async def index(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_open_shop(request), self._index)

    async def pages(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_open_shop(request), self._pages)

    async def products(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_open_shop(request), self._products)

    async def _index(self, visit: Visit) -> RenderedPage:
        changed_at = await self._queries.pages_changed_at(visit.store.id)
        parts = await self._queries.sitemap_parts(visit.store.id)
        return _document(
            f'sitemapindex xmlns="{_SCHEMA}"',
            [
                _entry("sitemap", visit.origin + PAGES_PART, changed_at),
                *(_entry("sitemap", f"{visit.origin}/sitemap-{part.number}.xml", part.changed_at) for part in parts),
            ],
        )

    async def _pages(self, visit: Visit) -> RenderedPage:
        shelves = (await self._facts.categories.of(visit.store, visit.revision)).shelves
        collections = await self._facts.collections.of(visit.store, visit.revision)
        pages = await self._queries.pages(visit.store.id, only=frozenset({"slug", "updated_at"}))
        return _addresses(
            [
                _entry("url", f"{visit.origin}/", None),
                _entry("url", f"{visit.origin}/products", None),
                *(_entry("url", f"{visit.origin}/c/{shelf.slug}", shelf.updated_at) for shelf in shelves),
                *(_entry("url", f"{visit.origin}/collections/{one.slug}", one.updated_at) for one in collections),
                *(_entry("url", f"{visit.origin}/pages/{page.slug}", page.updated_at) for page in pages),
            ]
        )

    async def _products(self, visit: Visit) -> RenderedPage:
        number = visit.request.path_params["number"]
        entries = await self._queries.sitemap_entries(visit.store.id, int(number)) if _NUMBER.fullmatch(number) else ()
        if not entries:
            raise PageMissing
        return _addresses(
            _entry("url", f"{visit.origin}/products/{each.slug}", each.edited_at, self._links(visit, each.images))
            for each in entries
        )

    def _links(self, visit: Visit, keys: Sequence[str]) -> Iterable[str]:
        for link in map(self._deps.media_url, keys):
            yield link if "://" in link else visit.origin + link


def _addresses(entries: Iterable[str]) -> RenderedPage:
    return _document(f'urlset xmlns="{_SCHEMA}" xmlns:image="{_IMAGES}"', entries)


def _document(root: str, entries: Iterable[str]) -> RenderedPage:
    body = f'<?xml version="1.0" encoding="UTF-8"?><{root}>{"".join(entries)}</{root.partition(" ")[0]}>'
    return RenderedPage((body.encode(),), media_type="application/xml")


def _entry(name: str, address: str, changed_at: datetime | None, images: Iterable[str] = ()) -> str:
    """Return an entry of an index or of a part."""
    changed = "" if changed_at is None else f"<lastmod>{changed_at.isoformat(timespec='seconds')}</lastmod>"
    shown = "".join([f"<image:image><image:loc>{escape(image)}</image:loc></image:image>" for image in images])
    return f"<{name}><loc>{escape(address)}</loc>{changed}{shown}</{name}>"
