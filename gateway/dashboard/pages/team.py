"""The people who work in stores, invitations, and what people did."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import onward, window
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

TEAM = "/dashboard/stores/{store_id:uuid}/team"
PLACES = {"product": "products", "media": "media", "order": "orders"}
"""Subjects that have a page of their own, and the folder of the page."""


def team_path(store_id: UUID) -> str:
    """Return the path of a store's team."""
    return f"{ROOT}/stores/{store_id}/team"


@router.get("/dashboard/team")
async def stores(visit: Visitor) -> Response:
    """Show the stores in which the visitor has a role."""
    found = (await visit.run("team/stores", window(visit, 50)))["stores"]
    return visit.page("team/stores.html", stores=found)


@router.get(TEAM)
async def team(visit: Visitor, store_id: UUID) -> Response:
    """Show who works in a store, and who is invited."""
    return await _show(visit, store_id)


async def _show(visit: Visit, store_id: UUID, errors: Refusals | None = None) -> Response:
    shown = await visit.store(store_id)
    role = (await visit.run("team/role", {"id": shown["id"]}))["store"]["role"]
    past = past_of(visit)
    pages = window(visit, 25, "people") | window(visit, 25, "invitations")
    found = (await past.run(visit, "team/store", {"id": shown["id"], "owner": role == "OWNER", **pages}))["store"]
    return visit.page(
        "team/store.html", past=past, team=found, status=422 if errors else 200, errors=errors or Refusals()
    )


async def _act(visit: Visit, store_id: UUID, name: str, input: dict[str, Any], notice: str) -> Response:
    change = await visit.change(name, {"storeId": str(store_id), **input})
    if change.errors:
        return await _show(visit, store_id, change.errors)
    return visit.redirect(team_path(store_id), notice=notice)


@router.post(f"{TEAM}/invite")
@sends("team/invite")
async def invite(visit: Visitor, store_id: UUID) -> Response:
    """Invite a person by mail."""
    email = visit.form["email"].strip()
    input = {"email": email, "role": visit.form["role"] or "VIEWER"}
    return await _act(visit, store_id, "team/invite", input, f"An invitation is on its way to {email}.")


@router.post(f"{TEAM}/invitations/{{invitation_id:uuid}}/withdraw")
@sends("team/withdraw")
async def withdraw(visit: Visitor, store_id: UUID, invitation_id: UUID) -> Response:
    """Take an invitation back."""
    input = {"invitationId": str(invitation_id)}
    return await _act(visit, store_id, "team/withdraw", input, "The invitation is withdrawn. Its link is dead.")


@router.post(f"{TEAM}/people/{{person_id:uuid}}/role")
@sends("team/change_role")
async def change_role(visit: Visitor, store_id: UUID, person_id: UUID) -> Response:
    """Give a person another role."""
    input = {
        "personId": str(person_id),
        "role": visit.form["role"],
        "expectedRole": visit.form.text("seen"),
    }
    return await _act(visit, store_id, "team/change_role", input, "The role is changed. It counts at once.")


@router.post(f"{TEAM}/people/{{person_id:uuid}}/remove")
@sends("team/remove")
async def remove(visit: Visitor, store_id: UUID, person_id: UUID) -> Response:
    """End a person's role."""
    input = {"personId": str(person_id)}
    return await _act(visit, store_id, "team/remove", input, "The person has no access any more.")


@router.post(f"{TEAM}/leave")
@sends("team/leave")
async def leave(visit: Visitor, store_id: UUID) -> Response:
    """Leave another merchant's store."""
    change = await visit.change("team/leave", {"storeId": str(store_id)})
    if change.errors:
        return await _show(visit, store_id, change.errors)
    return visit.redirect(f"{ROOT}/team", notice="You left the store.")


@router.get("/dashboard/invitation")
async def invitation(visit: Visitor) -> Response:
    """Ask whether the visitor accepts the invitation of a link."""
    return visit.page("team/invitation.html", token=visit.request.query_params.get("token", "")[:200])


@router.post("/dashboard/invitation")
async def accept(visit: Visitor) -> Response:
    """Accept an invitation."""
    change = await visit.change("team/accept", {"token": visit.form["token"]})
    if change.errors:
        return visit.page("team/invitation.html", status=422, errors=change.errors, token=visit.form["token"][:200])
    store = change["store"]
    if store is None:
        return visit.redirect(f"{ROOT}/team", notice="You accepted the invitation.")
    return visit.redirect(team_path(store["id"]), notice="Welcome. You work in this store from now on.")


@router.get("/dashboard/activity")
async def account_activity(visit: Visitor) -> Response:
    """Show what happened to the visitor's account."""
    me = (await visit.run("activity/account", onward(visit, 50)))["me"]
    keys = unless_failed(lambda: {key["id"]: key["name"] for key in me["apiKeys"]["nodes"]})
    return visit.page("activity/account.html", activity=me["activity"], keys=keys)


@router.get(f"{TEAM}/activity")
async def store_activity(visit: Visitor, store_id: UUID) -> Response:
    """Show what people did in a store."""
    shown = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "activity/store", {"id": shown["id"], **onward(visit, 50)}))["store"]
    return visit.page("activity/store.html", past=past, activity=found["activity"], keys={}, places=PLACES)
