"""The first page: what this shop is, and the best of what it sells."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from projections.catalog.views import ON_SALE, ProductFilter, ProductSort
from projections.reading.paging import Window
from storefront.rendering.formatting import Card, cards
from storefront.rendering.renderer import PageRenderer

FEATURED = 8


def routes(front: PageRenderer) -> list[Route]:
    """Return the home page's route."""

    async def home(request: Request) -> Response:
        visit = await front.visit(request)
        queries, where = front.deps.queries, ProductFilter(statuses=ON_SALE)
        best = await queries.products(visit.store.id, Window(first=FEATURED + 4), where=where, sort=ProductSort.SCORE)
        ids = [product.id for product in best.nodes]
        images, variants = await queries.images(visit.store.id, ids), await queries.variants(visit.store.id, ids)
        shown = cards(best.nodes, images, variants, front.deps.media.url)
        return front.page(
            visit,
            "home.html",
            hero=_pictured(shown)[:3],
            featured=_varied(shown)[:FEATURED],
            categories=await queries.categories(visit.store.id, where=where),
            total=await queries.count(visit.store.id, where=where),
            delivery=await queries.delivery(visit.store.id, where=where),
        )

    return [Route("/", home, name="home")]


def _pictured(shown: list[Card]) -> list[Card]:
    """Return the cards fit for the hero: pictured and not sold out, one per category as far as that goes."""
    fit = [card for card in shown if card.picture is not None and not card.sold_out]
    return _varied(fit)


def _varied(shown: list[Card]) -> list[Card]:
    """Return the cards with the first of each category in front; the order stays otherwise."""
    seen: set[str | None] = set()
    first: list[Card] = []
    rest: list[Card] = []
    for card in shown:
        (rest if card.category in seen else first).append(card)
        seen.add(card.category)
    return first + rest
