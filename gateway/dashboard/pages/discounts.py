"""Discount codes of a store."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from gateway.dashboard.lists import is_picking, picked, window
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals, not_found, refusal
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

DISCOUNTS = "/dashboard/stores/{store_id:uuid}/discounts"
CHANGES = {
    "pause": ("discounts/pause", "The code is paused."),
    "resume": ("discounts/resume", "The code counts again."),
}


def standing_of(discount: Mapping[str, Any], *, at: datetime) -> tuple[str, str]:
    """Return how a code stands at a time, as merchants call it, and the kind of its badge."""
    starts, ends, most = discount["startsAt"], discount["endsAt"], discount["mostUses"]
    if ends and datetime.fromisoformat(ends) <= at:
        return "Ended", "plain"
    if most and discount["used"] >= most:
        return "Used up", "plain"
    if discount["paused"]:
        return "Paused", "wait"
    if starts and datetime.fromisoformat(starts) > at:
        return "Not begun yet", "wait"
    return "Active", "good"


@router.get(DISCOUNTS)
async def discounts(visit: Visitor, store_id: UUID) -> Response:
    """List the codes."""
    return await _show(visit, store_id)


async def _show(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "discounts/list", {"id": store["id"], **window(visit, 50)}))["store"]["discounts"]
    lists = picked(visit.form, 50, "productIds")
    products = (await visit.run("discounts/products", {"id": store["id"], **lists}))["store"]["products"]
    return visit.page(
        "discounts/list.html",
        status=status,
        past=past,
        discounts=found,
        standing_of=partial(standing_of, at=past.at or visit.session.now),
        products=products,
        errors=errors or Refusals(),
    )


@router.post(DISCOUNTS)
@sends("discounts/create")
async def create(visit: Visitor, store_id: UUID) -> Response:
    """Create a code."""
    store, form = await visit.store(store_id), visit.form
    if is_picking(form):
        return await _show(visit, store_id)
    input: dict[str, Any] = {
        "storeId": store["id"],
        "code": form["code"],
        "kind": form["kind"],
        "percentage": form.text("percentage") if form["kind"] == "PERCENTAGE" else None,
        "amount": form.text("amount") if form["kind"] == "AMOUNT" else None,
        "minimum": form.text("minimum"),
        "productIds": form.texts("productIds"),
    }
    try:
        input |= {name: _count(form[name]) for name in ("mostUses", "mostUsesPerShopper")}
        input |= {name: _moment(form[name], visit.zone) for name in ("startsAt", "endsAt")}
    except ValueError as error:
        return await _show(visit, store_id, errors=refusal(None, str(error)), status=422)
    if input["kind"] not in {"PERCENTAGE", "AMOUNT", "FREE_SHIPPING"}:
        return await _show(visit, store_id, errors=refusal("kind", "Say what the code takes off."), status=422)
    change = await visit.change("discounts/create", input)
    if change.errors:
        return await _show(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/discounts", notice="The code is created.")


@router.post(f"{DISCOUNTS}/{{discount_id:uuid}}/{{name}}")
@sends(**{name: document for name, (document, _) in CHANGES.items()})
async def switch(visit: Visitor, store_id: UUID, discount_id: UUID, name: str) -> Response:
    """Pause a code, or let it count again."""
    if name not in CHANGES:
        raise not_found("page")
    document, notice = CHANGES[name]
    change = await visit.change(document, {"discountId": str(discount_id)})
    if change.errors:
        return await _show(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/discounts", notice=notice)


def _count(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise ValueError(f"{text[:20]!r} is not a count. Use a whole number, or leave the field empty.")
    return int(text)


def _moment(text: str, zone: str) -> str | None:
    """Return a time of the store's own clock with its time zone."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone)).isoformat()
    except ValueError:
        raise ValueError(f"{text[:20]!r} is not a time. Use one such as 2026-11-29T10:00.") from None
