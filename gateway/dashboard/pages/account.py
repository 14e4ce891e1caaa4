"""Open an account, confirm an address, and choose a new password: pages for visitors without a session."""

from typing import Any

from starlette.responses import Response

from gateway.dashboard.landing import first_page
from gateway.dashboard.problems import Refusals, refusal, refusals_of
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import Guest, Visit

router = area_router()

MAILED = "A mail is on its way. Use the link in it to confirm your address."
ASKED = "If an account owns this address, a mail with a link is on its way. The link works for 30 minutes."


def repeats(visit: Visit, name: str) -> Refusals:
    """Return the refusal of a password that was typed differently the second time."""
    if visit.form[name] == visit.form["again"]:
        return Refusals()
    return refusal("again", "The two passwords differ. Type the same one twice.")


async def ways_to_log_in(visit: Visit) -> dict[str, Any]:
    """Return what this installation offers besides the password, as the templates call it."""
    offered = await visit.run("account/providers")
    return {"providers": offered["signInProviders"], "passkeys": offered["passkeysOffered"]}


@router.get("/dashboard/register")
async def register_page(visit: Guest) -> Response:
    """Show the form. A visitor with a session has an account."""
    if visit.user is not None:
        return visit.redirect(ROOT)
    return visit.page("account/register.html", **await ways_to_log_in(visit))


@router.post("/dashboard/register")
async def register(visit: Guest) -> Response:
    """Open an account and a session. The answer is the same for every address."""
    fields: dict[str, Any] = {name: visit.form[name] for name in ("email", "password", "name")}
    fields |= {"name": fields["name"] or None, "commandId": str(visit.form.command_id)}
    payload = (await visit.run("account/register", {"input": fields}))["register"]
    errors = refusals_of(payload)
    if errors:
        return visit.page("account/register.html", status=422, errors=errors, **await ways_to_log_in(visit))
    await visit.enter(payload)
    return visit.redirect(await first_page(visit), notice=MAILED)


@router.get("/dashboard/verify")
async def verify_page(visit: Guest, token: str = "") -> Response:
    """Show a button: a program that follows links in mails must confirm nothing."""
    return visit.page("account/verify.html", token=token)


@router.post("/dashboard/verify")
async def verify(visit: Guest) -> Response:
    """Confirm the address, as the logged-in account or with its password."""
    token = visit.form["token"]
    change = await visit.change("account/confirm_email", {"token": token, "password": visit.form["password"] or None})
    if change.errors:
        return visit.page("account/verify.html", status=422, token=token, errors=change.errors)
    return visit.redirect(ROOT, notice="Your address is confirmed.")


@router.get("/dashboard/forgot")
async def forgot_page(visit: Guest) -> Response:
    """Ask for the address."""
    return visit.page("account/forgot.html")


@router.post("/dashboard/forgot")
async def forgot(visit: Guest) -> Response:
    """Send a link if an account owns the address. The page is the same if none does."""
    change = await visit.change("account/request_reset", {"email": visit.form["email"]})
    if change.errors:
        return visit.page("account/forgot.html", status=422, errors=change.errors)
    return visit.redirect(f"{ROOT}/log-in", notice=ASKED)


@router.get("/dashboard/reset")
async def reset_page(visit: Guest, token: str = "") -> Response:
    """Ask for the new password."""
    return visit.page("account/reset.html", token=token)


@router.post("/dashboard/reset")
async def reset(visit: Guest) -> Response:
    """Set the password. All sessions end, that of this browser too."""
    token, errors = visit.form["token"], repeats(visit, "password")
    if not errors:
        fields = {"token": token, "password": visit.form["password"], "keepOtherWays": bool(visit.form["keep"])}
        change = await visit.change("account/reset_password", fields)
        errors = change.errors
    if errors:
        return visit.page("account/reset.html", status=422, token=token, errors=errors)
    visit.session.end()
    return visit.redirect(f"{ROOT}/log-in", notice="Your password is changed. Log in with the new one.")
