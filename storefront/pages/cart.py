"""The cart: show it, add to it, change quantities, and put it in order."""

from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel import DomainError
from domain.numbers import whole_number
from domain.text import isolated
from projections.catalog.views import ProductView, StoreView, VariantView
from storefront.checkout.priced_cart import is_foreign_money, is_sold_by, price_cart
from storefront.checkout.unpaid_order import unpaid_order
from storefront.pages.base import Pages
from storefront.rendering.delivery import usual_country
from storefront.rendering.formatting import country_name
from storefront.visit.cart import MOST_LINES, MOST_OF_ONE
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit


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
        before = visit.cart
        visit.save_cart(before.add(product.id, variant.id, quantity))
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
        cart = visit.cart
        removed = _id(form.get("remove")) if form.get("remove") else None
        for entry in visit.cart:
            if entry.variant_id == removed:
                cart = cart.without([entry.variant_id])
                continue
            typed = str(form.get(f"quantity.{entry.variant_id}", entry.quantity)).strip()
            quantity = whole_number(typed)
            if quantity is None or not 0 <= quantity <= MOST_OF_ONE:
                visit.say(
                    f"Quantity “{typed[:20]}” cannot be ordered, so it stays at {entry.quantity}. "
                    f"Write a whole number from 0 to {MOST_OF_ONE}; 0 removes the product."
                )
            else:
                cart = cart.set(entry.variant_id, quantity)
        visit.save_cart(cart)
        return self._renderer.redirect(visit, "/cart")

    async def tidy(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        await visit.form()
        waiting = await unpaid_order(visit, self._queries)
        priced_cart = await price_cart(visit, self._queries, self._deps.media_url, waiting)
        visit.save_cart(priced_cart.tidied(visit.cart))
        return self._renderer.redirect(visit, "/cart")

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
