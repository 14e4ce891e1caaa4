"""The listing with its filters and sort orders, the page of a shelf, and the page of a product."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel import InvalidInput
from domain.money import Money
from domain.order.delivery import arrival_window
from domain.product.events import ProductStatus
from domain.store.collection_events import AddressKind
from domain.store.slugs import slugify
from projections.catalog.views import ON_SALE, ProductFilter, ProductSort, ProductView, VariantView
from projections.reading.counting import Count
from projections.reading.paging import Window
from storefront.pages.base import Pages
from storefront.pages.stock_notice import CONSENT
from storefront.rendering.formatting import SHOWN_OF_IMAGE, SHOWN_OF_PRODUCT, Card, cards, pictures, without_currency
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.structured_data import product_data, shelf_data
from storefront.shelves.grouping import Shelf, category_name, find_shelf, shelf_of
from storefront.visit.errors import PageMissing
from storefront.visit.store_facts import ANY_ON_SALE
from storefront.visit.visit import Visit

PAGE = 24
RELATED = 4
SORTS = {
    "featured": (ProductSort.SCORE, "Featured"),
    "newest": (ProductSort.NEWEST, "Newest"),
    "price-low": (ProductSort.PRICE_LOW, "Price: low to high"),
    "price-high": (ProductSort.PRICE_HIGH, "Price: high to low"),
    "title": (ProductSort.TITLE, "Name"),
}
PRICE_LIMIT = 10**9
"""In minor units; no price reaches it."""
IN_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
"""``1,249.00``, as the storefront writes it."""
IN_THOUSANDS_WITH_POINTS = re.compile(r"\d{1,3}(\.\d{3})+,\d+")
"""``1.249,00``, as much of Europe writes it."""


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """The listing's filters and sort order, as the shopper typed them."""

    category: str
    """The slug of a shelf, or a supplier's category as addresses of earlier releases have it."""
    low: str
    high: str
    in_stock: bool
    sort: str
    after: str
    search: str

    @classmethod
    def of(cls, request: Request, shelf: str | None = None) -> "ListingQuery":
        """Return the query of a request; ``shelf`` is the slug of the shelf whose page it is."""
        parameters = request.query_params
        sort = parameters.get("sort", "featured")
        return cls(
            category=parameters.get("category", "")[:120] if shelf is None else shelf,
            low=parameters.get("min", "")[:12].strip(),
            high=parameters.get("max", "")[:12].strip(),
            in_stock=parameters.get("stock") == "in",
            sort=sort if sort in SORTS else "featured",
            after=parameters.get("after", "")[:400],
            search=" ".join(parameters.get("q", "").split())[:80],
        )

    @property
    def narrows(self) -> bool:
        """Whether it filters products, sorting aside."""
        return bool(self.category) or self.filters

    @property
    def filters(self) -> bool:
        """Whether it filters the products of its shelf or of the store, sorting aside."""
        return bool(self.low or self.high or self.in_stock or self.search)

    @property
    def is_plain(self) -> bool:
        """Whether it is the first page of a listing in its usual order, which search engines may list."""
        return not self.filters and not self.after and self.sort == "featured"

    def address(self, **changes: str) -> str:
        """Return the listing's address for this query with changes, at its first page unless ``after`` is among them."""
        parameters = {
            "q": self.search,
            "category": self.category,
            "min": self.low,
            "max": self.high,
            "stock": "in" if self.in_stock else "",
            "sort": "" if self.sort == "featured" else self.sort,
            "after": "",
        } | changes
        query = urlencode({name: value for name, value in parameters.items() if value})
        return "/products" + (f"?{query}" if query else "")

    def filter(self, currency: str, shelf: Shelf | None) -> tuple[ProductFilter, str | None]:
        """Return the filter, and the problem with a price; None if there is no problem.

        Args:
            currency: of the prices.
            shelf: the one that ``category`` names; None if it names none.
        """
        problem: str | None = None
        bounds: list[int | None] = []
        for text in (self.low, self.high):
            amount = _minor(text, currency)
            if text and amount is None:
                problem = f"“{text}” is not a price. Write a number such as 25 or 24.90."
            bounds.append(amount)
        low, high = bounds
        if low is not None and high is not None and low > high:
            low, high = high, low
        return (
            ProductFilter(
                statuses=frozenset({ProductStatus.ACTIVE}) if self.in_stock else ON_SALE,
                category=None if shelf is not None else self.category or None,
                categories=frozenset() if shelf is None else shelf.categories,
                price_min=low,
                price_max=high,
                text=self.search or None,
            ),
            problem,
        )


