"""An order's own page: waiting for payment, paid, or not paid after all.

A paused or archived store still shows it, because money may have moved.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import ConcurrencyConflict
from domain.cart.contents import ShopperCart
from domain.cart.ports import KeptCart
from domain.kernel import DomainError, Transient
from domain.numbers import whole_number
from domain.order.aggregate import order_number
from domain.store.legal_text import published
from infra.web.markdown import without_title
from projections.sales.views import OrderView
from storefront.checkout.join_cart import join_cart
from storefront.checkout.place_order import Checkout, PageEnd, is_open
from storefront.pages.base import Pages
from storefront.pages.cart_link import GONE, JOINED
from storefront.pages.payment import BUSY, send_to_payment
from storefront.pages.returns import policy_of
from storefront.ports import StorefrontDependencies
from storefront.rendering.order_status import order_status
from storefront.rendering.renderer import PageRenderer
from storefront.rendering.returns import last_return_day, shown_returns
from storefront.rendering.tax_words import TaxWords, tax_words
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit, Visits

TRIES = 30
"""How often a waiting page asks by itself; after that the shopper reloads it."""
QUICK_TRIES = 8
"""How many of them follow at the short interval."""
SOON, LATER = 1, 3
"""Seconds between two questions: the first few, and the others."""


class OrderPages(Pages):
    """An order after checkout, for every browser that has its link."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        super().__init__(deps, visits, renderer)
        self._checkout = Checkout(deps)

    def routes(self) -> list[Route]:
        return [
            Route("/checkout/success/{link}", self.success, name="confirmation"),
            Route("/checkout/success/{link}/pages/{page}", self.page_version, name="ordered_under"),
            Route("/checkout/success/{link}/cart", self.bring_cart, methods=["POST"]),
            Route("/checkout/unpaid/{link}", self.unpaid, name="unpaid"),
            Route("/checkout/unpaid/{link}/pay", self.pay, methods=["POST"]),
            Route("/checkout/unpaid/{link}/call-off", self.cancel, methods=["POST"]),
        ]

    async def success(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        order_id, order = await self._order_of(visit)
        if order is not None and (not is_open(order) or order.unmatched_payments):
            if not order.is_paid:
                return self._renderer.redirect(visit, f"/checkout/unpaid/{visit.request.path_params['link']}")
            await self._take_from_cart(visit, order)
            standing = await order_status(order, self._queries, self._deps.personal)
            deadline = last_return_day(order, policy_of(visit))
            shop = await self._facts.shop.of(visit.store, visit.revision) if order.returns else None
            return self._renderer.page(
                visit,
                "confirmation.html",
                order=order,
                returns=[] if shop is None else await shown_returns(order, shop, self._deps.personal),
                can_return=bool(order.returnable) and (deadline is None or visit.today <= deadline),
                standing=standing,
                tax=await self._tax_words(visit, order, standing.country),
                link=visit.request.path_params["link"],
                elsewhere=await self._goods_elsewhere(visit, order),
                robots="noindex",
            )
        return self._waiting(visit, order_id, order)

    async def page_version(self, request: Request) -> Response:
        """Show a legal page as it was when the order was placed."""
        visit = await self._visits.to_public_store(request)
        _, order = await self._order_of(visit)
        reference = None
        if order is not None:
            reference = next((one for one in order.pages if str(one.page_id) == request.path_params["page"]), None)
        if order is None or reference is None:
            raise PageMissing
        version = await self._queries.page_version(visit.store.id, reference.page_id, reference.number)
        if version is None:
            raise PageMissing
        shop = await self._facts.shop_at(visit.store, order.placed_at)
        return self._renderer.page(
            visit,
            "page_version.html",
            order=order,
            version=version,
            body=without_title(published(version.content, shop), version.title),
            link=visit.request.path_params["link"],
            robots="noindex",
        )

    async def unpaid(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        order_id, order = await self._order_of(visit)
        if order is None:
            return self._waiting(visit, order_id, None)
        if order.is_paid:
            return self._renderer.redirect(visit, f"/checkout/success/{visit.request.path_params['link']}")
        link = visit.request.path_params["link"]
        count = try_of(request)
        # After the payment page its answer may be on the way. Without it the page must not keep the shopper waiting.
        is_fresh = request.query_params.get("from") == "payment" and count <= QUICK_TRIES and visit.is_open
        reloads = is_fresh and is_open(order) and order.payment_failure is None and not order.unmatched_payments
        standing = await order_status(order, self._queries, self._deps.personal)
        return self._renderer.page(
            visit,
            "unpaid.html",
            order=order,
            standing=standing,
            tax=await self._tax_words(visit, order, standing.country),
            link=link,
            is_over=self._deps.clock.now() >= order.pay_by,
            elsewhere=await self._goods_elsewhere(visit, order),
            again=f"/checkout/unpaid/{link}?from=payment&try={count + 1}" if reloads else None,
            robots="noindex",
        )

    async def pay(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        await visit.form()
        _, order = await self._order_of(visit)
        if order is None or visit.is_gone:
            return self._renderer.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        return await send_to_payment(self._renderer, self._checkout, visit, order)

    async def cancel(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        await visit.form()
        order_id, order = await self._order_of(visit)
        try:
            is_unpaid = order is not None and is_open(order)
            end = await self._checkout.close_payment(visit.store, order) if order is not None and is_unpaid else None
        except (Transient, DomainError):
            visit.say("The payment page could not be closed, so the order is not cancelled. Try again in a moment.")
            return self._renderer.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        if end is PageEnd.PAID:
            # It was paid a moment ago. The webhook that says so is on the way.
            return self._renderer.redirect(visit, f"/checkout/success/{request.path_params['link']}")
        try:
            closed = order.session_id if order is not None and end is PageEnd.CLOSED else None
            receipt = await self._checkout.cancel(order_id, closed_session=closed)
        except DomainError:
            return self._renderer.redirect(visit, f"/checkout/success/{request.path_params['link']}")
        except ConcurrencyConflict:
            visit.say(f"{BUSY} Nothing was changed.")
            return self._renderer.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        if receipt.token is not None:
            # The cart shows what is free again. If the read models lag, the next request shows it.
            await self._checkout.wait_for(receipt.token)
        if not visit.is_open:
            return self._renderer.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        last = visit.last_order
        if last is not None and last.order_id == order_id and last.is_of(visit.cart):
            await visit.change_cart(ShopperCart.renewed)
        visit.say("The order is cancelled. Everything is still in your cart.")
        return self._renderer.redirect(visit, "/cart")

    async def bring_cart(self, request: Request) -> Response:
        """Make this browser's cart and that of the device that placed the order one."""
        visit = await self._visits.to_open_store(request)
        await visit.form()
        _, order = await self._order_of(visit)
        target = None if order is None else await self._cart_of(visit, order)
        if target is None or not await join_cart(visit, self._queries, target):
            visit.say(GONE)
        else:
            visit.say(JOINED)
        return self._renderer.redirect(visit, "/cart")

    async def _cart_of(self, visit: Visit, order: OrderView) -> KeptCart | None:
        shopper_id = order.shopper_email.person_id
        return await self._deps.carts.of_shopper(visit.store.id, shopper_id, at=self._deps.clock.now())

    async def _goods_elsewhere(self, visit: Visit, order: OrderView) -> int:
        """Return the count of the cart that the order was placed from, unless it is this browser's own."""
        kept = await self._cart_of(visit, order) if visit.is_open else None
        return 0 if kept is None or kept.key == visit.browser_cart.cookie.key else kept.cart.count

    async def _tax_words(self, visit: Visit, order: OrderView, country: str | None) -> TaxWords:
        """Return what is said about the tax of an order, by what counted when it was placed."""
        # The shop's own number counts only for orders of which nothing else is known.
        shop = None if order.taxes is not None else await self._facts.shop_at(visit.store, order.placed_at)
        return tax_words(order.taxes, country=country, charges_vat=shop is not None and shop.charges_vat)

    async def _order_of(self, visit: Visit) -> tuple[UUID, OrderView | None]:
        order_id = visit.order_links.order_of(visit.request.path_params["link"])
        return order_id, await self._queries.order(visit.store.id, order_id)

    def _waiting(self, visit: Visit, order_id: UUID, order: OrderView | None) -> Response:
        count = try_of(visit.request)
        path = visit.request.url.path
        return self._renderer.page(
            visit,
            "waiting.html",
            number=order.number if order is not None else order_number(order_id),
            order=order,
            before_payment=order is None and "/unpaid/" in path,
            seconds=(SOON if count <= QUICK_TRIES else LATER) if count < TRIES else None,
            again=f"{path}?try={count + 1}",
            reload=path,
            link=visit.request.path_params["link"],
            robots="noindex",
        )

    async def _take_from_cart(self, visit: Visit, order: OrderView) -> None:
        """Take the order's goods out of the cart it was placed from, once; goods added since then stay."""
        last = visit.last_order
        if last is not None and last.order_id == order.id and last.is_of(visit.cart):
            await visit.close_order(order)


def try_of(request: Request) -> int:
    """Return the number of this try, 1 for the first, as the address has it."""
    return min(max(whole_number(request.query_params.get("try", "1")[:4]) or 1, 1), TRIES)
