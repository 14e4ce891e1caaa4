"""The listing, with filter and sort, and one product's page."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel import InvalidInput
from domain.money import Money
from domain.product.events import ProductStatus
from projections.catalog.views import ON_SALE, ProductFilter, ProductSort, ProductView, VariantView
from projections.reading.paging import Window
from storefront.rendering.formatting import SYMBOLS, Picture, cards, pictures, summary
from storefront.rendering.renderer import PageMissing, PageRenderer, Visit

PAGE = 24
RELATED = 4
SORTS = {
    "featured": (ProductSort.SCORE, "Featured"),
    "newest": (ProductSort.NEWEST, "Newest"),
    "price-low": (ProductSort.PRICE_LOW, "Price: low to high"),
    "price-high": (ProductSort.PRICE_HIGH, "Price: high to low"),
    "title": (ProductSort.TITLE, "Name"),
}
DEARER_THAN_ANYTHING = 10**9
IN_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
"""``1,249.00``, as the shop writes it."""
IN_THOUSANDS_WITH_POINTS = re.compile(r"\d{1,3}(\.\d{3})+,\d+")
"""``1.249,00``, as much of Europe does."""


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """What a shopper asked the listing for, as they typed it."""

    category: str
    low: str
    high: str
    in_stock: bool
    sort: str
    after: str
    search: str

    @classmethod
    def of(cls, request: Request) -> "ListingQuery":
        asked = request.query_params
        sort = asked.get("sort", "featured")
        return cls(
            category=asked.get("category", "")[:120],
            low=asked.get("min", "")[:12].strip(),
            high=asked.get("max", "")[:12].strip(),
            in_stock=asked.get("stock") == "in",
            sort=sort if sort in SORTS else "featured",
            after=asked.get("after", "")[:400],
            search=" ".join(asked.get("q", "").split())[:80],
        )

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was asked for."""
        return bool(self.category or self.low or self.high or self.in_stock or self.search)

    def address(self, **changes: str) -> str:
        """Return the listing's address for this wish with changes; changing anything starts at the first page."""
        asked = {
            "q": self.search,
            "category": self.category,
            "min": self.low,
            "max": self.high,
            "stock": "in" if self.in_stock else "",
            "sort": "" if self.sort == "featured" else self.sort,
            "after": "",
        } | changes
        query = urlencode({name: value for name, value in asked.items() if value})
        return "/products" + (f"?{query}" if query else "")

    def filter(self, currency: str) -> tuple[ProductFilter, str | None]:
        """Return the filter, and what was wrong with a price if something was.

        Args:
            currency: what the prices are in.
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
                category=self.category or None,
                price_min=low,
                price_max=high,
                text=self.search or None,
            ),
            problem,
        )


def _minor(text: str, currency: str) -> int | None:
    number = text.lstrip("".join(SYMBOLS.values()))
    if IN_THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    elif IN_THOUSANDS_WITH_POINTS.fullmatch(number):
        number = number.replace(".", "")
    try:
        amount = Money.parse(number.replace(",", "."), currency)
    except ValueError:
        return None
    return amount.minor if 0 <= amount.minor < DEARER_THAN_ANYTHING else None


def routes(front: PageRenderer) -> list[Route]:
    """Return the routes of the listing and of a product."""
    queries = front.deps.queries

    async def listing(request: Request) -> Response:
        visit = await front.visit(request)
        wish = ListingQuery.of(request)
        where, problem = wish.filter(visit.store.currency or "USD")
        sort, _ = SORTS[wish.sort]
        try:
            found = await queries.products(
                visit.store.id, Window(first=PAGE, after=wish.after or None), where=where, sort=sort
            )
        except InvalidInput:
            # An old or edited "next page" link: the first page is what they want.
            return front.redirect(visit, wish.address())
        ids = [product.id for product in found.nodes]
        return front.page(
            visit,
            "products.html",
            wish=wish,
            problem=problem,
            cards=cards(
                found.nodes,
                await queries.images(visit.store.id, ids),
                await queries.variants(visit.store.id, ids),
                front.deps.media.url,
            ),
            total=await queries.count(visit.store.id, where=where),
            categories=await queries.categories(visit.store.id, where=ProductFilter(statuses=ON_SALE)),
            sorts={key: label for key, (_, label) in SORTS.items()},
            following=wish.address(after=found.end_cursor) if found.has_next and found.end_cursor else None,
            robots="noindex, follow" if wish.narrows or wish.after else None,
        )

    async def product(request: Request) -> Response:
        visit = await front.visit(request)
        found = await queries.product(visit.store.id, request.path_params["slug"])
        if found is None or found.status not in ON_SALE:
            raise PageMissing
        link = front.deps.media.url
        variants = (await queries.variants(visit.store.id, [found.id])).get(found.id, ())
        shown = pictures((await queries.images(visit.store.id, [found.id])).get(found.id, ()), found.title, link)
        chosen = _chosen(variants, request.query_params.get("variant", ""))
        return front.page(
            visit,
            "product.html",
            product=found,
            variants=variants,
            chosen=chosen,
            choice=_choice_name(variants),
            pictures=shown,
            related=await _related(visit, found),
            structured=_structured(visit, found, variants, shown),
        )

    async def _related(visit: Visit, product: ProductView) -> list[Any]:
        async def some(category: str | None) -> list[ProductView]:
            where = ProductFilter(statuses=frozenset({ProductStatus.ACTIVE}), category=category)
            window = Window(first=RELATED + 1)
            near = await queries.products(visit.store.id, window, where=where, sort=ProductSort.SCORE)
            return [other for other in near.nodes if other.id != product.id]

        near = await some(product.category) if product.category else []
        if len(near) < RELATED:
            known = {other.id for other in near}
            near += [other for other in await some(None) if other.id not in known]
        near = near[:RELATED]
        ids = [other.id for other in near]
        images, variants = await queries.images(visit.store.id, ids), await queries.variants(visit.store.id, ids)
        return cards(near, images, variants, front.deps.media.url)

    return [Route("/products", listing, name="products"), Route("/products/{slug}", product, name="product")]


def _chosen(variants: "tuple[VariantView, ...] | Any", asked: str) -> VariantView | None:
    """Return the variant to show first: the one asked for, else the first that can be bought, else the first."""
    try:
        wanted: UUID | None = UUID(asked)
    except ValueError:
        wanted = None
    for variant in variants:
        if variant.id == wanted:
            return variant
    return next((variant for variant in variants if variant.available > 0), variants[0] if variants else None)


def _choice_name(variants: "tuple[VariantView, ...] | Any") -> str:
    """Return what a shopper chooses between: ``Colour``, ``Colour and size``, or plain ``Options``."""
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))
    words = [name.replace("_", " ").lower() for name in names]
    return " and ".join(words).capitalize() if 0 < len(words) <= 2 else "Options"


def _structured(visit: Visit, product: ProductView, variants: Any, shown: list[Picture]) -> Markup:
    """Return schema.org data about the product, safe to stand inside a script element."""

    def absolute(address: str) -> str:
        return address if "://" in address else visit.origin + address

    page = f"{visit.origin}/products/{product.slug}"
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "description": summary(product.meta_description or product.description, 500),
        "image": [absolute(picture.large) for picture in shown],
        "brand": {"@type": "Brand", "name": visit.brand.name},
        "category": product.category,
        "url": page,
        "offers": [
            {
                "@type": "Offer",
                "name": variant.title,
                "sku": variant.sku or str(variant.id),
                "price": str(variant.price.decimal),
                "priceCurrency": variant.price.currency,
                "availability": "https://schema.org/" + ("InStock" if variant.available > 0 else "OutOfStock"),
                "url": page,
            }
            for variant in variants
        ],
    }
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - JSON in which no "<" is left cannot end its script element
