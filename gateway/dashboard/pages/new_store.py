"""The wizard of a new store: niche, suppliers, payments, summary. Each step's answers travel in the address.

Nothing is stored before the last step, so that the back button and a second tab are harmless.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self
from urllib.parse import urlencode

from starlette.responses import Response

from gateway.code_names import SUPPLIERS
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.problems import Problem, Refusals, refusal
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()
NEW = "/dashboard/stores/new"
NEEDED = frozenset({"STORES", "GENERATIONS"})
"""The limits of a plan that a new store uses."""
STEPS = ("niche", "suppliers", "payments", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the merchant has answered so far."""

    niche: str = ""
    name: str = ""
    tone: str = ""
    audience: str = ""
    colors: str = ""
    contact: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """Return the answers in a query or a form."""
        return cls(**{each.name: (values.get(each.name) or "").strip() for each in fields(cls)})

    def address(self, step: str) -> str:
        """Return the address of a step, with the answers."""
        answers = {name: value for name, value in asdict(self).items() if value}
        return f"{NEW}/{step}" + (f"?{urlencode(answers)}" if answers else "")

    def answers(self) -> dict[str, str]:
        """Return the answers that are not empty."""
        return {name: value for name, value in asdict(self).items() if value}

    def input(self) -> dict[str, Any]:
        """Return the input of ``requestStore``."""
        colors = [part.strip() for part in self.colors.split(",") if part.strip()]
        preferences = {
            "name": self.name or None,
            "tone": self.tone or None,
            "audience": self.audience or None,
            "colors": colors or None,
        }
        return {"niche": self.niche, "preferences": preferences, "contactEmail": self.contact or None}


@router.get(NEW)
@router.get(f"{NEW}/niche")
async def niche(visit: Visitor) -> Response:
    """Ask what to sell."""
    return await _niche_page(visit, Wish.of(visit.request.query_params))


@router.get(f"{NEW}/suppliers")
async def suppliers(visit: Visitor) -> Response:
    """Show what was understood, and where products come from."""
    return await _with_estimate(visit, "suppliers")


@router.post(f"{NEW}/suppliers")
async def connect_supplier(visit: Visitor) -> Response:
    """Connect a supplier, and come back."""
    wish = Wish.of(visit.form)
    keys = {
        "provider": visit.form["provider"],
        "apiKey": visit.form.text("apiKey"),
        "apiSecret": visit.form.text("apiSecret"),
    }
    change = await visit.change("new/connect_supplier", {name: value for name, value in keys.items() if value})
    if change.errors:
        return visit.page(
            "new/suppliers.html",
            status=422,
            wish=wish,
            step="suppliers",
            errors=change.errors,
            estimate=await _estimate(visit, wish),
            **await _suppliers(visit),
        )
    name = SUPPLIERS.get(visit.form["provider"], "The supplier")
    return visit.redirect(wish.address("suppliers"), notice=f"{name} is connected.")


@router.get(f"{NEW}/payments")
async def payments(visit: Visitor) -> Response:
    """Offer to set up payments now; later is fine."""
    wish = Wish.of(visit.request.query_params)
    return visit.page("new/payments.html", wish=wish, step="payments", **await _payments(visit))


@router.post(f"{NEW}/payments")
async def set_up_payments(visit: Visitor) -> Response:
    """Open an account at Stripe, and lead there."""
    wish = Wish.of(visit.form)
    change = await visit.change("new/connect_stripe", {})
    if change.errors:
        values = await _payments(visit)
        return visit.page("new/payments.html", status=422, wish=wish, step="payments", errors=change.errors, **values)
    return visit.leave_for(change["onboardingUrl"], name="Stripe")


@router.get(f"{NEW}/summary")
async def summary(visit: Visitor) -> Response:
    """Show everything once more, with the time and the cost."""
    return await _with_estimate(visit, "summary")


@router.post(f"{NEW}/summary")
async def request_store(visit: Visitor) -> Response:
    """Request the store, and lead to its progress."""
    wish = Wish.of(visit.form)
    change = await visit.change("new/request", wish.input())
    if change.errors:
        return await _niche_page(visit, wish, change.errors)
    return visit.redirect(f"/dashboard/stores/{change['storeId']}/progress")


async def _niche_page(visit: Visit, wish: Wish, errors: Refusals | None = None) -> Response:
    found = await visit.run("new/suggestions")
    plan = found["me"]["plan"]
    return visit.page(
        "new/niche.html",
        status=422 if errors else 200,
        wish=wish,
        step="niche",
        suggestions=found["nicheSuggestions"][:12],
        plan=plan,
        reached=unless_failed(
            lambda: [each for each in plan["limits"] if each["name"] in NEEDED and each["left"] == 0] if plan else []
        ),
        errors=errors or Refusals(),
    )


async def _with_estimate(visit: Visit, step: str) -> Response:
    """Show a step with what was understood. A niche that cannot be sold leads back to its own step."""
    wish = Wish.of(visit.request.query_params)
    try:
        estimate = await _estimate(visit, wish)
    except Problem as problem:
        if problem.code != "INVALID_INPUT":
            raise
        return await _niche_page(visit, wish, refusal("niche", problem.message))
    return visit.page(f"new/{step}.html", wish=wish, step=step, estimate=estimate, **await _suppliers(visit))


async def _estimate(visit: Visit, wish: Wish) -> dict[str, Any]:
    found: dict[str, Any] = (await visit.run("new/estimate", {"niche": wish.niche, "audience": wish.audience or None}))[
        "nicheEstimate"
    ]
    return found


async def _suppliers(visit: Visit) -> dict[str, Any]:
    """Return the names of the suppliers that can be searched, and those that the merchant sources from."""
    found = await visit.run("new/suppliers")
    return {
        "names": {each: SUPPLIERS.get(each, each) for each in found["installation"]["suppliers"]},
        "connected": unless_failed(
            lambda: [each["provider"] for each in found["me"]["supplierAccounts"] if each["isActive"]]
        ),
    }


async def _payments(visit: Visit) -> dict[str, Any]:
    """Return whether payments can be set up here, and how the merchant's account stands."""
    found = await visit.run("new/suppliers")
    return {"offered": found["installation"]["stripe"], "stripe": found["me"]["stripeAccount"]}
