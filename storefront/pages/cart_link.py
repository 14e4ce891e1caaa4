"""Continue with the cart on another device: ask for a link by mail, follow it there, and press its button."""

from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.cart_link import RequestCartLink
from commands.ports import Context
from domain.accounts.email import email_key
from domain.accounts.ports import Allowance
from domain.cart.ports import KeptCart
from domain.text import clean_line, find_forbidden, isolated
from infra.web.client_address import address_of
from storefront.checkout.address import EMAIL, EMAIL_MAX
from storefront.checkout.join_cart import join_cart
from storefront.pages.base import Pages
from storefront.pages.stock_notice import PER_ADDRESS, PER_CALLER
from storefront.visit.errors import PageMissing
from storefront.visit.signing import Tampered
from storefront.visit.visit import Visit

JOINED = "The carts of your two devices are one now. Each device shows what you change on the other."
GONE = "That cart is gone: it was ordered or emptied. Your cart here stayed as it was."


class CartLinkPages(Pages):
    """The form in the cart, and the page that its mail links to."""

    def routes(self) -> list[Route]:
        return [
            Route("/cart/link", self.ask, methods=["POST"]),
            Route("/cart/link/{link}", self.show, name="cart_link"),
            Route("/cart/link/{link}", self.join, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        form = await visit.form()
        email = clean_line(str(form.get("email", ""))[: EMAIL_MAX + 1])
        if len(email) > EMAIL_MAX or not EMAIL.fullmatch(email) or find_forbidden(email):
            visit.say(f"“{isolated(email[:60])}” is not an e-mail address. Write it like name@example.com.")
        elif not visit.cart:
            visit.say("Your cart is empty, so there is nothing to send.")
        elif not await self._may_ask(visit, email):
            visit.say("Too many mails were asked for. Try again in an hour.")
        else:
            await self._send(visit, email)
            visit.say("Check your mail on the other device. The link in it is valid for a day.")
        return self._renderer.redirect(visit, "/cart")

    async def _send(self, visit: Visit, email: str) -> None:
        """Request the mail. No-op if a link to this cart was sent within a day: a double click sends one."""
        key, link_id = visit.browser_cart.cookie.key, uuid4()
        assert key is not None
        if not await self._deps.carts.note_link(visit.store.id, key, link_id, at=self._deps.clock.now()):
            return
        command = RequestCartLink(
            link_id=link_id,
            store_id=visit.store.id,
            cart_key=key,
            shopper_id=link_id,
            email=await self._deps.personal.seal(link_id, email),
        )
        await self._deps.commands.dispatch(command, Context(command_id=link_id, correlation_id=link_id))

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        kept = await self._cart_of(visit)
        is_own = kept is not None and kept.key == visit.browser_cart.cookie.key
        return self._renderer.page(
            visit, "cart_link.html", count=0 if kept is None or is_own else kept.cart.count, robots="noindex"
        )

    async def join(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        await visit.form()
        target = await self._cart_of(visit)
        is_joined = target is not None and await join_cart(visit, self._queries, target)
        visit.say(JOINED if is_joined else GONE)
        return self._renderer.redirect(visit, "/cart")

    async def _cart_of(self, visit: Visit) -> KeptCart | None:
        try:
            key = UUID(visit.signers.cart_link.open(visit.request.path_params["link"]))
        except (Tampered, ValueError) as error:
            raise PageMissing from error
        return await self._deps.carts.read(visit.store.id, key, at=self._deps.clock.now())

    async def _may_ask(self, visit: Visit, email: str) -> bool:
        at = self._deps.clock.now()
        caller = address_of(visit.request, behind_proxy=self._deps.behind_proxy)
        limits: tuple[tuple[str, Allowance], ...] = (
            (f"cart link by|{caller}", PER_CALLER),
            (f"cart link to|{email_key(email)}", PER_ADDRESS),
        )
        waits = [
            await self._deps.limits.take(visit.signers.find.digest(key), allowance, at=at) for key, allowance in limits
        ]
        return all(wait is None for wait in waits)
