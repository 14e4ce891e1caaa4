"""Log in and log out."""

from starlette.responses import Response

from gateway.dashboard.landing import first_page
from gateway.dashboard.pages.account import ways_to_log_in
from gateway.dashboard.problems import Refusals, refusals_of
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import DEVICE, REFRESH, ROOT
from gateway.dashboard.visit import Guest, Visit, own_path

router = area_router()


@router.get("/dashboard/log-in")
async def log_in_page(visit: Guest, next: str = ROOT) -> Response:
    """Show the form. A visitor with a session goes on at once."""
    if visit.user is not None:
        return visit.redirect(own_path(next))
    return visit.page("session/log_in.html", next=own_path(next), **await ways_to_log_in(visit))


@router.post("/dashboard/log-in")
async def log_in(visit: Guest) -> Response:
    """Open a session and go to the page that the visitor came for."""
    wanted = own_path(visit.form["next"])
    credentials = {
        "email": visit.form["email"],
        "password": visit.form["password"],
        "deviceToken": visit.session.cookies.get(DEVICE),
    }
    payload = (await visit.run("session/log_in", {"input": credentials}))["logIn"]
    errors = refusals_of(payload)
    if errors:
        return visit.page("session/log_in.html", status=422, next=wanted, errors=errors, **await ways_to_log_in(visit))
    if payload["secondFactorToken"] is not None:
        return await second_step(visit, wanted, payload["secondFactorToken"])
    await visit.enter(payload)
    return visit.redirect(await first_page(visit, wanted))


@router.post("/dashboard/log-in/second-factor")
async def complete_log_in(visit: Guest) -> Response:
    """Open the session of an account that has a second factor."""
    wanted, token = own_path(visit.form["next"]), visit.form["token"]
    fields = {"token": token, "code": visit.form["code"], "deviceToken": visit.session.cookies.get(DEVICE)}
    payload = (await visit.run("account/complete_log_in", {"input": fields}))["completeLogIn"]
    errors = refusals_of(payload)
    if errors:
        return await second_step(visit, wanted, token, errors)
    await visit.enter(payload)
    return visit.redirect(await first_page(visit, wanted))


async def second_step(visit: Visit, wanted: str, token: str, errors: Refusals | None = None) -> Response:
    """Ask for the second factor. It shows the errors of a first try."""
    status = 422 if errors else 200
    ways = await ways_to_log_in(visit)
    return visit.page(
        "session/second_factor.html", status=status, next=wanted, token=token, errors=errors or Refusals(), **ways
    )


@router.post("/dashboard/log-out")
async def log_out(visit: Guest) -> Response:
    """End the session. No-op without one."""
    refresh = visit.session.cookies.get(REFRESH)
    if refresh is not None:
        await visit.run("session/log_out", {"input": {"refreshToken": refresh}})
    visit.session.end()
    return visit.redirect(f"{ROOT}/log-in")
