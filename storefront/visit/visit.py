"""A visit: one request to one store, with the shopper's cart, notices and last order."""

import base64
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request

from domain.cart.contents import ShopperCart
from domain.order.delivery import day_in
from domain.order.events import OrderStatus
from domain.store.brand import BrandIdentity
from domain.store.events import PageType, StoreStatus
from projections.catalog.views import CollectionView, PageView, StoreView
from projections.reading.revisions import Revision
from projections.sales.views import OrderView
from storefront.ports import StorefrontDependencies
from storefront.visit.cart import BrowserCart, LastOrder
from storefront.visit.cookies import LAST_ORDER, NOTICE, Cookies
from storefront.visit.errors import OtherAddress, is_outage
from storefront.visit.form_tokens import FormTokens, read_form
from storefront.visit.order_links import OrderLinks
from storefront.visit.parts import Part, ShopperParts
from storefront.visit.signing import Signers, Tampered
from storefront.visit.store_facts import StoreFacts
from storefront.visit.tenancy import KnownStore, Tenancy

MOST_SIGNERS = 1_000
"""Stores whose signers a process keeps."""
_SAFE = "%/:?#[]@!$&'()*+,;=~"
"""What stays as it is in an address that a browser sent; ``%`` begins what is quoted already."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request to one store."""

    request: Request
    store: StoreView
    brand: BrandIdentity
    pages: Sequence[PageView]
    browser_cart: BrowserCart
    collections: Sequence[CollectionView]
    """The merchant's own lists, by title."""
    cookies: Cookies
    signers: Signers
    form_tokens: FormTokens
    order_links: OrderLinks
    today: date
    """The present day in the store's time zone."""
    origin: str
    """The store's own address, ``http://neon-haven.localhost:8080``, whatever host the request named."""
    revision: Revision | None = None
    """Of the store's rows, read before them; None if nothing that is read now is to be kept."""
    closed_order: OrderView | None = None
    """The order of this cart if it proved to be paid or cancelled; the cart is changed accordingly."""
    looks: str = ""
    """Where the stylesheet and the logo are, ahead of their names; a preview has its own."""

    @property
    def is_open(self) -> bool:
        """Whether the store sells; pages of a closed store do not link into its shop."""
        return self.store.status is StoreStatus.ACTIVE

    @property
    def is_gone(self) -> bool:
        """Whether the store closed for good."""
        return self.store.status is StoreStatus.ARCHIVED

    @property
    def csrf(self) -> Markup:
        """The mark of a form token; the token itself is put in last, see :mod:`storefront.visit.parts`."""
        return Part.TOKEN.mark

    @property
    def cart_count(self) -> Markup:
        """The mark of the number at the cart's link."""
        return Part.CART.mark

    @property
    def cart(self) -> ShopperCart:
        """The shopper's cart. Pages that every shopper gets do not load it."""
        return self.browser_cart.cart

    def without_shopper(self, pages: Sequence[PageView], collections: Sequence[CollectionView] = ()) -> "Visit":
        """Return the visit of a browser without cookies, for a page that every shopper gets."""
        cookies = Cookies({})
        return replace(
            self,
            pages=pages,
            browser_cart=self.browser_cart.of(cookies),
            collections=collections,
            cookies=cookies,
            form_tokens=FormTokens(cookies, self.signers.csrf),
            closed_order=None,
        )

    def parts(self, needed: Collection[Part]) -> ShopperParts:
        """Return this shopper's parts of a page. This takes the notice.

        A browser without a visitor cookie gets one with the response, if the page has a form token.
        """
        fingerprint = self.form_tokens.identify() if Part.TOKEN in needed else None
        return ShopperParts(self.browser_cart.count, self.take_notice(), fingerprint)

    @property
    def last_order(self) -> LastOrder | None:
        """The order this browser placed last, if that was within a day."""
        sent = self.cookies.sent(LAST_ORDER)
        return LastOrder.read(sent, self.signers.last_order) if sent else None

    def page_of(self, type: PageType) -> PageView | None:
        """Return the content page of a type; None if it is not written."""
        return next((page for page in self.pages if page.type is type), None)

    async def form(self) -> FormData:
        """Return the posted form.

        Raises:
            ForeignForm: another site sent it, or the browser keeps no cookies.
        """
        return await read_form(self.request, self.form_tokens)

    async def change_cart(self, change: Callable[[ShopperCart], ShopperCart]) -> None:
        """Change the cart, and tell the browser with the response."""
        await self.browser_cart.change(change)

    def save_last_order(self, last: LastOrder) -> None:
        """Let the browser remember the order it placed last."""
        self.cookies.set(LAST_ORDER, last.sealed(self.signers.last_order))

    async def close_order(self, order: OrderView) -> None:
        """Take a paid order's goods out of the cart; goods added since then stay, in a cart with a new id.

        The cart of a cancelled order stays complete and gets a new id too, so that it can be ordered again. No-op while
        the order waits for its payment, and if another window or device closed it.
        """
        if order.status is OrderStatus.PENDING:
            return
        ordered = {line.variant_id: line.quantity for line in order.lines} if order.is_paid else {}
        cart_id = self.cart.id

        def closed(cart: ShopperCart) -> ShopperCart:
            return cart.less(ordered).renewed() if cart.id == cart_id else cart

        self.closed_order = order
        await self.change_cart(closed)

    def say(self, message: str) -> None:
        """Show a message on the next page that the shopper sees."""
        encoded = base64.urlsafe_b64encode(message[:600].encode()).decode()
        self.cookies.set(NOTICE, self.signers.notice.seal(encoded))

    def take_notice(self) -> str | None:
        """Return the message for this page and delete it; None if there is none."""
        sealed = self.cookies.sent(NOTICE)
        if sealed is None:
            return None
        if not self.cookies.is_changed(NOTICE):
            self.cookies.delete(NOTICE)
        try:
            return base64.urlsafe_b64decode(self.signers.notice.open(sealed)).decode()
        except (Tampered, ValueError):
            return None


