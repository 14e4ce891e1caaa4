"""The merchant's plan, its limits, and what the models used."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from gateway.dashboard.pages.integrations import own_address
from gateway.dashboard.parts import or_else
from gateway.dashboard.problems import Refusals
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

BILLING = "/dashboard/billing"


@router.get(BILLING)
async def billing(visit: Visitor) -> Response:
    """Show the plan."""
    return await _show(visit)


async def _show(visit: Visit, *, errors: Refusals | None = None, status: int = 200) -> Response:
    month = f"{datetime.now(UTC):%Y-%m}"
    found = await visit.run("billing/show", {"month": month})
    plan = found["me"]["plan"]
    return visit.page(
        "billing/index.html",
        status=status,
        plan=plan,
        most=or_else(lambda: {each["name"]: each["max"] for each in plan["budgets"]} if plan else {}, {}),
        extendable=or_else(lambda: _extendable(plan, found["plans"]) if plan else set[str](), set[str]()),
        is_paid=visit.request.query_params.get("paid") == "1",
        usage=found["me"]["usage"],
        plans=found["plans"],
        month=month,
        errors=errors or Refusals(),
    )


def _extendable(plan: dict[str, Any], plans: Sequence[dict[str, Any]]) -> set[str]:
    """Return the names of the limits of which another plan allows more."""
    return {
        limit["name"]
        for limit in plan["limits"]
        for other in plans
        for allowed in other["limits"]
        if allowed["name"] == limit["name"] and limit["max"] is not None
        if allowed["max"] is None or allowed["max"] > limit["max"]
    }


@router.post(f"{BILLING}/checkout")
async def checkout(visit: Visitor) -> Response:
    """Go to the payment page of a plan."""
    here = await own_address(visit, BILLING)
    input = {"plan": visit.form["plan"], "successUrl": f"{here}?paid=1", "cancelUrl": here}
    change = await visit.change("billing/checkout", input)
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.leave_for(change["url"], name="the payment page")


@router.post(f"{BILLING}/portal")
async def portal(visit: Visitor) -> Response:
    """Go to the page on which the plan is changed or cancelled."""
    here = await own_address(visit, BILLING)
    change = await visit.change("billing/portal", {"returnUrl": here})
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.leave_for(change["url"], name="the payment page")
