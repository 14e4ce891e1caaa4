"""A mail when a sold-out variant is back: ask for it, confirm the address, withdraw.

The address counts only after the link in its mail was used. The link shows a page with buttons, because programs open the
links of mails too.
"""

from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import CommandReused, ConcurrencyConflict, Context
from commands.stock_notice import ConfirmStockNotice, EndStockNotice, RequestStockNotice
from domain.accounts.email import email_key
from domain.accounts.ports import Allowance
from domain.ids import derived
from domain.kernel import DomainError
from domain.stock_notice.events import StockNoticeEnd
from domain.text import clean_line, find_forbidden, isolated
from infra.web.client_address import address_of
from projections.catalog.views import ProductView, VariantView
from projections.sales.views import StockNoticeView
from storefront.checkout.address import EMAIL, EMAIL_MAX
from storefront.checkout.place_order import Checkout
from storefront.checkout.priced_cart import is_sold_by
from storefront.pages.base import Pages
from storefront.pages.payment import BUSY
from storefront.ports import StorefrontDependencies
from storefront.rendering.renderer import PageRenderer
from storefront.visit.errors import PageMissing
from storefront.visit.form_tokens import posted
from storefront.visit.signing import Tampered
from storefront.visit.visit import Visit, Visits

CONSENT = (
    "You get one mail when it is back, after you confirm your address by a link. Then we delete the address. "
    "You can withdraw at any time."
)
"""What the form says. The log keeps it with the request."""
PER_ADDRESS = Allowance(burst=3, interval=timedelta(hours=1))
"""Mails to one address of one store, so that the form cannot flood anybody."""
PER_CALLER = Allowance(burst=20, interval=timedelta(minutes=1))
"""Requests of one network address."""
ONE_CLICK = "One-Click"
"""What a mail program sends to the address of ``List-Unsubscribe`` (RFC 8058)."""
SENT = "Check your mail. The link in it confirms your address. Then we write to you when it is back."


