"""The merchant's own lists of products, each with a title, a text and a picture."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel import InvalidInput
from domain.store.collection_events import AddressKind
from projections.catalog.views import ON_SALE, CollectionView, ProductFilter, ProductSort, ProductView
from projections.reading.paging import Window
from storefront.pages.base import Pages
from storefront.rendering.formatting import SHOWN_OF_IMAGE, SHOWN_OF_PRODUCT, cards, picture
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.structured_data import collection_data
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit

PAGE = 24


class CollectionPages(Pages):
    """A page for each collection."""

    def routes(self) -> list[Route]:
        return [Route("/collections/{slug}", self.collection, name="collection")]

    async def collection(self, request: Request) -> Response:
        slug, after = request.path_params["slug"], request.query_params.get("after", "")[:400]

        async def render(visit: Visit) -> RenderedPage | Response:
            return await self.render_collection(visit, slug, after)

        return await self._shared(await self._visits.to_open_shop(request), render, after)

    async def render_collection(self, visit: Visit, slug: str, after: str) -> RenderedPage | Response:
        """Return a collection's page, from the product after a cursor.

        Raises:
            PageMissing, PageMoved: the store has none at this address.
        """
        store_id = visit.store.id
        collection = await self._queries.collection(store_id, slug)
        if collection is None:
            await self._raise_if_moved(visit, AddressKind.COLLECTION, slug)
            raise PageMissing
        try:
            products, following = await self._products(visit, collection, after)
        except InvalidInput:
            # The "next page" link is old or was edited: show the first page.
            return self._renderer.redirect(visit, f"/collections/{collection.slug}")
        images = await self._queries.images(store_id, [one.id for one in products], only=SHOWN_OF_IMAGE)
        shown = cards(products, images, self._deps.media_url)
        asset = None
        if collection.image_id is not None:
            asset = (await self._queries.media(store_id, [collection.image_id])).get(collection.image_id)
        top = None if asset is None else picture(asset, collection.title, self._deps.media_url)
        return self._renderer.render(
            visit,
            "collection.html",
            collection=collection,
            picture=top,
            cards=shown,
            after=after,
            following=following,
            structured=collection_data(visit, collection, shown),
            robots="noindex, follow" if after else None,
        )

    async def _products(
        self, visit: Visit, collection: CollectionView, after: str
    ) -> tuple[Sequence[ProductView], str | None]:
        """Return one page of a collection's products on sale, and the cursor of the next page."""
        if collection.rule is None:
            return await self._listed(visit, collection, after)
        rule = collection.rule
        where = ProductFilter(
            statuses=ON_SALE,
            categories=frozenset(rule.categories),
            tags=frozenset(tag.lower() for tag in rule.tags),
            price_min=None if rule.price_from is None else rule.price_from.minor,
            price_max=None if rule.price_to is None else rule.price_to.minor,
        )
        window = Window(first=PAGE, after=after or None)
        page = await self._queries.products(
            visit.store.id, window, where=where, sort=ProductSort.SCORE, only=SHOWN_OF_PRODUCT
        )
        return page.nodes, page.end_cursor if page.has_next else None

    async def _listed(
        self, visit: Visit, collection: CollectionView, after: str
    ) -> tuple[Sequence[ProductView], str | None]:
        if after and not (after.isascii() and after.isdecimal() and len(after) < 6):
            raise InvalidInput("after", f"Invalid cursor {after[:40]!r}. Begin with the first page.")
        first = int(after or 0)
        found = await self._queries.products_by_ids(visit.store.id, collection.product_ids)
        on_sale = [found[id] for id in collection.product_ids if id in found and found[id].status in ON_SALE]
        following = str(first + PAGE) if len(on_sale) > first + PAGE else None
        return on_sale[first : first + PAGE], following
