"""Find an order again by its number and e-mail address.

A matching pair leads to the order's own signed link. A wrong pair gets one answer, whichever of the two is wrong, and
after the same time. Tries are limited. So the form does not reveal whether an order or an address exists.
"""

import asyncio
import hmac
import re
import time
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts.email import email_key
from domain.accounts.ports import Allowance
from infra.web.client_address import address_of
from projections.sales.views import OrderView
from storefront.pages.base import Pages
from storefront.ports import StorefrontDependencies
from storefront.rendering.renderer import PageRenderer
from storefront.visit.visit import Visit, Visits

PER_NUMBER = Allowance(burst=5, interval=timedelta(minutes=2))
"""Tries at one order number, wherever they come from."""
PER_CALLER = Allowance(burst=20, interval=timedelta(seconds=15))
"""Tries of one network address at any numbers of one store."""
ANSWER_AFTER_SECONDS = 0.3
"""Every answer takes at least this long, so that its time reveals nothing."""
UNKNOWN = "We found no order with this number and e-mail address. Check both: the number looks like ZY-7Q2M4K."
NUMBER = re.compile(r"(?:ZY-?)?([2-9A-HJ-NP-Z]{6})")


def order_number_of(typed: str) -> str | None:
    """Return an order number in its usual form; None if the text is not one."""
    match = NUMBER.fullmatch("".join(typed.upper().split()))
    return None if match is None else f"ZY-{match[1]}"


class OrderLookup:
    """Finds an order by number and e-mail address, with limited tries."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self._deps = deps

    async def wait(self, visit: Visit, number: str) -> timedelta | None:
        """Use up one try. Return how long to wait if none was left; None otherwise."""
        at = self._deps.clock.now()
        waits = [
            await self._deps.limits.take(visit.signers.find.digest(key), allowance, at=at)
            for key, allowance in (
                (f"caller|{address_of(visit.request, behind_proxy=self._deps.behind_proxy)}", PER_CALLER),
                (f"number|{number}", PER_NUMBER),
            )
        ]
        return max((wait for wait in waits if wait is not None), default=None)

    async def order(self, visit: Visit, number: str, email: str) -> OrderView | None:
        orders = await self._deps.queries.orders_by_number(visit.store.id, number)
        emails = await self._deps.personal.open_many([order.shopper_email for order in orders])
        typed = _canonical(email)
        for order, known in zip(orders, emails, strict=True):
            if known is not None and hmac.compare_digest(_canonical(known), typed):
                return order
        return None


class FindOrderPages(Pages):
    """The form and its answer."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        super().__init__(deps, visits, renderer)
        self._lookup = OrderLookup(deps)

    def routes(self) -> list[Route]:
        return [
            Route("/orders/find", self.show, name="find_order"),
            Route("/orders/find", self.find, methods=["POST"]),
        ]

    def _page(self, visit: Visit, *, status: int = 200, problem: str | None = None, number: str = "") -> Response:
        return self._renderer.page(
            visit, "find_order.html", status=status, problem=problem, number=number, robots="noindex"
        )

    async def show(self, request: Request) -> Response:
        return self._page(await self._visits.to_public_store(request))

    async def find(self, request: Request) -> Response:
        started = time.monotonic()
        visit = await self._visits.to_public_store(request)
        form = await visit.form()
        typed, email = str(form.get("number", ""))[:40], str(form.get("email", ""))[:254]
        number = order_number_of(typed)
        wait = await self._lookup.wait(visit, number or typed)
        order = None if wait is not None or number is None else await self._lookup.order(visit, number, email)
        await asyncio.sleep(max(0.0, ANSWER_AFTER_SECONDS - (time.monotonic() - started)))
        if wait is not None:
            seconds = max(1, round(wait.total_seconds()))
            response = self._page(
                visit, status=429, problem=f"There were too many tries. Try again in {seconds} seconds.", number=typed
            )
            response.headers["retry-after"] = str(seconds)
            return response
        if order is None:
            return self._page(visit, status=422, problem=UNKNOWN, number=typed)
        link = visit.order_links.to(order.id)
        is_unpaid = not order.is_paid
        return self._renderer.redirect(visit, f"/checkout/{'unpaid' if is_unpaid else 'success'}/{link}")


def _canonical(email: str) -> bytes:
    return email_key(email).encode()