def _minor(text: str, currency: str) -> int | None:
    number = without_currency(text, currency)
    if IN_THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    elif IN_THOUSANDS_WITH_POINTS.fullmatch(number):
        number = number.replace(".", "")
    try:
        amount = Money.parse(number.replace(",", "."), currency)
    except ValueError:
        return None
    return amount.minor if 0 <= amount.minor < PRICE_LIMIT else None


class ProductPages(Pages):
    """The listing and a product's own page."""

    def routes(self) -> list[Route]:
        return [
            Route("/products", self.listing, name="products"),
            Route("/c/{slug}", self.shelf, name="shelf"),
            Route("/products/{slug}", self.product, name="product"),
        ]

    async def listing(self, request: Request) -> Response:
        query = ListingQuery.of(request)

        async def render(visit: Visit) -> RenderedPage | Response:
            return await self.render_listing(visit, query)

        return await self._shared(await self._visits.to_open_shop(request), render, query)

    async def render_listing(self, visit: Visit, query: ListingQuery) -> RenderedPage | Response:
        """Return the listing of products that a query describes."""
        shelves = await self._shelves(visit)
        return await self._list(visit, query, shelves, find_shelf(shelves, slugify(query.category, fallback="")))

    async def shelf(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        query = ListingQuery.of(request, slug)

        async def render(visit: Visit) -> RenderedPage | Response:
            shelves = await self._shelves(visit)
            shelf = find_shelf(shelves, slug)
            if shelf is None or (shelf.slug != slug and shelf.own_slug == slug):
                await self._raise_if_moved(visit, AddressKind.CATEGORY, slug)
            if shelf is None:
                raise PageMissing
            if shelf.slug != slug:
                # This category had a shelf of its own when somebody noted the address.
                return self._renderer.redirect(visit, f"/c/{shelf.slug}")
            return await self._list(visit, query, shelves, shelf)

        return await self._shared(await self._visits.to_open_shop(request), render, query)

    async def _shelves(self, visit: Visit) -> Sequence[Shelf]:
        return (await self._facts.categories.of(visit.store, visit.revision)).shelves

    async def render_shelf(
        self, visit: Visit, shows: Callable[[Shelf], bool], *, name: str | None, text: str | None
    ) -> RenderedPage | Response:
        """Return the page of a category with other texts; None leaves a text as it is.

        Args:
            visit: the visit.
            shows: tells the category.
            name: the title.
            text: Markdown above its products.

        Raises:
            PageMissing: no product is in the category.
        """
        shelves = await self._shelves(visit)
        shelf = next(filter(shows, shelves), None)
        if shelf is None:
            raise PageMissing
        shown = replace(shelf, name=name or shelf.name, text=shelf.text if text is None else text)
        query = ListingQuery(category=shelf.slug, low="", high="", in_stock=False, sort="featured", after="", search="")
        return await self._list(visit, query, shelves, shown)

    async def _list(
        self, visit: Visit, query: ListingQuery, shelves: Sequence[Shelf], shelf: Shelf | None
    ) -> RenderedPage | Response:
        where, problem = query.filter(visit.store.currency or "USD", shelf)
        sort, _ = SORTS[query.sort]
        if query.search and query.sort == "featured":
            sort = ProductSort.RELEVANCE
        window = Window(first=PAGE, after=query.after or None)
        try:
            page = await self._queries.products(visit.store.id, window, where=where, sort=sort, only=SHOWN_OF_PRODUCT)
        except InvalidInput:
            # The "next page" link is old or was edited: show the first page.
            return self._renderer.redirect(visit, query.address())
        shown = await self._cards(visit.store.id, page.nodes)
        return self._renderer.render(
            visit,
            "products.html",
            query=query,
            shelf=shelf,
            shelves=shelves,
            problem=problem,
            cards=shown,
            total=Count(len(page.nodes)) if page.is_whole else await self._count(visit, where),
            sorts={key: label for key, (_, label) in SORTS.items()}
            | ({"featured": "Best match"} if query.search else {}),
            following=query.address(after=page.end_cursor) if page.has_next and page.end_cursor else None,
            structured=() if shelf is None else shelf_data(visit, shelf, shown),
            robots=None if query.is_plain and (shelf or not query.category) else "noindex, follow",
        )

    async def _count(self, visit: Visit, where: ProductFilter) -> Count:
        if where == ANY_ON_SALE:
            return await self._facts.total.of(visit.store, visit.revision)
        return await self._queries.count(visit.store.id, where=where)

    async def product(self, request: Request) -> Response:
        slug, variant = request.path_params["slug"], _id(request.query_params.get("variant", ""))

        async def render(visit: Visit) -> RenderedPage:
            return await self.render_product(visit, slug, variant)

        return await self._shared(await self._visits.to_open_shop(request), render, variant)

    async def render_product(self, visit: Visit, slug: str, requested: UUID | None) -> RenderedPage:
        """Return a product's page, with a variant chosen if one was requested.

        Raises:
            PageMissing, PageMoved: no product on sale has this address.
        """
        product = await self._queries.product(visit.store.id, slug)
        if product is None or product.status not in ON_SALE:
            await self._raise_if_moved(visit, AddressKind.PRODUCT, slug)
            raise PageMissing
        variants = (await self._queries.variants(visit.store.id, [product.id])).get(product.id, ())
        images = (await self._queries.images(visit.store.id, [product.id], only=SHOWN_OF_IMAGE)).get(product.id, ())
        photos = pictures(images, product.title, self._deps.media_url)
        page = self._renderer.render(
            visit,
            "product.html",
            product=product,
            variants=variants,
            chosen=_chosen(variants, requested),
            sold_out=[variant for variant in variants if variant.available <= 0],
            consent=CONSENT,
            choice=_choice_name(variants),
            pictures=photos,
            shop=await self._facts.shop.of(visit.store, visit.revision),
            arrival=arrival_window([product.shipping_days], ordered_on=visit.today),
            related=await self._cards(visit.store.id, await self._related(visit, product)),
            shelf=(shelf := shelf_of(await self._shelves(visit), product.category)),
            category=category_name(product.category) if product.category else None,
            structured=product_data(visit, product, variants, photos, shelf),
        )
        return replace(page, is_usual=requested is None or any(variant.id == requested for variant in variants))

    async def _related(self, visit: Visit, product: ProductView) -> list[ProductView]:
        """Return other products that can be bought, those of the same category first."""
        related = await self._best_others(visit, product, product.category) if product.category else []
        if len(related) < RELATED:
            known = {other.id for other in related}
            related += [other for other in await self._best_others(visit, product, None) if other.id not in known]
        return related[:RELATED]

    async def _best_others(self, visit: Visit, product: ProductView, category: str | None) -> list[ProductView]:
        where = ProductFilter(statuses=frozenset({ProductStatus.ACTIVE}), category=category)
        window = Window(first=RELATED + 1)
        best = await self._queries.products(
            visit.store.id, window, where=where, sort=ProductSort.SCORE, only=SHOWN_OF_PRODUCT
        )
        return [other for other in best.nodes if other.id != product.id]

    async def _cards(self, store_id: UUID, products: Sequence[ProductView]) -> list[Card]:
        ids = [product.id for product in products]
        images = await self._queries.images(store_id, ids, only=SHOWN_OF_IMAGE)
        return cards(products, images, self._deps.media_url)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _chosen(variants: Sequence[VariantView], requested: UUID | None) -> VariantView | None:
    """Return the variant to show first: that of the address, else the first that can be bought, else the first."""
    for variant in variants:
        if variant.id == requested:
            return variant
    return next((variant for variant in variants if variant.available > 0), variants[0] if variants else None)


def _choice_name(variants: Sequence[VariantView]) -> str:
    """Return what a shopper chooses between: ``Size``, ``Color and size``, or plain ``Options``."""
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))
    words = [name.replace("_", " ").lower() for name in names]
    return " and ".join(words).capitalize() if 0 < len(words) <= 2 else "Options"
