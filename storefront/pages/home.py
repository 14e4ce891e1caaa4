"""The home page: what this shop is, and its best products."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.money import Money
from domain.store.brand import HeroKind, Mood, Section
from projections.catalog.views import ON_SALE, ProductFilter, ProductSort, ProductView
from projections.reading.paging import Window
from storefront.pages.base import Pages
from storefront.pages.first_places import first_places
from storefront.rendering.delivery import delivery_words, rates_of
from storefront.rendering.formatting import SHOWN_OF_IMAGE, SHOWN_OF_PRODUCT, Card, Picture, cards
from storefront.rendering.offer import offer_line
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.store_data import store_data
from storefront.rendering.theme import theme_of
from storefront.shelves.grouping import Shelf, shelf_of
from storefront.visit.store_facts import ANY_ON_SALE
from storefront.visit.visit import Visit

FEATURED = 8
HERO = 3
TILES = 6
FEWEST_TILES = 3
"""Of a hero."""
TILED = 48
"""The products among which each shelf finds its picture."""
OWN_HEROES = frozenset({Mood.ATELIER, Mood.STUDIO, Mood.SIGNAL})
"""Moods with a product hero of their own."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A shelf with the picture of its best product."""

    shelf: Shelf
    picture: Picture | None


class HomePages(Pages):
    """The home page."""

    def routes(self) -> list[Route]:
        return [Route("/", self.show, name="home")]

    async def show(self, request: Request) -> Response:
        return await self._shared(await self._visits.to_open_shop(request), self.render)

    async def render(self, visit: Visit) -> RenderedPage:
        """Return the home page."""
        queries, where, store_id = self._queries, ANY_ON_SALE, visit.store.id
        theme = theme_of(visit.brand)
        categories = await self._facts.categories.of(visit.store, visit.revision)
        shelves = categories.shelves
        shows_tiles = theme.hero is HeroKind.CATEGORY or theme.sections[:1] != (Section.CATEGORIES,)
        most = TILED if shows_tiles and len(shelves) > 1 else FEATURED + 4
        best = await queries.products(
            store_id, Window(first=most), where=where, sort=ProductSort.SCORE, only=SHOWN_OF_PRODUCT | {"score"}
        )
        ids = [product.id for product in best.nodes]
        images = await queries.images(store_id, ids, only=SHOWN_OF_IMAGE | {"quality"})
        products = first_places(best.nodes, images)
        best_cards = cards(products, images, self._deps.media_url)
        hero = _for_hero(best_cards)[:HERO]
        tiles = _tiles(shelves, products, best_cards) if shows_tiles else []
        kind = _hero_kind(theme.hero, tiles, hero)
        own_template = kind is HeroKind.PRODUCT and theme.mood in OWN_HEROES
        delivery = await queries.delivery(store_id, statuses=ON_SALE)
        return self._renderer.render(
            visit,
            "home.html",
            hero=hero,
            hero_template=theme.name if own_template else kind.lower(),
            sections=_sections(theme.sections, kind),
            featured=_varied(best_cards[: FEATURED + 4])[:FEATURED],
            shelves=shelves,
            tiles=tiles[:TILES],
            hero_tiles=_for_hero_tiles(tiles),
            offer=offer_line(
                categories.counts,
                await self._lowest_price(store_id, where),
                delivery,
                _fits(products),
                shipping=delivery_words(visit.store),
            ),
            total=await self._facts.total.of(visit.store, visit.revision),
            delivery=delivery,
            included=rates_of(visit.store).is_included,
            social=next((card.picture for card in best_cards if card.picture is not None), None),
            structured=store_data(visit, await self._facts.shop.of(visit.store, visit.revision)),
        )

    async def _lowest_price(self, store_id: UUID, where: ProductFilter) -> Money | None:
        cheapest = await self._queries.products(
            store_id, Window(first=1), where=where, sort=ProductSort.PRICE_LOW, only=frozenset({"price_range"})
        )
        return cheapest.nodes[0].price_range[0] if cheapest.nodes else None


def _fits(products: Sequence[ProductView]) -> dict[str, float]:
    """Return the best fit to the niche in each category; products of the merchant's own count as fitting."""
    fits: dict[str, float] = {}
    for product in products:
        fit = 1.0 if product.score is None or product.score.fit is None else product.score.fit
        fits[product.category or ""] = max(fit, fits.get(product.category or "", 0.0))
    return fits


def _for_hero_tiles(tiles: Sequence[Tile]) -> Sequence[Tile]:
    """Return as many tiles with a picture as fill their rows: six, four, or three."""
    pictured = [tile for tile in tiles if tile.picture is not None]
    return pictured[: next((rows for rows in (6, 4, 3) if rows <= len(pictured)), 0)]


def _hero_kind(drawn: HeroKind, tiles: Sequence[Tile], hero: Sequence[Card]) -> HeroKind:
    """Return the drawn kind, or a product if the store has too few pictures for it."""
    pictured = sum(tile.picture is not None for tile in tiles)
    if (drawn is HeroKind.CATEGORY and pictured < FEWEST_TILES) or (drawn is HeroKind.ROOM and len(hero) < HERO):
        return HeroKind.PRODUCT
    return drawn


def _sections(drawn: Sequence[Section], kind: HeroKind) -> list[Section]:
    """Return the drawn sections, with the categories in front if the hero was to show them and does not."""
    if Section.CATEGORIES in drawn or kind is HeroKind.CATEGORY:
        return list(drawn)
    return [Section.CATEGORIES, *drawn]


def _tiles(shelves: Sequence[Shelf], products: Sequence[ProductView], shown: Sequence[Card]) -> list[Tile]:
    """Return a tile for each shelf, those with a picture first."""
    pictures: dict[str, Picture] = {}
    for product, card in zip(products, shown, strict=True):
        shelf = shelf_of(shelves, product.category)
        if shelf is not None and card.picture is not None:
            pictures.setdefault(shelf.slug, card.picture)
    tiles = [Tile(shelf, pictures.get(shelf.slug)) for shelf in shelves]
    return sorted(tiles, key=lambda tile: tile.picture is None)


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
