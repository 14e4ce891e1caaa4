"""Integrations: the merchant's account at Stripe, in three ways, and suppliers."""

from typing import Any

from starlette.responses import Response

from gateway.code_names import SUPPLIERS
from gateway.dashboard.lists import window
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.problems import Refusals, not_found, refusal
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

INTEGRATIONS = "/dashboard/integrations"
STRIPE = f"{INTEGRATIONS}/stripe"
NOT_LINKED = "This way back from Stripe was used already, is too old, or began in another account. Below is how your account stands."


@router.get(INTEGRATIONS)
async def integrations(visit: Visitor) -> Response:
    """Show how the merchant is paid, and the suppliers."""
    return await _show(visit)


async def _show(visit: Visit, *, errors: Refusals | None = None, status: int = 200) -> Response:
    found = await visit.run("integrations/show", window(visit, 20))
    me = found["me"]
    suppliers = unless_failed(lambda: {each["provider"]: each for each in me["supplierAccounts"]})
    return visit.page(
        "integrations/index.html",
        status=status,
        account=me["stripeAccount"],
        suppliers=suppliers,
        owed=me["owedFees"],
        payouts=me["payouts"],
        installation=found["installation"],
        names=SUPPLIERS,
        later=unless_failed(
            lambda: [
                name
                for code, name in SUPPLIERS.items()
                if code not in {*suppliers, *found["installation"]["suppliers"]}
            ]
        ),
        errors=errors or Refusals(),
    )


async def own_address(visit: Visit, path: str) -> str:
    """Return the whole address of a page, to which another company leads back."""
    installation = (await visit.run("integrations/address", {}))["installation"]
    # The operator's word counts; the request's own host is what a client wrote.
    return f"{installation['address'] or str(visit.request.base_url).rstrip('/')}{path}"


@router.post(f"{STRIPE}/connect")
async def connect(visit: Visitor) -> Response:
    """Open an account and go to Stripe's questions."""
    return await _to_questions(visit)


@router.get(f"{STRIPE}/refresh")
async def refresh(visit: Visitor) -> Response:
    """Go on to a new link: the last one was used, or too old."""
    return await _to_questions(visit)


async def _to_questions(visit: Visit) -> Response:
    back, again = await own_address(visit, f"{STRIPE}/return"), await own_address(visit, f"{STRIPE}/refresh")
    change = await visit.change("integrations/connect_stripe", {"returnUrl": back, "refreshUrl": again})
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.leave_for(change["onboardingUrl"], name="Stripe")


@router.get(f"{STRIPE}/return")
async def come_back(visit: Visitor) -> Response:
    """Ask Stripe how the account stands, and show it."""
    return await _checked(visit, "Welcome back. This is how your account stands.")


@router.post(f"{STRIPE}/check")
async def check(visit: Visitor) -> Response:
    """Ask Stripe how the account stands."""
    return await _checked(visit, "Stripe was asked a moment ago.")


async def _checked(visit: Visit, notice: str) -> Response:
    change = await visit.change("integrations/check_stripe", {})
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.redirect(INTEGRATIONS, notice=notice)


@router.post(f"{STRIPE}/link")
async def link(visit: Visitor) -> Response:
    """Go to Stripe's page on which the merchant chooses an account that exists."""
    change = await visit.change(
        "integrations/link_stripe", {"redirectUrl": await own_address(visit, f"{STRIPE}/linked")}
    )
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.leave_for(change["authorizeUrl"], name="Stripe")


@router.get(f"{STRIPE}/linked")
async def linked(visit: Visitor, state: str = "", code: str | None = None, error: str | None = None) -> Response:
    """Finish linking. The state is the merchant's own and counts once, so another site cannot link its account."""
    change = await visit.change("integrations/finish_link", {"state": state, "code": code, "error": error})
    if change.errors:
        errors = refusal(None, NOT_LINKED) if change.errors.of("state") else change.errors
        return await _show(visit, errors=errors, status=422)
    return visit.redirect(INTEGRATIONS, notice="Your account at Stripe is linked.")


@router.post(f"{STRIPE}/key")
async def use_key(visit: Visitor) -> Response:
    """Sell with an own restricted key."""
    change = await visit.change("integrations/use_key", {"secretKey": visit.form["secretKey"].strip()})
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.redirect(INTEGRATIONS, notice="Your key is kept encrypted. Your account is connected.")


@router.post(f"{STRIPE}/disconnect")
async def disconnect(visit: Visitor) -> Response:
    """Stop using the account."""
    change = await visit.change("integrations/disconnect_stripe", {})
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.redirect(INTEGRATIONS, notice="The account is disconnected. Your stores take no payments now.")


@router.post(f"{INTEGRATIONS}/suppliers/{{provider}}")
async def connect_supplier(visit: Visitor, provider: str) -> Response:
    """Connect a supplier, or replace its keys."""
    if provider not in SUPPLIERS:
        raise not_found("supplier")
    form = visit.form
    input: dict[str, Any] = {"provider": provider} | {
        name: form.text(name) for name in ("apiKey", "apiSecret", "accountId")
    }
    change = await visit.change("integrations/connect_supplier", input)
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.redirect(INTEGRATIONS, notice=f"{SUPPLIERS[provider]} is connected.")


@router.post(f"{INTEGRATIONS}/suppliers/{{provider}}/disconnect")
async def disconnect_supplier(visit: Visitor, provider: str) -> Response:
    """Disconnect a supplier and delete its keys."""
    if provider not in SUPPLIERS:
        raise not_found("supplier")
    change = await visit.change("integrations/disconnect_supplier", {"provider": provider})
    if change.errors:
        return await _show(visit, errors=change.errors, status=422)
    return visit.redirect(INTEGRATIONS, notice=f"{SUPPLIERS[provider]} is disconnected, and its keys are deleted.")
