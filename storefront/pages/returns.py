"""The form for a return, behind an order's link. A closed store still takes returns."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.ports import CommandReused, ConcurrencyConflict, Context
from commands.returns import RequestReturn
from domain.ids import derived
from domain.kernel import DomainError
from domain.numbers import whole_number
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.return_errors import ReturnWindowOver
from domain.store.return_policy import ReturnPolicy
from domain.text import clean_text, find_forbidden
from projections.reading.consistency import Stale
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
ASKED = "The shop has your request and answers by e-mail. Wait for its answer before you send anything."


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
        typed = {name: str(form.get(name, ""))[: 4 * NOTE_MAX] for name in ("reason", "note")}
        asked = {line.variant_id: str(form.get(f"q-{line.variant_id}", "0"))[:6] for line in order.lines}
        problems = problems_of(asked, typed, policy_of(visit))
        command_id = _command_id(order.id, str(form.get("ticket", ""))[:40])
        if command_id is not None and await self._deps.commands.outcome(command_id) is not None:
            return self._renderer.redirect(visit, f"/checkout/success/{link}")
        if problems or command_id is None:
            return self._form(visit, order, typed=typed, chosen=asked, problems=problems)
        try:
            await self._send(visit, order, command_id, asked, typed)
        except ReturnWindowOver:
            # The form says so in the shop's words.
            return self._form(visit, order, typed=typed, chosen=asked, status=409)
        except DomainError as refusal:
            return self._form(visit, order, typed=typed, chosen=asked, problem=str(refusal), status=409)
        except ConcurrencyConflict:
            return self._form(visit, order, typed=typed, chosen=asked, problem=f"{BUSY} Nothing was sent.", status=409)
        visit.say(ASKED)
        return self._renderer.redirect(visit, f"/checkout/success/{link}")

    async def _send(
        self, visit: Visit, order: OrderView, command_id: UUID, asked: Mapping[UUID, str], typed: Mapping[str, str]
    ) -> None:
        """Send the command, and wait shortly until the order's page shows the return.

        Raises:
            PageMissing: the shopper was forgotten.
            DomainError, ConcurrencyConflict: nothing was sent.
        """
        personal = self._deps.personal
        if await personal.open(order.shopper_email) is None:
            # Sealing would make a new key for a person whose key was deleted.
            raise PageMissing
        note = clean_text(typed["note"]).strip()
        command = RequestReturn(
            order_id=order.id,
            store_id=visit.store.id,
            lines=[ReturnedPieces(variant_id=id, quantity=count) for id, count in _quantities(asked).items()],
            reason=typed["reason"],
            note=await personal.seal(order.shopper_id, note) if note else None,
        )
        # CommandReused: the same form was sent twice at once, with changes; the other one was first.
        with suppress(CommandReused, Stale):
            context = Context(command_id=command_id, correlation_id=order.id)
            receipt = await self._deps.commands.dispatch(command, context)
            if receipt.token is not None:
                await self._deps.barrier.wait(receipt.token)

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


def problems_of(asked: Mapping[UUID, str], typed: Mapping[str, str], policy: ReturnPolicy) -> dict[str, str]:
    """Return fields with what is wrong and what to do; empty if the form is valid."""
    problems = {}
    if not _quantities(asked):
        problems["lines"] = NOTHING_CHOSEN
    if typed["reason"] not in policy.reasons:
        problems["reason"] = NO_REASON
    if len(clean_text(typed["note"]).strip()) > NOTE_MAX or find_forbidden(typed["note"]) is not None:
        problems["note"] = NOTE_WRONG
    return problems


def _quantities(asked: Mapping[UUID, str]) -> Mapping[UUID, int]:
    counts = {id: whole_number(text) or 0 for id, text in asked.items()}
    return {id: count for id, count in counts.items() if count > 0}


def policy_of(visit: Visit) -> ReturnPolicy:
    """Return the store's rules for returns."""
    return visit.store.returns or ReturnPolicy()


def _command_id(order_id: UUID, ticket: str) -> UUID | None:
    """Return the id of the command of a form; None if the form has no ticket."""
    try:
        return derived(order_id, "return", str(UUID(ticket)))
    except ValueError:
        return None