class Visits:
    """Finds the store of a request and makes the visit; one per process."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self._deps = deps
        self._signers: OrderedDict[UUID, Signers] = OrderedDict()
        self.facts = StoreFacts(deps)
        self.tenancy = Tenancy(deps.queries, base_domains=deps.base_domains)

    async def to_open_store(self, request: Request) -> Visit:
        """Return the visit of a request to an open store.

        Raises:
            UnknownHost: no store has this host.
            StoreClosed: it is paused or archived.
            OtherAddress: the request is for another than its canonical address.
        """
        return await self._whole(await self.to_open_shop(request))

    async def to_open_shop(self, request: Request) -> Visit:
        """Return the visit like :meth:`to_open_store`, without the content pages."""
        known = await self.tenancy.store_of(request.headers.get("host", ""))
        self._check_address(known.store, request)
        visit = self._visit(known, request)
        last = visit.last_order
        if last is None:
            return visit
        await visit.browser_cart.load()
        if last.is_of(visit.cart):
            # The payment may have arrived while the shopper had no page of this store open.
            order = await self._deps.queries.order(visit.store.id, last.order_id)
            if order is not None:
                await visit.close_order(order)
        return visit

    async def to_public_store(self, request: Request) -> Visit:
        """Return the visit of a request for pages that a closed store still shows: orders, policies, contact.

        Raises:
            UnknownHost: no store that was ever open has this host.
            OtherAddress: the request is for another than its canonical address.
        """
        return await self._whole(await self.to_public_shop(request))

    async def to_public_shop(self, request: Request) -> Visit:
        """Return the visit like :meth:`to_public_store`, without the content pages."""
        visit = await self._to_any_address(request)
        self._check_address(visit.store, request)
        return visit

    async def _to_any_address(self, request: Request) -> Visit:
        return self._visit(await self.tenancy.public_store_of(request.headers.get("host", "")), request)

    def _check_address(self, store: StoreView, request: Request) -> None:
        """Send readers of another address to the canonical one. A form that was sent to the other one still counts.

        Raises:
            OtherAddress: the store has another canonical address.
        """
        if request.method in {"GET", "HEAD"} and not self.tenancy.is_canonical(store, request.headers.get("host", "")):
            path = request.scope.get("raw_path", b"/").decode("latin-1")
            query = request.scope["query_string"].decode("latin-1")
            raise OtherAddress(
                f"{self._deps.origin_of(store)}{quote(path, safe=_SAFE)}"
                + (f"?{quote(query, safe=_SAFE)}" if query else "")
            )

    async def in_moment(self, visit: Visit) -> Visit:
        """Return a visit to the store as it is in the moment that its page reads.

        Raises:
            UnknownHost, StoreClosed: the store was closed since the visit began.
        """
        header = visit.request.headers.get("host", "")
        known = await self.tenancy.in_moment(KnownStore(visit.store, visit.revision), header)
        if known.store is visit.store:
            return visit
        if visit.is_open:
            self.tenancy.check_open(known.store, header)
        store = known.store
        assert store.brand is not None
        return replace(
            visit,
            store=store,
            brand=store.brand.identity,
            revision=known.revision,
            today=day_in(store.time_zone, self._deps.clock.now()),
            origin=self._deps.origin_of(store),
        )

    async def to_any_store(self, request: Request) -> Visit:
        """Return a visit to the store of a request's host in any status. Only a signed preview may show it.

        Raises:
            UnknownHost: no store has this host, or it has no brand yet.
        """
        return await self.to(await self.tenancy.any_store_of(request.headers.get("host", "")), request)

    async def to(self, store: StoreView, request: Request) -> Visit:
        """Return a visit to a store that has a brand."""
        return await self._with_pages(self._visit(KnownStore(store, None), request))

    async def _whole(self, visit: Visit) -> Visit:
        """Return a visit with the shopper's cart and the store's content pages."""
        await visit.browser_cart.load()
        return await self._with_pages(await self.in_moment(visit))

    async def _with_pages(self, visit: Visit) -> Visit:
        collections = await self.facts.collections.of(visit.store, visit.revision)
        return replace(visit, pages=await self._deps.queries.pages(visit.store.id), collections=collections)

    def during_outage(self, request: Request) -> Visit | None:
        """Return a visit to the store as this process last saw it; None if it never saw it."""
        seen = self.tenancy.seen(request.headers.get("host", ""))
        return None if seen is None else self._visit(KnownStore(seen.store, None), request)

    async def for_looks(self, request: Request) -> Visit:
        """Return the visit of a request for a store's stylesheet or logo, which outage pages need too.

        Raises:
            UnknownHost: no store that was ever open has this host.
        """
        try:
            return await self._to_any_address(request)
        except Exception as error:
            remembered = self.during_outage(request) if is_outage(error) else None
            if remembered is None:
                raise
            return remembered

    def signers_of(self, store_id: UUID) -> Signers:
        """Return a store's signers; keys are derived once."""
        signers = self._signers.pop(store_id, None) or Signers(self._deps.secrets, store_id, self._deps.clock)
        self._signers[store_id] = signers
        if len(self._signers) > MOST_SIGNERS:
            self._signers.popitem(last=False)
        return signers

    def _visit(self, known: KnownStore, request: Request) -> Visit:
        store = known.store
        assert store.brand is not None
        cookies = Cookies(request.cookies)
        signers = self.signers_of(store.id)
        return Visit(
            request=request,
            store=store,
            brand=store.brand.identity,
            revision=known.revision,
            pages=(),
            browser_cart=BrowserCart(cookies, signers.cart, self._deps.carts, store.id, self._deps.clock),
            collections=(),
            cookies=cookies,
            signers=signers,
            form_tokens=FormTokens(cookies, signers.csrf),
            order_links=OrderLinks(signers.order_link),
            today=day_in(store.time_zone, self._deps.clock.now()),
            origin=self._deps.origin_of(store),
        )
