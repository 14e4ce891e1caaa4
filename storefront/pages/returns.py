"""The form for a return, behind an order's link. A closed store still takes returns."""

from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import ConcurrencyConflict, Context
from commands.returns import RequestReturn
from domain.kernel import DomainError
from domain.numbers import whole_number
from domain.order.after_sale.return_events import ReturnedPieces
from domain.store.return_policy import ReturnPolicy
from domain.text import clean_text, find_forbidden
from projections.sales.views import OrderView
from storefront.pages.base import Pages
from storefront.pages.payment import BUSY
from storefront.rendering.returns import last_return_day
from storefront.visit.errors import PageMissing
from storefront.visit.visit import Visit

NOTE_MAX = 1000
NOTHING_CHOSEN = "Choose at least one piece that you want to return."
NO_REASON = "Choose a reason from the list."
NOTE_WRONG = f"Write at most {NOTE_MAX} plain characters."
ASKED = "The shop has your return and answers by e-mail. Wait for its answer before you send anything."


class ReturnPages(Pages):
    """Asking to return goods of an order."""

    def routes(self) -> list[Route]:
        return [
            Route("/returns/{link}", self.show, name="return"),
            Route("/returns/{link}", self.ask, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        visit = await self._visits.to_public_store(request)
        return self._form(visit, await self._order(visit))

    async def ask(self, request: Request) -> Response:
        """Ask for the return. The same form sent twice asks once."""
        visit = await self._visits.to_public_store(request)
        form = await visit.form()
        order, link = await self._order(visit), request.path_params["link"]
        typed = {name: str(form.get(name, ""))[: 4 * NOTE_MAX] for name in ("reason", "note", "ticket")}
        asked = {line.variant_id: str(form.get(f"q-{line.variant_id}", "0"))[:6] for line in order.lines}
        lines = [
            ReturnedPieces(variant_id=id, quantity=quantity)
            for id, text in asked.items()
            if (quantity := whole_number(text) or 0) > 0
        ]
        note = clean_text(typed["note"]).strip()
        problems = {}
        if not lines:
            problems["lines"] = NOTHING_CHOSEN
        if typed["reason"] not in policy_of(visit).reasons:
            problems["reason"] = NO_REASON
        if len(note) > NOTE_MAX or find_forbidden(typed["note"]) is not None:
            problems["note"] = NOTE_WRONG
        command_id = _ticket(typed["ticket"])
        if command_id is not None and await self._deps.commands.outcome(command_id) is not None:
            return self._renderer.redirect(visit, f"/checkout/success/{link}")
        if problems or command_id is None:
            return self._form(visit, order, typed=typed, chosen=asked, problems=problems)
        personal = self._deps.personal
        if await personal.open(order.shopper_email) is None:
            # Sealing would make a new key for a person whose key was deleted.
            raise PageMissing
        command = RequestReturn(
            order_id=order.id,
            store_id=visit.store.id,
            lines=lines,
            reason=typed["reason"],
            note=await personal.seal(order.shopper_id, note) if note else None,
        )
        try:
            context = Context(command_id=command_id, correlation_id=order.id)
            receipt = await self._deps.commands.dispatch(command, context)
        except DomainError as refusal:
            return self._form(visit, order, typed=typed, chosen=asked, problem=str(refusal), status=409)
        except ConcurrencyConflict:
            return self._form(visit, order, typed=typed, chosen=asked, problem=f"{BUSY} Nothing was sent.", status=409)
        if receipt.token is not None:
            await self._deps.barrier.wait(receipt.token)
        visit.say(ASKED)
        return self._renderer.redirect(visit, f"/checkout/success/{link}")

    async def _order(self, visit: Visit) -> OrderView:
        order_id = visit.order_links.order_of(visit.request.path_params["link"])
        order = await self._queries.order(visit.store.id, order_id)
        if order is None:
            raise PageMissing
        return order

    def _form(
        self,
        visit: Visit,
        order: OrderView,
        *,
        typed: dict[str, str] | None = None,
        chosen: dict[UUID, str] | None = None,
        problems: dict[str, str] | None = None,
        problem: str | None = None,
        status: int = 200,
    ) -> Response:
        policy, left = policy_of(visit), order.returnable
        deadline = last_return_day(order, policy)
        return self._renderer.page(
            visit,
            "return.html",
            status=422 if problems else status,
            order=order,
            link=visit.request.path_params["link"],
            policy=policy,
            deadline=deadline,
            is_over=deadline is not None and visit.today > deadline,
            goods=[(line, left[line.variant_id]) for line in order.lines if line.variant_id in left],
            typed=typed or {"reason": "", "note": ""},
            chosen={str(id): text for id, text in (chosen or {}).items()},
            ticket=uuid4(),
            problems=problems or {},
            problem=problem,
            note_max=NOTE_MAX,
            robots="noindex",
        )


def policy_of(visit: Visit) -> ReturnPolicy:
    """Return the store's rules for returns."""
    return visit.store.returns or ReturnPolicy()


def _ticket(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
