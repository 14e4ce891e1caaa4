"""What every page shares: finding the store, rendering in its theme, carts, form tokens, order links."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.kernel import Transient
from domain.order.events import OrderStatus
from domain.store.brand import BrandIdentity
from domain.store.events import PageType, StoreStatus
from projections.catalog.views import PageView, StoreView
from projections.reading.outages import is_database_away
from projections.sales.queries import OrderView
from storefront.ports import StorefrontDependencies
from storefront.rendering import formatting as display
from storefront.rendering import markdown
from storefront.rendering.static_files import StaticFolder
from storefront.rendering.theme import Theme, theme_of
from storefront.visit.cart import Cart, LastOrder, read_cart, write_cart
from storefront.visit.signing import Signer, Tampered
from storefront.visit.tenancy import Tenancy, is_same_host

HERE = Path(__file__).parents[1]
CART, VISITOR, NOTICE, ORDERED = "cart", "visitor", "notice", "ordered"
"""Names of our cookies. Each belongs to one store's host and is signed for that store."""
MONTH, DAY, MINUTE = 30 * 24 * 3600, 24 * 3600, 60
BUSY = "Many people are buying this at the moment. Please try again."
"""What shoppers are told when their command lost to others too often."""
NAVIGATION = (PageType.ABOUT, PageType.FAQ, PageType.CONTACT)
LEGAL = frozenset({PageType.PRIVACY_POLICY, PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY})


class PageMissing(Exception):
    """This store has no such page."""


class ForeignForm(Exception):
    """A form did not come from our own page; nothing was done."""


def is_outage(error: Exception) -> bool:
    """Whether a page failed because something that it needs is away for a moment."""
    return isinstance(error, Transient) or is_database_away(error)


@dataclass(slots=True)
class Visit:
    """One request to one store."""

    request: Request
    store: StoreView
    brand: BrandIdentity
    theme: Theme
    pages: Sequence[PageView]
    cart: Cart
    signers: "Signers"
    origin: str
    """The store's own address, ``http://neon-haven.localhost:8080``; not the one that the request happened to name."""
    visitor: str
    """Random text in this browser's cookie; empty until some page needs it."""
    fresh_visitor: bool = False
    cookies: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Cookies to set: value and age in seconds; age 0 deletes."""
    settled: OrderView | None = None
    """The order of this cart that turned out to be paid or cancelled; the cart has been changed accordingly."""

    @property
    def is_open(self) -> bool:
        """Whether the store sells; links into one that does not lead nowhere."""
        return self.store.status is StoreStatus.ACTIVE

    @property
    def is_gone(self) -> bool:
        """Whether the store closed for good."""
        return self.store.status is StoreStatus.ARCHIVED

    @property
    def csrf(self) -> str:
        """The form token; asking for it gives the browser the cookie it belongs to."""
        if not self.visitor:
            self.visitor = secrets.token_urlsafe(18)
            self.fresh_visitor = True
        return self.signers.csrf.masked_fingerprint(self.visitor)

    @property
    def ordered(self) -> LastOrder | None:
        """The order this browser placed last, if that was within a day."""
        return LastOrder.read(self.request.cookies.get(ORDERED, ""), self.signers.order)

    def page_of(self, type: PageType) -> PageView | None:
        """Return the content page of a type, if it is written."""
        return next((page for page in self.pages if page.type is type), None)

    def keep_cart(self, cart: Cart) -> None:
        """Give the browser this cart with the response."""
        self.cart = cart = cart if cart.id is not None or not cart else cart.renewed()
        self.cookies[CART] = (write_cart(cart, self.signers.cart), MONTH) if cart else ("", 0)

    def settle(self, order: OrderView) -> None:
        """Take what was ordered and paid out of the cart it was ordered from; what came in since stays, as a new cart.

        A cart whose order was cancelled stays as it is, as a new cart too: it can be ordered again.
        """
        if order.status is OrderStatus.PENDING:
            return
        paid = order.status is not OrderStatus.CANCELLED
        cart = self.cart.less({line.variant_id: line.quantity for line in order.lines}) if paid else self.cart
        self.settled = order
        self.keep_cart(cart.renewed())

    def say(self, message: str) -> None:
        """Show a message on the next page the shopper sees."""
        encoded = base64.urlsafe_b64encode(message[:600].encode()).decode()
        self.cookies[NOTICE] = (self.signers.notice.seal(encoded), MINUTE)

    def take_notice(self) -> str | None:
        """Return the message left for this page, once."""
        sealed = self.request.cookies.get(NOTICE)
        if sealed is None:
            return None
        self.cookies.setdefault(NOTICE, ("", 0))
        try:
            return base64.urlsafe_b64decode(self.signers.notice.open(sealed)).decode()
        except (Tampered, ValueError):
            return None


class Signers:
    """One store's signers: what one store signed means nothing to another."""

    def __init__(self, secret: bytes, store_id: UUID) -> None:
        self._secret, self._store_id = secret, store_id

    def _signer(self, purpose: str) -> Signer:
        return Signer(self._secret, f"{purpose}.{self._store_id}")

    @cached_property
    def cart(self) -> Signer:
        return self._signer("cart")

    @cached_property
    def csrf(self) -> Signer:
        return self._signer("csrf")

    @cached_property
    def notice(self) -> Signer:
        return self._signer("notice")

    @cached_property
    def order(self) -> Signer:
        return self._signer("order")

    @cached_property
    def find(self) -> Signer:
        return self._signer("find")

    @cached_property
    def checkout(self) -> Signer:
        return self._signer("checkout")


