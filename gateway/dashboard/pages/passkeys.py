"""Passkeys: the script of a page asks for options, and the form brings the browser's answer."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from gateway.dashboard.formatting import sentence
from gateway.dashboard.landing import first_page
from gateway.dashboard.pages.account import ways_to_log_in
from gateway.dashboard.pages.security import SECURITY, security_page
from gateway.dashboard.problems import refusals_of
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import DEVICE
from gateway.dashboard.visit import Guest, Visitor, own_path

router = area_router()


@router.post("/dashboard/account/security/passkeys/begin")
async def begin(visit: Visitor) -> Response:
    """Answer the script with what the browser needs to make a passkey."""
    change = await visit.change("account/begin_passkey", {"password": visit.form["password"]})
    return _options(change.payload)


@router.post("/dashboard/account/security/passkeys")
async def add(visit: Visitor) -> Response:
    """Store the passkey that the browser made."""
    names = ("name", "clientDataJson", "attestationObject")
    change = await visit.change("account/add_passkey", {name: visit.form[name] for name in names})
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.redirect(SECURITY, notice="The passkey is added. It logs you in from now on.")


@router.post("/dashboard/account/security/passkeys/rename")
async def rename(visit: Visitor) -> Response:
    """Give a passkey another name."""
    fields = {"passkeyId": visit.form["passkey"], "name": visit.form["name"]}
    change = await visit.change("account/rename_passkey", fields)
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.redirect(SECURITY, notice="The passkey has its new name.")


@router.post("/dashboard/account/security/passkeys/remove")
async def remove(visit: Visitor) -> Response:
    """Remove a passkey."""
    fields = {"passkeyId": visit.form["passkey"], "password": visit.form["password"]}
    change = await visit.change("account/remove_passkey", fields)
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.redirect(SECURITY, notice="The passkey logs you in no more.")


@router.post("/dashboard/log-in/passkey/begin")
async def begin_log_in(visit: Guest) -> Response:
    """Answer the script with what the browser needs to log in."""
    input = {"secondFactorToken": visit.form["token"] or None}
    return _options((await visit.run("account/begin_passkey_log_in", {"input": input}))["beginPasskeyLogIn"])


@router.post("/dashboard/log-in/passkey")
async def log_in(visit: Guest) -> Response:
    """Open a session, by a passkey alone or by one as the second factor."""
    wanted, token = own_path(visit.form["next"]), visit.form["token"]
    names = ("credentialId", "clientDataJson", "authenticatorData", "signature")
    answer = {name: visit.form[name] for name in names}
    more = {"secondFactorToken": token or None, "deviceToken": visit.session.cookies.get(DEVICE)}
    payload = (await visit.run("account/log_in_with_passkey", {"input": {**answer, **more}}))["logInWithPasskey"]
    errors = refusals_of(payload)
    if errors:
        page = "session/second_factor.html" if token else "session/log_in.html"
        ways = await ways_to_log_in(visit)
        return visit.page(page, status=422, next=wanted, token=token, errors=errors, **ways)
    await visit.enter(payload)
    return visit.redirect(await first_page(visit, wanted))


def _options(payload: Mapping[str, Any]) -> Response:
    errors = refusals_of(payload).errors
    if errors:
        return JSONResponse({"message": " ".join(sentence(each.message) for each in errors)}, status_code=422)
    return JSONResponse(payload["options"])