class StockNoticePages(Pages):
    """The answer to the form on a product's page, and the page that the mails link to."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        super().__init__(deps, visits, renderer)
        self._checkout = Checkout(deps)

    def routes(self) -> list[Route]:
        return [
            Route("/stock-notice", self.ask, methods=["POST"]),
            Route("/stock-notice/{link}", self.show, name="stock_notice"),
            Route("/stock-notice/{link}/confirm", self.confirm, methods=["POST"]),
            Route("/stock-notice/{link}/stop", self.show),
            Route("/stock-notice/{link}/stop", self.stop, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        visit = await self._visits.to_open_store(request)
        form = await visit.form()
        product, variant = await self._chosen(visit, str(form.get("product", "")), str(form.get("variant", "")))
        email = clean_line(str(form.get("email", ""))[: EMAIL_MAX + 1])
        if len(email) > EMAIL_MAX or not EMAIL.fullmatch(email) or find_forbidden(email):
            visit.say(f"“{isolated(email[:60])}” is not an e-mail address. Write it like name@example.com.")
        elif not await self._may_ask(visit, email):
            visit.say("Too many mails were asked for. Try again in an hour.")
        else:
            visit.say(await self._ask(visit, product, variant, email))
        return self._renderer.redirect(visit, f"/products/{product.slug}?variant={variant.id}")

    async def _ask(self, visit: Visit, product: ProductView, variant: VariantView, email: str) -> str:
        """Request the notice, and return what the shopper is to know."""
        # The same form sent twice is one notice. The browser's own token is in the id, so it reveals no address.
        text = f"{visit.form_tokens.identify()}|{variant.id}|{email_key(email)}|{visit.today}"
        notice_id = derived(visit.store.id, "stock notice", visit.signers.stock_notice.fingerprint(text))
        command_id, shopper_id = derived(notice_id, "request"), derived(notice_id, "shopper")
        # Sealing draws a nonce, so a repeated command would have another payload.
        if await self._deps.commands.outcome(command_id) is not None:
            return SENT
        command = RequestStockNotice(
            notice_id=notice_id,
            store_id=visit.store.id,
            product_id=product.id,
            variant_id=variant.id,
            shopper_id=shopper_id,
            email=await self._deps.personal.seal_address(shopper_id, visit.store.id, email),
            consent=CONSENT,
        )
        try:
            await self._deps.commands.dispatch(command, Context(command_id=command_id, correlation_id=notice_id))
        except CommandReused:
            return SENT
        except DomainError as refusal:
            await self._deps.personal.forget(shopper_id)
            return str(refusal)
        return SENT

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        notice = await self._notice(visit)
        product, variants = await self._product(visit, notice.product_id)
        variant = next((one for one in variants if one.id == notice.variant_id), None)
        return self._renderer.page(
            visit,
            "stock_notice.html",
            stage=notice.status,
            product=product,
            variant_title=variant.title if variant is not None and len(variants) > 1 else None,
            link=request.path_params["link"],
            robots="noindex",
        )

    async def confirm(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        await visit.form()
        notice = await self._notice(visit)
        return await self._do(visit, ConfirmStockNotice(notice_id=notice.id), notice.id, "confirm")

    async def stop(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        # A mail program has no form token. It cannot guess the link, so the link is enough.
        if (await posted(request)).get("List-Unsubscribe") != ONE_CLICK:
            await visit.form()
        notice = await self._notice(visit)
        withdraw = EndStockNotice(notice_id=notice.id, end=StockNoticeEnd.WITHDRAWN)
        return await self._do(visit, withdraw, notice.id, "withdraw")

    async def _do(self, visit: Visit, command: object, notice_id: UUID, name: str) -> Response:
        context = Context(command_id=derived(notice_id, name), correlation_id=notice_id)
        try:
            receipt = await self._deps.commands.dispatch(command, context)
        except DomainError as refusal:
            visit.say(str(refusal))
        except ConcurrencyConflict:
            visit.say(f"{BUSY} Nothing was changed.")
        else:
            if receipt.token is not None:
                await self._checkout.wait_for(receipt.token)
        return self._renderer.redirect(visit, f"/stock-notice/{visit.request.path_params['link']}")

    async def _notice(self, visit: Visit) -> StockNoticeView:
        try:
            id = UUID(visit.signers.stock_notice.open(visit.request.path_params["link"]))
        except (Tampered, ValueError) as error:
            raise PageMissing from error
        notice = await self._queries.stock_notice(visit.store.id, id)
        if notice is None:
            raise PageMissing
        return notice

    async def _may_ask(self, visit: Visit, email: str) -> bool:
        at = self._deps.clock.now()
        caller = address_of(visit.request, behind_proxy=self._deps.behind_proxy)
        waits = [
            await self._deps.limits.take(visit.signers.find.digest(key), allowance, at=at)
            for key, allowance in (
                (f"stock notice by|{caller}", PER_CALLER),
                (f"stock notice to|{email_key(email)}", PER_ADDRESS),
            )
        ]
        return all(wait is None for wait in waits)

    async def _chosen(self, visit: Visit, product_id: str, variant_id: str) -> tuple[ProductView, VariantView]:
        try:
            product, variants = await self._product(visit, UUID(product_id))
            variant = next((one for one in variants if one.id == UUID(variant_id)), None)
        except ValueError as error:
            raise PageMissing from error
        if product is None or variant is None:
            raise PageMissing
        return product, variant

    async def _product(self, visit: Visit, id: UUID) -> tuple[ProductView | None, "list[VariantView]"]:
        """Return a product of the store and its variants; None if it is not on sale."""
        product = (await self._queries.products_by_ids(visit.store.id, [id])).get(id)
        if product is None or not is_sold_by(visit.store, product):
            return None, []
        return product, list((await self._queries.variants(visit.store.id, [id])).get(id, ()))
