"""Checkout: the form with the recipient, then the payment page."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import ConcurrencyConflict
from domain.accounts.email import email_key
from domain.cart.errors import CartAlreadyOrdered
from domain.discount.errors import DiscountRefused
from domain.discount.terms import normal_code
from domain.kernel import DomainError, Transient
from domain.money import Money
from domain.order.aggregate import order_number
from domain.order.errors import TotalChanged
from domain.order.events import OrderStatus
from domain.order.quote import Quote
from domain.shipping.errors import NoDelivery, TooHeavy
from domain.shopper.aggregate import shopper_of
from domain.store.taxes import TaxSettings, tax_of
from domain.text import clean_line
from infra.web.countries import country_name
from storefront.checkout.address import ShopperForm, no_delivery
from storefront.checkout.discount_code import applied_code
from storefront.checkout.place_order import Checkout, Confirmed
from storefront.checkout.priced_cart import PricedCart, price_cart
from storefront.checkout.unpaid_order import unpaid_order
from storefront.pages.base import Pages
from storefront.pages.payment import BUSY, send_to_payment
from storefront.ports import StorefrontDependencies
from storefront.rendering.delivery import country_names, rates_of, usual_country
from storefront.rendering.formatting import money
from storefront.rendering.renderer import PageRenderer
from storefront.rendering.tax_words import tax_words
from storefront.visit.cart import LastOrder
from storefront.visit.errors import ForeignForm
from storefront.visit.signing import Expired, Signer, Tampered
from storefront.visit.visit import Visit, Visits

CHANGED = "Your cart was changed in another window. Check the total below, then send the form again."
CHANGED_TOTAL = (
    "The total is {total} now. It was {quoted} when you saw it. Nothing was ordered and nothing was charged. "
    "Check the new total below, then send the form again."
)
OUTDATED = "This form is too old. Check your order below, then send the form again."


FINGERPRINT = 16
"""Characters of a fingerprint in a ticket."""


CODE_MAX = 40
"""Most characters of a typed discount code."""
DIGEST = 32
"""Characters of a digest of an e-mail address."""


class StaleTicket(Exception):
    """The form is too old, or an earlier release made it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The cart and total that a checkout form was made for, signed, so that an outdated form is recognized."""

    cart_id: UUID
    contents: str
    """Fingerprint of the cart's contents."""
    quoted: Money

    @classmethod
    def of(cls, visit: Visit, total: Money) -> "Ticket":
        assert visit.cart.id is not None
        contents = visit.signers.checkout.fingerprint(visit.cart.contents)[:FINGERPRINT]
        return cls(visit.cart.id, contents, total)

    def sealed(self, signer: Signer) -> str:
        return signer.seal(f"{self.cart_id.hex}~{self.contents}~{self.quoted.minor}~{self.quoted.currency}")

    @classmethod
    def read(cls, text: str, signer: Signer) -> "Ticket":
        """Return what :meth:`sealed` wrote.

        Raises:
            ForeignForm: :meth:`sealed` did not write it.
            StaleTicket: it is too old, or an earlier release wrote it.
        """
        try:
            opened = signer.open(text)
        except Expired as error:
            raise StaleTicket from error
        except Tampered as error:
            raise ForeignForm from error
        try:
            cart, contents, minor, currency = opened.split("~")
            return cls(UUID(cart), contents, Money(minor=int(minor), currency=currency))
        except ValueError as error:
            raise StaleTicket from error

    def fits(self, visit: Visit) -> bool:
        """Whether the form was made for the present cart."""
        known = (one[:FINGERPRINT] for one in visit.signers.checkout.fingerprints(visit.cart.contents))
        return visit.cart.id == self.cart_id and self.contents in known


