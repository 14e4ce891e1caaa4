"""The cart: put in, change, take out, put in order."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.text import isolated
from storefront.cart import MOST_LINES, MOST_OF_ONE, Cart
from storefront.front import Front, PageMissing
from storefront.trolley import is_foreign_money, is_sold_by, look_up
from storefront.waiting import waiting_order


def routes(front: Front) -> list[Route]:
    """Return the cart's routes."""
    shelf, link = front.deps.shelf, front.deps.media.url

    async def show(request: Request) -> Response:
        visit = await front.visit(request)
        waiting = await waiting_order(front, visit)
        trolley = await look_up(visit.cart, visit.store, shelf, link, waiting)
        return front.page(visit, "cart.html", trolley=trolley, waiting=waiting, most=MOST_OF_ONE, robots="noindex")

    async def add(request: Request) -> Response:
        visit = await front.visit(request)
        form = await front.form(visit)
        product_id, variant_id = _id(form.get("product")), _id(form.get("variant"))
        product = (await shelf.products_by_ids([product_id])).get(product_id)
        variants = (await shelf.variants([product_id])).get(product_id, ())
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
        before = visit.cart.count
        cart = visit.cart.add(product_id, variant_id, _quantity(form.get("quantity"), default=1) or 1)
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
            else:
                wanted = _quantity(form.get(f"quantity.{entry.variant_id}"), default=entry.quantity)
                cart = cart.set(entry.variant_id, wanted)
        visit.keep_cart(cart)
        return front.redirect(visit, "/cart")

    async def tidy(request: Request) -> Response:
        visit = await front.visit(request)
        await front.form(visit)
        trolley = await look_up(visit.cart, visit.store, shelf, link)
        visit.keep_cart(trolley.tidied(visit.cart))
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


def _quantity(text: object, *, default: int) -> int:
    """Return a quantity as typed; what is no number changes nothing."""
    words = str(text).strip() if text is not None else ""
    return int(words) if words.isdecimal() and len(words) < 6 else default
