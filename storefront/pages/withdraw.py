"""Withdrawal from a contract (Directive 2011/83/EU, Article 11a): a form, a second step that confirms, and a receipt.

The link of an order proves that its shopper asks. Without a link, number and e-mail address must match, by the rules of
:mod:`storefront.pages.find_order`. A closed store still takes withdrawals.
"""

import asyncio
import time
from collections.abc import Mapping
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.order import WithdrawFromOrder
from commands.ports import ConcurrencyConflict, Context
from domain.numbers import whole_number
from domain.order.events import OrderStatus, WithdrawnLine
from domain.order.withdrawal import pieces_left
from domain.store.legal_text import UNSTATED
from domain.text import clean_line, find_forbidden
from projections.sales.views import OrderView
from storefront.checkout.address import EMAIL, EMAIL_MAX, TEXT_MAX
from storefront.pages.base import Pages
from storefront.pages.find_order import ANSWER_AFTER_SECONDS, UNKNOWN, OrderLookup, order_number_of
from storefront.pages.payment import BUSY
from storefront.ports import StorefrontDependencies
from storefront.rendering.renderer import PageRenderer
from storefront.rendering.returns import business_address
from storefront.visit.errors import OrderLinkExpired, PageMissing
from storefront.visit.visit import Visit, Visits

UNPAID = "This order is not paid, so there is nothing to withdraw from. You need not do anything."
PAID_BACK = "This order was cancelled, and your payment goes back to you. You need not do anything."
NOTHING_CHOSEN = "Choose at least one piece that you do not want to keep."


