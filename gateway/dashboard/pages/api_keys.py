"""API keys: make, rotate, revoke. A key's text is shown on one page, once."""

from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import window
from gateway.dashboard.pages.security import proof_errors
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.problems import Refusals, refusal
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import Change, Visit, Visitor

router = area_router()

KEYS = f"{ROOT}/api-keys"
SCOPES = {
    "READ": ("Read", "Everything that you see, except sessions and keys."),
    "PRODUCTS": ("Products", "Change products, stock and photos."),
    "CONTENT": ("Content", "Change pages, looks, collections, settings and generations."),
    "ORDERS": ("Orders", "Ship orders and answer returns."),
    "PUBLISH": ("Publish", "Approve, publish, pause and archive stores."),
    "MONEY": ("Money", "Refund shoppers and order at suppliers."),
}
"""Names and meanings of scopes."""


@router.get("/dashboard/api-keys")
async def api_keys(visit: Visitor) -> Response:
    """Show the visitor's keys."""
    return await _show(visit)


async def _show(visit: Visit, errors: Refusals | None = None) -> Response:
    answer = await visit.run("api_keys/list", window(visit, 50))
    found = answer["me"]["apiKeys"]
    return visit.page(
        "api_keys/list.html",
        found=found,
        keys=unless_failed(lambda: found["nodes"]),
        scopes=SCOPES,
        security=answer["security"],
        status=422 if errors else 200,
        errors=proof_errors(visit, errors),
    )


@router.post("/dashboard/api-keys")
async def make(visit: Visitor) -> Response:
    """Make a key and show its text."""
    days = visit.form["days"].strip()
    if days and not (days.isdecimal() and len(days) < 5):
        return await _show(
            visit, refusal("expiresInDays", f"Invalid days {days[:20]!r}. Use a whole number up to 366.")
        )
    chosen = [scope for scope in visit.form.texts("scopes") if scope in SCOPES]
    input = {
        "name": visit.form["name"],
        "scopes": chosen,
        "expiresInDays": int(days) if days else None,
        "password": visit.form["password"],
    }
    return await _shown_once(visit, await visit.change("api_keys/create", input))


@router.post("/dashboard/api-keys/{key_id:uuid}/rotate")
async def rotate(visit: Visitor, key_id: UUID) -> Response:
    """Replace a key and show the new text."""
    fields = {"keyId": str(key_id), "password": visit.form["password"]}
    return await _shown_once(visit, await visit.change("api_keys/rotate", fields))


async def _shown_once(visit: Visit, change: Change) -> Response:
    if change.errors:
        return await _show(visit, change.errors)
    # No redirect: the text must be in no address, no cookie and no cache.
    return visit.page("api_keys/shown_once.html", token=change["token"], key=change["apiKey"], scopes=SCOPES)


@router.post("/dashboard/api-keys/{key_id:uuid}/revoke")
async def revoke(visit: Visitor, key_id: UUID) -> Response:
    """Revoke a key."""
    change = await visit.change("api_keys/revoke", {"keyId": str(key_id)})
    if change.errors:
        return await _show(visit, change.errors)
    return visit.redirect(KEYS, notice="The key is revoked.")
