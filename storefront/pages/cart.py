"""The cart: put in, change, take out, put in order."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.numbers import whole_number
from domain.order.events import OrderStatus
from domain.text import isolated
from storefront.checkout.priced_cart import is_foreign_money, is_sold_by, look_up
from storefront.checkout.unpaid_order import unpaid_order
from storefront.rendering.renderer import PageMissing, PageRenderer
from storefront.visit.cart import MOST_LINES, MOST_OF_ONE, Cart


def routes(front: PageRenderer) -> list[Route]:
    """Return the cart's routes."""
    queries, link = front.deps.queries, front.deps.media.url

    async def show(request: Request) -> Response:
        visit = await front.visit(request)
        waiting = await unpaid_order(front, visit)
        priced_cart = await look_up(visit.cart, visit.store, queries, link, waiting)
        ordered = visit.settled
        paid = ordered is not None and ordered.status is not OrderStatus.CANCELLED
        return front.page(
            visit,
            "cart.html",
            priced_cart=priced_cart,
            waiting=waiting,
            paid=ordered if paid else None,
            link=front.order_link(visit, ordered.id) if ordered is not None else None,
            most=MOST_OF_ONE,
            robots="noindex",
        )

    async def add(request: Request) -> Response:
        visit = await front.visit(request)
        form = await front.form(visit)
        product_id, variant_id = _id(form.get("product")), _id(form.get("variant"))
        product = (await queries.products_by_ids(visit.store.id, [product_id])).get(product_id)
        variants = (await queries.variants(visit.store.id, [product_id])).get(product_id, ())
        variant = next((one for one in variants if one.id == variant_id), None)
        if product is None or variant is None or not is_sold_by(visit.store, product):
            raise PageMissing
        if is_foreign_money(visit.store, product):
            visit.say(
                f"“{isolated(product.title)}” is priced in {variant.price.currency} and cannot be bought here: "
                f"this shop sells in {visit.store.currency}."
            )
            return front.redirect(visit, f"/products/{product.slug}")
        if variant.available <= 0:
            visit.say(f"“{isolated(product.title)}” is sold out at the moment.")
            return front.redirect(visit, f"/products/{product.slug}")
        typed = str(form.get("quantity", "1")).strip()
        quantity = whole_number(typed)
        if quantity is None or not 1 <= quantity <= MOST_OF_ONE:
            visit.say(f"Quantity “{typed[:20]}” cannot be ordered. Write a whole number from 1 to {MOST_OF_ONE}.")
            return front.redirect(visit, f"/products/{product.slug}")
        before = visit.cart.count
        cart = visit.cart.add(product_id, variant_id, quantity)
        if cart.count == before:
            full = len(cart.entries) >= MOST_LINES
            visit.say(
                f"The cart is full: it takes {MOST_LINES} different things."
                if full
                else f"You already have {MOST_OF_ONE} of “{isolated(product.title)}” in the cart, the most we sell at once."
            )
        else:
            visit.say(f"“{isolated(product.title)}” is in your cart.")
        visit.keep_cart(cart)
        return front.redirect(visit, "/cart")

    async def change(request: Request) -> Response:
        visit = await front.visit(request)
        form = await front.form(visit)
        cart: Cart = visit.cart
        removed = _id(form.get("remove")) if form.get("remove") else None
        for entry in visit.cart:
            if entry.variant_id == removed:
                cart = cart.without([entry.variant_id])
                continue
            typed = str(form.get(f"quantity.{entry.variant_id}", entry.quantity)).strip()
            wanted = whole_number(typed)
            if wanted is None or not 0 <= wanted <= MOST_OF_ONE:
                visit.say(
                    f"Quantity “{typed[:20]}” cannot be ordered, so it stays at {entry.quantity}. "
                    f"Write a whole number from 0 to {MOST_OF_ONE}; 0 removes the line."
                )
            else:
                cart = cart.set(entry.variant_id, wanted)
        visit.keep_cart(cart)
        return front.redirect(visit, "/cart")

    async def tidy(request: Request) -> Response:
        visit = await front.visit(request)
        await front.form(visit)
        waiting = await unpaid_order(front, visit)
        priced_cart = await look_up(visit.cart, visit.store, queries, link, waiting)
        visit.keep_cart(priced_cart.tidied(visit.cart))
        return front.redirect(visit, "/cart")

    return [
        Route("/cart", show, name="cart"),
        Route("/cart/add", add, methods=["POST"]),
        Route("/cart/change", change, methods=["POST"]),
        Route("/cart/tidy", tidy, methods=["POST"]),
    ]


def _id(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise PageMissing from error
