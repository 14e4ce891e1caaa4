"""The cart: show it, add to it, change quantities, and put it in order."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts.ports import Allowance
from domain.cart.contents import MOST_LINES, MOST_OF_ONE, ShopperCart
from domain.kernel import DomainError
from domain.numbers import whole_number
from domain.text import isolated
from infra.web.client_address import address_of
from infra.web.countries import country_name
from projections.catalog.views import ProductView, StoreView, VariantView
from storefront.checkout.priced_cart import is_foreign_money, is_sold_by, price_cart
from storefront.checkout.unpaid_order import unpaid_order
from storefront.pages.base import Pages
from storefront.rendering.delivery import usual_country
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit

NEW_CARTS = Allowance(burst=200, interval=timedelta(seconds=2))
"""New carts of one network address. A whole town may share one; a robot that keeps no cookies makes thousands."""
VANISHED = (
    "Your cart is empty now. It was emptied on another device, or nothing was changed in it for 30 days. "
    "Nothing was ordered."
)


class CartPages(Pages):
    """The cart's page and the forms that change it."""

    def routes(self) -> list[Route]:
        return [
            Route("/cart", self.show, name="cart"),
            Route("/cart/add", self.add, methods=["POST"]),
            Route("/cart/change", self.change, methods=["POST"]),
            Route("/cart/tidy", self.tidy, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        waiting = await unpaid_order(visit, self._queries)
        order = visit.closed_order
        is_paid = order is not None and order.is_paid
        priced_cart = await price_cart(visit, self._queries, self._deps.media_url, waiting)
        offer, problem, country = None, None, usual_country(visit.store)
        if priced_cart.lines:
            try:
                offer = priced_cart.quote(country)
            except DomainError as refusal:
                problem = str(refusal)
        return self._renderer.page(
            visit,
            "cart.html",
            shop=await self._facts.shop.of(visit.store, visit.revision),
            priced_cart=priced_cart,
            offer=offer,
            problem=problem,
            country=country_name(country),
            varies=len(priced_cart.rates.zones) > 1,
            waiting=waiting,
            paid=order if is_paid else None,
            vanished=VANISHED if visit.browser_cart.vanished and not is_paid else None,
            link=None if order is None else visit.order_links.to(order.id, at=order.placed_at),
            most=MOST_OF_ONE,
            robots="noindex",
        )

    async def add(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        form = await visit.form()
        product, variant = await self._chosen(visit, form)
        typed = str(form.get("quantity", "1")).strip()
        quantity = whole_number(typed)
        refusal = _refusal(visit.store, product, variant)
        if refusal is None and (quantity is None or not 1 <= quantity <= MOST_OF_ONE):
            refusal = f"Quantity “{typed[:20]}” cannot be ordered. Write a whole number from 1 to {MOST_OF_ONE}."
        if refusal is not None:
            visit.say(refusal)
            return self._renderer.redirect(visit, f"/products/{product.slug}")
        assert quantity is not None
        if visit.browser_cart.is_new and not await self._may_begin(visit):
            visit.say("Too many carts were begun from your network. Try again in a minute.")
            return self._renderer.redirect(visit, f"/products/{product.slug}")
        before = visit.cart

        def added(cart: ShopperCart) -> ShopperCart:
            nonlocal before
            before = cart
            return cart.add(product.id, variant.id, quantity, variant.price)

        await visit.change_cart(added)
        if visit.cart.count > before.count:
            visit.say(f"“{isolated(product.title)}” is in your cart.")
        elif len(before.entries) >= MOST_LINES:
            visit.say(f"Your cart is full. It holds {MOST_LINES} different products.")
        else:
            visit.say(
                f"Your cart has {MOST_OF_ONE} of “{isolated(product.title)}” already. That is the most per order."
            )
        return self._renderer.redirect(visit, "/cart")

    async def change(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        form = await visit.form()
        removed = _id(form.get("remove")) if form.get("remove") else None
        quantities: dict[UUID, int] = {}
        for entry in visit.cart:
            typed = str(form.get(f"quantity.{entry.variant_id}", entry.quantity)).strip()
            quantity = 0 if entry.variant_id == removed else whole_number(typed)
            if quantity is None or not 0 <= quantity <= MOST_OF_ONE:
                visit.say(
                    f"Quantity “{typed[:20]}” cannot be ordered, so it stays at {entry.quantity}. "
                    f"Write a whole number from 0 to {MOST_OF_ONE}; 0 removes the product."
                )
            elif quantity != entry.quantity:
                quantities[entry.variant_id] = quantity
        waiting = await unpaid_order(visit, self._queries)
        prices = (await price_cart(visit, self._queries, self._deps.media_url, waiting)).prices

        def changed(cart: ShopperCart) -> ShopperCart:
            for variant_id, quantity in quantities.items():
                cart = cart.set(variant_id, quantity)
            return cart.with_prices(prices)

        await visit.change_cart(changed)
        return self._renderer.redirect(visit, "/cart")

    async def tidy(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        await visit.form()
        waiting = await unpaid_order(visit, self._queries)
        priced_cart = await price_cart(visit, self._queries, self._deps.media_url, waiting)
        await visit.change_cart(priced_cart.tidied)
        return self._renderer.redirect(visit, "/cart")

    async def _may_begin(self, visit: Visit) -> bool:
        address = address_of(visit.request, behind_proxy=self._deps.behind_proxy)
        key = visit.signers.find.digest(f"new cart|{address}")
        return await self._deps.limits.take(key, NEW_CARTS, at=self._deps.clock.now()) is None

    async def _chosen(self, visit: Visit, form: Mapping[str, object]) -> tuple[ProductView, VariantView]:
        """Return the product and variant of a form.

        Raises:
            PageMissing: this store does not sell them.
        """
        product_id, variant_id = _id(form.get("product")), _id(form.get("variant"))
        product = (await self._queries.products_by_ids(visit.store.id, [product_id])).get(product_id)
        variants = (await self._queries.variants(visit.store.id, [product_id])).get(product_id, ())
        variant = next((one for one in variants if one.id == variant_id), None)
        if product is None or variant is None or not is_sold_by(visit.store, product):
            raise PageMissing
        return product, variant


def _refusal(store: StoreView, product: ProductView, variant: VariantView) -> str | None:
    """Return why a variant cannot be added to a cart; None if it can."""
    title = isolated(product.title)
    if is_foreign_money(store, product):
        return (
            f"“{title}” is priced in {variant.price.currency} and cannot be bought here: "
            f"this shop sells in {store.currency}."
        )
    return f"“{title}” is sold out at the moment." if variant.available <= 0 else None


def _id(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise PageMissing from error
