"""Checkout: who it goes to, then off to the payment page."""

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel import DomainError
from domain.money import Money
from storefront.address import COUNTRIES, ShopperForm
from storefront.checkout import Checkout
from storefront.front import DAY, ORDERED, ForeignForm, Front, Visit
from storefront.pages.payment import send_to_payment
from storefront.signing import Tampered
from storefront.trolley import Trolley, look_up
from storefront.waiting import WaitingOrder, waiting_order


class CheckoutPages:
    """The form, and what sending it does."""

    def __init__(self, front: Front) -> None:
        self._front, self._deps, self._checkout = front, front.deps, Checkout(front.deps)

    async def trolley_of(self, visit: Visit, waiting: WaitingOrder | None = None) -> Trolley:
        return await look_up(visit.cart, visit.store, self._deps.shelf, self._deps.media.url, waiting)

    async def page(
        self, visit: Visit, trolley: Trolley, shopper: ShopperForm, problems: dict[str, str], nonce: str
    ) -> Response:
        return self._front.page(
            visit,
            "checkout.html",
            status=422 if problems else 200,
            trolley=trolley,
            waiting=await waiting_order(self._front, visit),
            shopper=shopper,
            problems=problems,
            countries=COUNTRIES,
            ticket=visit.signers.checkout.seal(f"{nonce}~{trolley.total.minor}~{trolley.total.currency}"),
            robots="noindex",
        )

    async def show(self, request: Request) -> Response:
        visit = await self._front.visit(request)
        trolley = await self.trolley_of(visit)
        if not trolley.ready:
            return self._front.redirect(visit, "/cart")
        return await self.page(visit, trolley, ShopperForm(), {}, secrets.token_hex(16))

    async def submit(self, request: Request) -> Response:
        visit = await self._front.visit(request)
        form = await self._front.form(visit)
        try:
            nonce, minor, currency = visit.signers.checkout.open(str(form.get("ticket", ""))).split("~")
            quoted = Money(minor=int(minor), currency=currency)
        except (Tampered, ValueError) as error:
            raise ForeignForm from error
        shopper = ShopperForm.read(form)
        problems = shopper.problems()
        if problems:
            trolley = await self.trolley_of(visit)
            if trolley.ready:
                return await self.page(visit, trolley, shopper, problems, nonce)
        if problems or not visit.cart:
            return self._front.redirect(visit, "/cart")
        wanted = ";".join(f"{entry.variant_id}x{entry.quantity}" for entry in visit.cart)
        fingerprint = visit.signers.checkout.fingerprint(f"{nonce}|{wanted}|{shopper.digest_text()}")
        order_id = self._checkout.order_id(visit.store, fingerprint)
        try:
            placed = await self._checkout.place(visit.store, order_id, visit.cart, shopper)
        except DomainError as refusal:
            waiting = await waiting_order(self._front, visit)
            if waiting is None or not (await self.trolley_of(visit, waiting)).only_kept:
                visit.say(str(refusal))
            # Else nothing is sold out: the cart shows the shopper's own order, which keeps it.
            return self._front.redirect(visit, "/cart")
        link = self._front.order_link(visit, order_id)
        visit.cookies[ORDERED] = (visit.signers.order.seal(order_id.hex), DAY)
        order = await self._checkout.order(visit.store, placed)
        if order is None:
            return self._front.redirect(visit, f"/checkout/unpaid/{link}")
        if order.total != quoted:
            visit.say("A price changed while you were here. Look at the new total before you pay.")
            return self._front.redirect(visit, f"/checkout/unpaid/{link}")
        return await send_to_payment(self._front, self._checkout, visit, order)


def routes(front: Front) -> list[Route]:
    """Return the checkout's routes."""
    pages = CheckoutPages(front)
    return [Route("/checkout", pages.show, name="checkout"), Route("/checkout", pages.submit, methods=["POST"])]
