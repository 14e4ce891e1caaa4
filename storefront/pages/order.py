"""An order's own page: waiting for payment, paid, or not paid after all.

Whoever ordered is told how it stands even when the store is paused or archived meanwhile: money may have moved.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import ConcurrencyConflict
from domain.kernel import DomainError
from domain.numbers import whole_number
from domain.order.aggregate import order_number
from domain.order.events import OrderStatus
from projections.sales.views import OrderView
from storefront.checkout.place_order import Checkout, is_open
from storefront.pages.payment import send_to_payment
from storefront.rendering.order_status import order_status
from storefront.rendering.renderer import BUSY, PageRenderer, Visit

TRIES = 30
"""How often a waiting page asks again by itself before it leaves that to the shopper."""
QUICK_TRIES = 8
"""How many of them are at the short interval."""
SOON, LATER = 1, 3
"""Seconds between two askings: the first few, and from then on."""


class OrderPages:
    """An order after checkout, for whoever has its link."""

    def __init__(self, front: PageRenderer) -> None:
        self._front, self._deps, self._checkout = front, front.deps, Checkout(front.deps)

    async def success(self, request: Request) -> Response:
        visit = await self._front.visit_even_if_closed(request)
        order_id, order = await self.order_of(visit)
        if order is not None and (not is_open(order) or order.unmatched_payments):
            if order.status in {OrderStatus.PENDING, OrderStatus.CANCELLED}:
                return self._front.redirect(visit, f"/checkout/unpaid/{visit.request.path_params['link']}")
            self.take_from_cart(visit, order)
            standing = await order_status(order, self._deps.queries, self._deps.personal)
            return self._front.page(visit, "confirmation.html", order=order, standing=standing, robots="noindex")
        return self.waiting(visit, order_id, order)

    async def unpaid(self, request: Request) -> Response:
        visit = await self._front.visit_even_if_closed(request)
        order_id, order = await self.order_of(visit)
        if order is None:
            return self.waiting(visit, order_id, None)
        if order.status in {OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.REFUNDED}:
            return self._front.redirect(visit, f"/checkout/success/{visit.request.path_params['link']}")
        link = visit.request.path_params["link"]
        count = tried(request)
        # Back from the payment page: its answer is on its way, but a shopper who only looked is not kept waiting.
        asks = request.query_params.get("from") == "payment" and count <= QUICK_TRIES and visit.is_open
        waits = asks and is_open(order) and order.payment_failure is None and not order.unmatched_payments
        return self._front.page(
            visit,
            "unpaid.html",
            order=order,
            standing=await order_status(order, self._deps.queries, self._deps.personal),
            link=link,
            again=f"/checkout/unpaid/{link}?from=payment&try={count + 1}" if waits else None,
            robots="noindex",
        )

    async def pay(self, request: Request) -> Response:
        visit = await self._front.visit_even_if_closed(request)
        await self._front.form(visit)
        _, order = await self.order_of(visit)
        if order is None or visit.is_gone:
            return self._front.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        return await send_to_payment(self._front, self._checkout, visit, order)

    async def call_off(self, request: Request) -> Response:
        visit = await self._front.visit_even_if_closed(request)
        await self._front.form(visit)
        order_id, _ = await self.order_of(visit)
        try:
            receipt = await self._checkout.call_off(order_id)
        except DomainError:
            return self._front.redirect(visit, f"/checkout/success/{request.path_params['link']}")
        except ConcurrencyConflict:
            visit.say(f"{BUSY} Nothing was changed.")
            return self._front.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        if receipt.token is not None:
            # The cart shows what is free again; if the read models lag, the next look at the cart shows it.
            await self._checkout.settle(receipt.token)
        if not visit.is_open:
            return self._front.redirect(visit, f"/checkout/unpaid/{request.path_params['link']}")
        last = visit.ordered
        if last is not None and last.order_id == order_id and last.is_of(visit.cart):
            visit.keep_cart(visit.cart.renewed())
        visit.say("That order is called off. Everything is still in your cart.")
        return self._front.redirect(visit, "/cart")

    async def order_of(self, visit: Visit) -> tuple[UUID, OrderView | None]:
        order_id = self._front.order_of_link(visit, visit.request.path_params["link"])
        return order_id, await self._deps.queries.order(visit.store.id, order_id)

    def waiting(self, visit: Visit, order_id: UUID, order: OrderView | None) -> Response:
        count = tried(visit.request)
        path = visit.request.url.path
        return self._front.page(
            visit,
            "waiting.html",
            number=order.number if order is not None else order_number(order_id),
            order=order,
            before_payment=order is None and "/unpaid/" in path,
            seconds=(SOON if count <= QUICK_TRIES else LATER) if count < TRIES else None,
            again=f"{path}?try={count + 1}",
            afresh=path,
            link=visit.request.path_params["link"],
            robots="noindex",
        )

    def take_from_cart(self, visit: Visit, order: OrderView) -> None:
        """Take out of the cart what was ordered from it, once; what came in since stays."""
        last = visit.ordered
        if last is not None and last.order_id == order.id and last.is_of(visit.cart):
            visit.settle(order)


def tried(request: Request) -> int:
    """Return the how-manieth time a page asks, as its address says."""
    return min(max(whole_number(request.query_params.get("try", "1")[:4]) or 1, 1), TRIES)


def routes(front: PageRenderer) -> list[Route]:
    """Return the routes of an order after checkout."""
    pages = OrderPages(front)
    return [
        Route("/checkout/success/{link}", pages.success, name="confirmation"),
        Route("/checkout/unpaid/{link}", pages.unpaid, name="unpaid"),
        Route("/checkout/unpaid/{link}/pay", pages.pay, methods=["POST"]),
        Route("/checkout/unpaid/{link}/call-off", pages.call_off, methods=["POST"]),
    ]