class WithdrawPages(Pages):
    """The form, its confirmation and the receipt."""

    def __init__(self, deps: StorefrontDependencies, visits: Visits, renderer: PageRenderer) -> None:
        super().__init__(deps, visits, renderer)
        self._lookup = OrderLookup(deps)

    def routes(self) -> list[Route]:
        return [
            Route("/withdraw", self.show, name="withdraw"),
            Route("/withdraw", self.begin, methods=["POST"]),
            Route("/withdraw/{link}/confirm", self.confirm, methods=["POST"]),
            Route("/withdraw/{link}/received", self.received, name="withdrawn"),
        ]

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        link = request.query_params.get("order", "")
        try:
            order = await self._linked(visit, link) if link else None
        except (OrderLinkExpired, PageMissing):  # a damaged or old link; the form works without one
            order = None
        typed = {"name": "", "email": "", "number": order.number if order else ""}
        return await self._form(visit, typed, link=link if order else None)

    async def begin(self, request: Request) -> Response:
        """Check the form, find the order, and show the step that confirms."""
        started = time.monotonic()
        visit = await self._visits.to_public_store(request)
        form = await visit.form()
        link = str(form.get("order", ""))[:400]
        order = await self._linked(visit, link) if link else None
        typed = {name: str(form.get(name, ""))[:400] for name in ("name", "email", "number")}
        if order is not None:
            typed["number"] = order.number
        problems = problems_of(typed, needs_number=order is None)
        if problems:
            return await self._form(visit, typed, link=link if order else None, problems=problems, status=422)
        if order is None:
            number = order_number_of(typed["number"])
            wait = await self._lookup.wait(visit, number or typed["number"][:40])
            if wait is None and number is not None:
                order = await self._lookup.order(visit, number, typed["email"])
            await asyncio.sleep(max(0.0, ANSWER_AFTER_SECONDS - (time.monotonic() - started)))
            if wait is not None:
                seconds = max(1, round(wait.total_seconds()))
                problem = f"There were too many tries. Try again in {seconds} seconds."
                response = await self._form(visit, typed, problem=problem, status=429)
                response.headers["retry-after"] = str(seconds)
                return response
            if order is None:
                return await self._form(visit, typed, problem=UNKNOWN, status=422)
            link = visit.order_links.to(order.id, at=order.placed_at)
        if order.status in {OrderStatus.PENDING, OrderStatus.CANCELLED}:
            problem = PAID_BACK if order.is_paid else UNPAID
            return await self._form(visit, typed, link=link, problem=problem, status=409)
        if not pieces_left(order.lines, order.withdrawn):
            return self._renderer.redirect(visit, f"/withdraw/{link}/received")
        return self._confirmation(visit, order, link, clean_line(typed["name"]), clean_line(typed["email"]))

    async def confirm(self, request: Request) -> Response:
        """Receive the withdrawal. A repeat adds nothing and leads to the same receipt."""
        visit = await self._visits.to_public_store(request)
        form = await visit.form()
        link = request.path_params["link"]
        order = await self._linked(visit, link)
        typed = {name: str(form.get(name, ""))[:400] for name in ("name", "email")}
        if order is None:
            raise PageMissing
        if problems_of(typed, needs_number=False) or await self._is_forgotten(order):
            return self._renderer.redirect(visit, f"/withdraw?order={link}")
        chosen = {
            line.variant_id: min(whole_number(str(form.get(f"q-{line.variant_id}", "0"))[:6]) or 0, line.quantity)
            for line in order.lines
        }
        lines = [WithdrawnLine(variant_id=id, quantity=quantity) for id, quantity in chosen.items() if quantity > 0]
        name, email = clean_line(typed["name"]), clean_line(typed["email"])
        if not lines:
            return self._confirmation(visit, order, link, name, email, chosen=chosen, problem=NOTHING_CHOSEN)
        if order.status in {OrderStatus.PENDING, OrderStatus.CANCELLED}:
            return self._renderer.redirect(visit, f"/withdraw?order={link}")
        personal, shopper_id = self._deps.personal, order.shopper_id
        command = WithdrawFromOrder(
            order_id=order.id,
            store_id=visit.store.id,
            name=await personal.seal(shopper_id, name),
            email=await personal.seal(shopper_id, email),
            lines=lines,
        )
        try:
            receipt = await self._deps.commands.dispatch(command, Context(command_id=uuid4(), correlation_id=order.id))
        except ConcurrencyConflict:
            problem = f"{BUSY} Nothing was sent."
            return self._confirmation(visit, order, link, name, email, chosen=chosen, problem=problem)
        if receipt.token is not None:
            await self._deps.barrier.wait(receipt.token)
        return self._renderer.redirect(visit, f"/withdraw/{link}/received")

    async def received(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        link = request.path_params["link"]
        order = await self._linked(visit, link)
        if order is None or not order.withdrawals:
            return self._renderer.redirect(visit, f"/withdraw?order={link}")
        shop = await self._facts.shop.of(visit.store, visit.revision)
        return self._renderer.page(
            visit,
            "withdraw_received.html",
            order=order,
            link=link,
            send_to=business_address(shop),
            robots="noindex",
        )

    async def _linked(self, visit: Visit, link: str) -> OrderView | None:
        order_id: UUID = visit.order_links.order_of(link)
        return await self._queries.order(visit.store.id, order_id)

    async def _is_forgotten(self, order: OrderView) -> bool:
        # Sealing would make a new key for a person whose key was deleted.
        return await self._deps.personal.open(order.shopper_email) is None

    def _confirmation(
        self,
        visit: Visit,
        order: OrderView,
        link: str,
        name: str,
        email: str,
        *,
        chosen: Mapping[UUID, int] | None = None,
        problem: str | None = None,
    ) -> Response:
        """Return the step that confirms, with what the shopper chose; everything that is left before they choose."""
        left = {line.variant_id: line.quantity for line in pieces_left(order.lines, order.withdrawn)}
        deadline = order.withdrawal_deadline
        return self._renderer.page(
            visit,
            "withdraw_confirm.html",
            status=200 if problem is None else 422,
            order=order,
            link=link,
            name=name,
            email=email,
            goods=[
                (line, pieces, pieces if chosen is None else min(chosen.get(line.variant_id, 0), pieces))
                for line in order.lines
                if (pieces := left.get(line.variant_id))
            ],
            is_late=deadline is not None and visit.today > deadline,
            problem=problem,
            robots="noindex",
        )

    async def _form(
        self,
        visit: Visit,
        typed: Mapping[str, str],
        *,
        link: str | None = None,
        problems: Mapping[str, str] | None = None,
        problem: str | None = None,
        status: int = 200,
    ) -> Response:
        return self._renderer.page(
            visit,
            "withdraw.html",
            status=status,
            typed=typed,
            link=link,
            problems=problems or {},
            problem=problem,
            shop=await self._facts.shop.of(visit.store, visit.revision),
            unstated=UNSTATED,
            robots="noindex, follow" if link is None else "noindex",
        )


def problems_of(typed: Mapping[str, str], *, needs_number: bool) -> dict[str, str]:
    """Return fields with what is wrong and what to do; empty if the form is valid."""
    problems: dict[str, str] = {}
    name, email = clean_line(typed["name"]), clean_line(typed["email"])
    if not name:
        problems["name"] = "Write your name."
    elif len(name) > TEXT_MAX or find_forbidden(typed["name"]) is not None or "://" in name:
        problems["name"] = f"Write your name in at most {TEXT_MAX} letters, without an address of a web page."
    if needs_number and order_number_of(typed["number"]) is None:
        problems["number"] = f"“{typed['number'][:20]}” is not an order number. It looks like ZY-7Q2M4K."
    if len(email) > EMAIL_MAX or not EMAIL.fullmatch(email):
        problems["email"] = f"“{email[:60]}” is not an e-mail address. Write it like name@example.com."
    return problems
