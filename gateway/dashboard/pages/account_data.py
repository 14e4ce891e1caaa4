"""The visitor's data: download everything, or delete the account."""

import json

from starlette.responses import Response

from gateway.dashboard.problems import Refusals, refusal
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import NO_STORE, Visit, Visitor

router = area_router()


@router.get("/dashboard/account/data")
async def data(visit: Visitor) -> Response:
    """Show what can be done with the visitor's data."""
    return await _show(visit)


async def _show(visit: Visit, errors: Refusals | None = None) -> Response:
    owed = (await visit.run("data/owed", {}))["me"]["owedFees"]
    status = 422 if errors else 200
    return visit.page("data/account.html", status=status, owed=owed, errors=errors or Refusals())


@router.get("/dashboard/account/data/export.json")
async def export(visit: Visitor) -> Response:
    """Download everything that the platform holds about the visitor."""
    found = (await visit.run("data/export"))["me"]["export"]
    text = json.dumps(found, ensure_ascii=False, indent=2)
    headers = {"content-disposition": 'attachment; filename="zyenta-account.json"', **NO_STORE}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/dashboard/account/data/delete")
async def delete(visit: Visitor) -> Response:
    """Delete the visitor's account."""
    if not visit.form.checked("sure"):
        return await _show(visit, refusal("sure", "Check the box if you want to delete the account."))
    change = await visit.change("data/delete", {"password": visit.form["password"]})
    if change.errors:
        return await _show(visit, change.errors)
    visit.session.end()
    return visit.redirect(f"{ROOT}/log-in", notice="Your account is deleted. A last mail confirms it.")
