"""The home page: what this shop is, and its best products."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from projections.catalog.views import ON_SALE, ProductFilter, ProductSort
from projections.reading.paging import Window
from storefront.pages.base import Pages
from storefront.rendering.formatting import Card, cards

FEATURED = 8
HERO = 3


class HomePages(Pages):
    """The home page."""

    def routes(self) -> list[Route]:
        return [Route("/", self.show, name="home")]

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        queries, where = self._queries, ProductFilter(statuses=ON_SALE)
        best = await queries.products(visit.store.id, Window(first=FEATURED + 4), where=where, sort=ProductSort.SCORE)
        ids = [product.id for product in best.nodes]
        images, variants = await queries.images(visit.store.id, ids), await queries.variants(visit.store.id, ids)
        best_cards = cards(best.nodes, images, variants, self._deps.media.url)
        return self._renderer.page(
            visit,
            "home.html",
            hero=_for_hero(best_cards)[:HERO],
            featured=_varied(best_cards)[:FEATURED],
            categories=await queries.categories(visit.store.id, where=where),
            total=await queries.count(visit.store.id, where=where),
            delivery=await queries.delivery(visit.store.id, where=where),
        )


def _for_hero(best: list[Card]) -> list[Card]:
    """Return the cards with a picture that are not sold out, the first of each category in front."""
    return _varied([card for card in best if card.picture is not None and not card.sold_out])


def _varied(best: list[Card]) -> list[Card]:
    """Return the cards with the first of each category in front, and otherwise in their order."""
    seen: set[str | None] = set()
    first: list[Card] = []
    rest: list[Card] = []
    for card in best:
        (rest if card.category in seen else first).append(card)
        seen.add(card.category)
    return first + rest