class PageRenderer:
    """The storefront's shared parts; one per process."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self.deps = deps
        self.tenancy = Tenancy(deps.queries, base_domains=deps.base_domains, max_age=deps.store_cache_seconds)
        self.static = StaticFolder(HERE / "static")
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters.update(
            money=display.money,
            saving=display.saving,
            markdown=markdown.render,
            summary=display.summary,
            sentences=display.first_sentences,
            stock=display.stock_words,
            days=display.days_words,
            day=display.day_words,
            moment=display.moment_words,
        )
        self._templates.globals.update(
            asset=self.static.address,
            sandbox=deps.sandbox,
            LEGAL=LEGAL,
            NAVIGATION=NAVIGATION,
            PageType=PageType,
        )

    async def visit(self, request: Request) -> Visit:
        """Return the visit of a request to an open store.

        Raises:
            UnknownHost: no store has this host.
            StoreClosed: it is paused.
        """
        store = await self.tenancy.store_of(request.headers.get("host", ""))
        visit = await self.visit_to(store, request)
        last = visit.ordered
        if last is not None and last.is_of(visit.cart):
            # The payment may have come in while no page of ours was open.
            order = await self.deps.queries.order(store.id, last.order_id)
            if order is not None:
                visit.settle(order)
        return visit

    async def visit_even_if_closed(self, request: Request) -> Visit:
        """Return the visit of a request for what outlives a store's opening hours: orders, and what was promised.

        Raises:
            UnknownHost: no store that was ever open has this host.
        """
        store = await self.tenancy.once_open_store_of(request.headers.get("host", ""))
        return await self.visit_to(store, request)

    async def visit_to(self, store: StoreView, request: Request) -> Visit:
        """Return a visit to a given store that has a brand."""
        return self._visit(store, request, await self.deps.queries.pages(store.id))

    def visit_during_outage(self, request: Request) -> Visit | None:
        """Return a visit made of what this process remembers of the store; None if it remembers nothing."""
        store = self.tenancy.last_seen(request.headers.get("host", ""))
        return None if store is None else self._visit(store, request, ())

    async def visit_for_looks(self, request: Request) -> Visit:
        """Return the visit of a request for a store's colours or logo, which a page about an outage needs as well.

        Raises:
            UnknownHost: no store that was ever open has this host.
        """
        try:
            return await self.visit_even_if_closed(request)
        except Exception as error:
            remembered = self.visit_during_outage(request) if is_outage(error) else None
            if remembered is None:
                raise
            return remembered

    def _visit(self, store: StoreView, request: Request, pages: Sequence[PageView]) -> Visit:
        assert store.brand is not None
        signers = Signers(self.deps.secret, store.id)
        visitor = request.cookies.get(VISITOR, "")
        return Visit(
            request=request,
            store=store,
            brand=store.brand.identity,
            theme=theme_of(store.brand.identity),
            pages=pages,
            cart=read_cart(request.cookies.get(CART), signers.cart),
            signers=signers,
            origin=self.deps.origin_of(store),
            visitor=visitor if len(visitor) == 24 and visitor.isascii() else "",
        )

    def page(self, visit: Visit, template: str, *, status: int = 200, **context: Any) -> Response:
        """Render a page of the store in its theme."""
        context.setdefault("robots", None)
        html = self._templates.get_template(template).render(
            visit=visit,
            store=visit.store,
            brand=visit.brand,
            theme=visit.theme,
            path=visit.request.url.path,
            notice=visit.take_notice(),
            year=self.deps.clock.now().year,
            **context,
        )
        return self.finish(
            visit, HTMLResponse(html, status_code=status, headers={"cache-control": "private, no-cache"})
        )

    def platform_page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Render a page of the platform, which has no store."""
        html = self._templates.get_template(template).render(**context)
        return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})

    def redirect(self, visit: Visit, address: str) -> Response:
        """Send the browser on with a GET; ``address`` is ours, never a shopper's."""
        return self.finish(visit, RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"}))

    def finish(self, visit: Visit, response: Response) -> Response:
        """Put the visit's cookies onto a response."""
        secure = visit.request.url.scheme == "https"
        if visit.fresh_visitor:
            visit.cookies[VISITOR] = (visit.visitor, MONTH)
        for name, (value, age) in visit.cookies.items():
            response.set_cookie(name, value, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")
        return response

    async def form(self, visit: Visit) -> FormData:
        """Return a posted form that our own page sent.

        Raises:
            ForeignForm: another site sent it, or the browser keeps no cookies.
        """
        request = visit.request
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise ForeignForm
        origin = request.headers.get("origin")
        if origin is not None and not is_same_host(origin, request.headers.get("host", "")):
            raise ForeignForm
        form = await request.form(max_files=0, max_fields=120, max_part_size=16 * 1024)
        given = str(form.get("csrf", ""))
        if not visit.visitor or not visit.signers.csrf.is_fingerprint(given, visit.visitor):
            raise ForeignForm
        return form

    def order_link(self, visit: Visit, order_id: UUID) -> str:
        """Return the part of an address by which only its shopper can ask for an order."""
        return visit.signers.order.seal(order_id.hex)

    def order_of_link(self, visit: Visit, link: str) -> UUID:
        """Return the order of :meth:`order_link`.

        Raises:
            PageMissing: we did not make this link.
        """
        try:
            return UUID(visit.signers.order.open(link))
        except (Tampered, ValueError) as error:
            raise PageMissing from error
