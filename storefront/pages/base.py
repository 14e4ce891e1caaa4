"""What all pages have in common."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable

from starlette.responses import Response
from starlette.routing import Route

from domain.store.collection_events import AddressKind
from storefront.ports import StorefrontDependencies
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.renderer import PageRenderer
from storefront.visit.errors import PageMoved
from storefront.visit.visit import Visit, Visits

PATHS = {
    AddressKind.PRODUCT: "/products/",
    AddressKind.PAGE: "/pages/",
    AddressKind.COLLECTION: "/collections/",
    AddressKind.CATEGORY: "/c/",
}
"""Where each kind of thing has its addresses."""
Render = Callable[[Visit], Awaitable[RenderedPage | Response]]


class Pages(ABC):
    """The pages of one topic: a method for each request, and ``routes``, which lists them."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        self._deps, self._queries = deps, deps.queries
        self._visits, self._renderer = visits, renderer
        self._facts = visits.facts

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return the routes of these pages."""

    async def _raise_if_moved(self, visit: Visit, kind: AddressKind, slug: str) -> None:
        """Send readers of a former address to the present one. No-op if the store never had it.

        Raises:
            PageMoved: the page has another address now.
        """
        present = await self._queries.present_address(visit.store.id, kind, slug)
        if present is not None:
            raise PageMoved(PATHS[kind] + present)

    async def _shared(self, visit: Visit, render: Render, *about: Hashable) -> Response:
        """Return a page that every shopper gets, from the cache if the store's rows are the same.

        Args:
            visit: of the request, without content pages.
            render: makes the page for a visit without a shopper.
            about: what decides about the page besides its path, the store's rows and the day there.
        """
        cache, store_id, revision = self._renderer.cache, visit.store.id, visit.revision
        key = (visit.request.scope["path"], visit.today, *about)
        page = None if revision is None else cache.get(store_id, revision, key)
        if page is None:
            visit = await self._visits.in_moment(visit)
            revision = visit.revision
            links = await self._facts.linked_pages.of(visit.store, revision)
            collections = await self._facts.collections.of(visit.store, revision)
            rendered = await render(visit.without_shopper(links, collections))
            if isinstance(rendered, Response):
                return rendered
            page = rendered
            if revision is not None and page.is_usual:
                cache.put(store_id, revision, key, page)
        if revision is not None:
            scope = visit.request.scope
            cache.name(store_id, revision, key, (scope["path"], scope["query_string"], visit.today))
        return self._renderer.answer_shared(visit, page)