class CheckoutPages(Pages):
    """The checkout form and its answer."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        super().__init__(deps, visits, renderer)
        self._checkout = Checkout(deps)

    def routes(self) -> list[Route]:
        return [
            Route("/checkout", self.show, name="checkout"),
            Route("/checkout", self.submit, methods=["POST"]),
        ]

    async def _page(
        self,
        visit: Visit,
        shopper: ShopperForm,
        code: str = "",
        *,
        status: int = 200,
        problems: Mapping[str, str] = MappingProxyType({}),
        remark: str | None = None,
    ) -> Response:
        """Return the form, or a redirect to the cart if the cart cannot be ordered as it is."""
        waiting = await unpaid_order(visit, self._queries)
        priced_cart = await price_cart(visit, self._queries, self._deps.media_url, waiting)
        if not priced_cart.ready:
            return self._renderer.redirect(visit, "/cart")
        if shopper.country not in priced_cart.rates.countries:
            shopper = replace(shopper, country=usual_country(visit.store))
        offer: Quote | None = None
        try:
            offer, refusal = await self._offer(visit, priced_cart, shopper.country, code)
            problems = problems if refusal is None else {**problems, "code": refusal}
        except TooHeavy as refused:
            problems = {**problems, "country": str(refused)}
        except DomainError as impossible:
            visit.say(str(impossible))
            return self._renderer.redirect(visit, "/cart")
        total = priced_cart.total if offer is None else offer.total
        shop = await self._facts.shop.of(visit.store, visit.revision)
        tax = tax_of(visit.store.taxes or TaxSettings(), total, shopper.country)
        return self._renderer.page(
            visit,
            "checkout.html",
            tax=tax_words(tax, country=shopper.country, charges_vat=shop.charges_vat),
            status=422 if problems and status == 200 else status,
            priced_cart=priced_cart,
            offer=offer,
            waiting=waiting,
            shopper=shopper,
            code=code,
            problems=problems,
            note=remark,
            countries=country_names(visit.store),
            country=country_name(shopper.country),
            has_codes=bool(code) or await self._queries.has_discounts(visit.store.id),
            ticket=Ticket.of(visit, total).sealed(visit.signers.checkout),
            robots="noindex",
        )

    async def _offer(self, visit: Visit, priced_cart: PricedCart, country: str, typed: str) -> tuple[Quote, str | None]:
        """Return the cart's price, and why a typed code takes nothing off.

        Raises:
            DomainError: the cart cannot be delivered or paid.
        """
        if typed:
            try:
                applied = await applied_code(self._queries, visit.store.id, typed, self._deps.clock.now())
                return priced_cart.quote(country, applied), None
            except DiscountRefused as refusal:
                return priced_cart.quote(country), str(refusal)
        return priced_cart.quote(country), None

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        return await self._page(visit, ShopperForm(country=usual_country(visit.store)))

    async def submit(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        form = await visit.form()
        shopper = ShopperForm.read(form)
        code = clean_line(str(form.get("code", ""))[:CODE_MAX])
        if form.get("action") == "update":
            return await self._page(visit, shopper, code)
        try:
            ticket = Ticket.read(str(form.get("ticket", "")), visit.signers.checkout)
        except StaleTicket:
            return await self._page(visit, shopper, code, status=409, remark=OUTDATED)
        if not ticket.fits(visit):
            return await self._stale(visit, ticket, shopper, code)
        problems = shopper.problems(rates_of(visit.store).countries)
        if problems:
            return await self._page(visit, shopper, code, status=422, problems=problems)
        return await self._order(visit, shopper, code, ticket)

    async def _order(self, visit: Visit, shopper: ShopperForm, code: str, ticket: Ticket) -> Response:
        last = self._next_order(visit, shopper, code)
        shoppers = await self._names(visit, shopper.email, last.order_id, code)
        confirmed = Confirmed(total=ticket.quoted, code=code, shoppers=shoppers)
        try:
            placed = await self._checkout.place(visit.store, last.order_id, visit.cart, shopper, confirmed)
        except CartAlreadyOrdered as refusal:
            # The command read which order the cart became, whichever device placed it.
            return await self._ordered_already(visit, refusal.order_id, str(refusal), is_of_cart=True)
        except TotalChanged as refusal:
            remark = CHANGED_TOTAL.format(total=money(refusal.total), quoted=money(refusal.quoted))
            return await self._page(visit, shopper, code, status=409, remark=remark)
        except NoDelivery:
            return await self._page(visit, shopper, code, problems={"country": no_delivery(shopper.country)})
        except TooHeavy:
            return await self._page(visit, shopper, code)
        except DiscountRefused as refusal:
            return await self._page(visit, shopper, code, problems={"code": str(refusal)})
        except DomainError as refusal:
            visit.say(str(refusal))
            return self._renderer.redirect(visit, "/cart")
        except ConcurrencyConflict:
            response = await self._page(visit, shopper, code, status=503, remark=f"{BUSY} Nothing was ordered yet.")
            response.headers["retry-after"] = "2"
            return response
        link = visit.order_links.to(last.order_id)
        visit.save_last_order(last)
        await visit.browser_cart.note_order(shopper_of(last.order_id))
        order = await self._checkout.order(visit.store, placed)
        if order is None:
            return self._renderer.redirect(visit, f"/checkout/unpaid/{link}")
        if last.replaced is not None:
            await self._close_replaced(visit, last.replaced)
        return await send_to_payment(self._renderer, self._checkout, visit, order)

    async def _names(self, visit: Visit, email: str, order_id: UUID, code: str) -> list[str]:
        """Return under what a shopper's uses of a code are counted: a random name, and in older events digests.

        Empty if the code has no limit per shopper, or is none: strangers who guess codes leave no rows.
        """
        try:
            applied = await applied_code(self._queries, visit.store.id, code, self._deps.clock.now()) if code else None
        except DiscountRefused:
            return []
        if applied is None or applied.terms.most_uses_per_shopper is None:
            return []
        digests = [one[:DIGEST] for one in visit.signers.checkout.fingerprints(f"discount\0{email_key(email)}")]
        shopper_id = shopper_of(order_id)
        name = await self._deps.discount_shoppers.name_of(visit.store.id, digests, shopper_id=shopper_id)
        return [name, *digests]

    async def _close_replaced(self, visit: Visit, order_id: UUID) -> None:
        """Close the payment page of an order that another one of the same cart replaced, so that only one can be paid."""
        replaced = await self._queries.order(visit.store.id, order_id)
        if replaced is None:
            return
        # The page ends by itself within the hour, and a payment until then is reported to the merchant.
        with suppress(Transient, DomainError):
            await self._checkout.close_payment(visit.store, replaced)

    def _next_order(self, visit: Visit, shopper: ShopperForm, code: str) -> LastOrder:
        """Return the order that the form makes: the cart's open order if the form repeats it, else a new one."""
        last = visit.last_order
        if last is None or last.cart_id != visit.cart.id:
            return next(self._orders(visit, shopper, code, None))
        # The form may have been sent before the master key was rotated.
        if last in self._orders(visit, shopper, code, last.replaced):
            return last
        return next(self._orders(visit, shopper, code, last.order_id))

    def _orders(self, visit: Visit, shopper: ShopperForm, code: str, replaced: UUID | None) -> Iterator[LastOrder]:
        """Yield the order that the form makes under each secret, the current one first."""
        cart = visit.cart
        text = f"{cart.id}|{replaced}|{cart.contents}|{shopper.digest_text()}"
        if code:
            text += f"|{normal_code(code)}"
        for fingerprint in visit.signers.checkout.fingerprints(text):
            yield LastOrder(self._checkout.order_id(visit.store, fingerprint), cart.id, replaced)

    async def _stale(self, visit: Visit, ticket: Ticket, shopper: ShopperForm, code: str) -> Response:
        """Answer a form whose cart has changed: lead to the order it became, to the cart, or show the form again."""
        last = visit.last_order
        if last is not None and last.cart_id == ticket.cart_id and visit.cart.id != ticket.cart_id:
            order = await self._queries.order(visit.store.id, last.order_id)
            if order is not None and order.status is OrderStatus.CANCELLED:
                visit.say(f"Order {order.number} was cancelled. Check your cart before you order again.")
                return self._renderer.redirect(visit, "/cart")
            number = order_number(last.order_id)
            message = f"You already ordered this: order {number}. Nothing was ordered again."
            return await self._ordered_already(visit, last.order_id, message, is_of_cart=last.is_of(visit.cart))
        if not visit.cart:
            visit.say("Your cart is empty. It was ordered or cleared in another window. Nothing was ordered now.")
            return self._renderer.redirect(visit, "/cart")
        return await self._page(visit, shopper, code, status=409, remark=CHANGED)

    async def _ordered_already(self, visit: Visit, order_id: UUID, message: str, *, is_of_cart: bool) -> Response:
        """Redirect to the order that a cart became, and take its goods out of the cart."""
        order = await self._queries.order(visit.store.id, order_id)
        if order is not None and visit.closed_order is None and is_of_cart:
            await visit.close_order(order)
        visit.say(message)
        link = visit.order_links.to(order_id, at=None if order is None else order.placed_at)
        return self._renderer.redirect(visit, f"/checkout/success/{link}")
