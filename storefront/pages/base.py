"""What all pages have in common."""

from abc import ABC, abstractmethod

from starlette.routing import Route

from storefront.ports import StorefrontDependencies
from storefront.rendering.renderer import PageRenderer
from storefront.visit.shop_details import ShopDetailsReader
from storefront.visit.visit import Visits


class Pages(ABC):
    """The pages of one topic: a method for each request, and ``routes``, which lists them."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        self._deps, self._queries = deps, deps.queries
        self._visits, self._renderer = visits, renderer
        self._shops = ShopDetailsReader(deps)

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
