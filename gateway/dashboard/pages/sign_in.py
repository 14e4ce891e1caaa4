"""Log in by Google or GitHub, and link such an account."""

from typing import Any

from starlette.responses import Response

from gateway.dashboard.landing import first_page
from gateway.dashboard.pages.session import second_step
from gateway.dashboard.problems import not_found, refusals_of
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import Guest, Visit, Visitor

router = area_router()

NAMES = {"google": "Google", "github": "GitHub"}
"""Providers by the last part of their path."""
BROWSER_TOKEN, MINUTES = "zyenta_sign_in", 10
SECURITY = f"{ROOT}/account/security"


@router.post("/dashboard/sign-in/{provider}")
async def begin(visit: Guest, provider: str) -> Response:
    """Send the browser to the provider."""
    return await _leave(visit, "account/begin_sign_in", {"provider": _enum(provider)}, provider)


@router.post("/dashboard/account/security/sign-ins/{provider}")
async def begin_link(visit: Visitor, provider: str) -> Response:
    """Send the browser to the provider, to link its account."""
    fields = {"provider": _enum(provider), "password": visit.form["password"]}
    return await _leave(visit, "account/begin_sign_in_link", fields, provider)


@router.post("/dashboard/account/security/sign-ins/{provider}/remove")
async def unlink(visit: Visitor, provider: str) -> Response:
    """End the log-in by a provider."""
    fields = {"provider": _enum(provider), "password": visit.form["password"]}
    change = await visit.change("account/unlink_sign_in", fields)
    if change.errors:
        return _failed(visit, provider, change.payload)
    return visit.redirect(SECURITY, notice=f"{NAMES[provider]} no longer logs you in.")


@router.get("/dashboard/sign-in/{provider}/back")
async def back(
    visit: Guest, provider: str, state: str = "", code: str | None = None, error: str | None = None
) -> Response:
    """Finish what this browser began. The provider sends it here with a GET; the state is good for one."""
    fields = {
        "provider": _enum(provider),
        "state": state,
        "browserToken": visit.session.cookies.get(BROWSER_TOKEN) or "",
        "code": code,
        "error": error,
    }
    (payload,) = (await visit.run("account/finish_sign_in", {"input": fields})).values()
    visit.session.cookies.delete(BROWSER_TOKEN)
    if payload["userErrors"]:
        return _failed(visit, provider, payload)
    if payload["linked"] is not None:
        return visit.redirect(SECURITY, notice=f"{NAMES[provider]} logs you in from now on.")
    if payload["secondFactorToken"] is not None:
        return await second_step(visit, ROOT, payload["secondFactorToken"])
    await visit.enter(payload)
    return visit.redirect(await first_page(visit, ROOT))


async def _leave(visit: Visit, name: str, fields: dict[str, Any], provider: str) -> Response:
    (payload,) = (await visit.run(name, {"input": fields})).values()
    if payload["userErrors"]:
        return _failed(visit, provider, payload)
    visit.session.cookies.set(BROWSER_TOKEN, payload["browserToken"], max_age=MINUTES * 60)
    return visit.leave_for(payload["url"], name=NAMES[provider])


def _failed(visit: Visit, provider: str, payload: dict[str, Any]) -> Response:
    return visit.page("account/sign_in_failed.html", status=422, provider=NAMES[provider], errors=refusals_of(payload))


def _enum(provider: str) -> str:
    if provider not in NAMES:
        raise not_found("provider")
    return provider.upper()
