"""A store while its agents work, and the answers that they may need."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.parts import or_else
from gateway.dashboard.past import present_only
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Change, Visit, Visitor

router = area_router()
PROGRESS = "/dashboard/stores/{store_id:uuid}/progress"
POLL_SECONDS = 2
WORKING = frozenset({"PENDING", "PROCESSING"})
STEPS = {
    "BRAND": "Name, logo and look",
    "SCOUT": "Products from your suppliers",
    "COPY": "Titles and descriptions",
    "IMAGES": "Photos",
    "PAGES": "Pages of the shop",
}


@router.get(PROGRESS)
@present_only("A generation is followed while it runs.")
async def progress(visit: Visitor, store_id: UUID) -> Response:
    """Show each agent's step and what it found. The page renews itself while agents work."""
    await visit.store(store_id)
    values = await _values(visit, store_id)
    if not visit.is_partial:
        return visit.page("new/progress.html", **values)
    if values["working"]:
        return visit.page("new/progress_live.html", **values)
    # The heading and the navigation change too.
    return Response(status_code=204, headers={"hx-refresh": "true"})


@router.post(f"{PROGRESS}/understanding")
@sends("new/correct")
async def correct(visit: Visitor, store_id: UUID) -> Response:
    """Correct what the niche was understood to mean."""
    words = {name: _words(visit.form[name]) for name in ("things", "audience", "setting", "style")}
    return await _answered(
        visit, store_id, await visit.change("new/correct", {"generationId": visit.form["generation"], **words})
    )


@router.post(f"{PROGRESS}/niche")
@sends("new/choose")
async def choose(visit: Visitor, store_id: UUID) -> Response:
    """Choose another niche."""
    chosen = {"generationId": visit.form["generation"], "niche": visit.form["niche"]}
    return await _answered(visit, store_id, await visit.change("new/choose", chosen))


@router.post(f"{PROGRESS}/continue")
@sends("new/continue")
async def go_on(visit: Visitor, store_id: UUID) -> Response:
    """Go on with the niche as it is."""
    change = await visit.change("new/continue", {"generationId": visit.form["generation"]})
    return await _answered(visit, store_id, change)


@router.post(f"{PROGRESS}/cancel")
@sends("new/cancel")
async def cancel(visit: Visitor, store_id: UUID) -> Response:
    """Stop the agents."""
    change = await visit.change("new/cancel", {"generationId": visit.form["generation"]})
    return await _answered(visit, store_id, change)


@router.post(f"{PROGRESS}/retry")
@sends("new/retry")
async def retry(visit: Visitor, store_id: UUID) -> Response:
    """Run a failed step again."""
    change = await visit.change("new/retry", {"generationId": visit.form["generation"], "step": visit.form["step"]})
    return await _answered(visit, store_id, change)


async def _answered(visit: Visit, store_id: UUID, change: Change) -> Response:
    if not change.errors:
        return visit.redirect(f"/dashboard/stores/{store_id}/progress")
    await visit.store(store_id)
    return visit.page("new/progress.html", status=422, errors=change.errors, **await _values(visit, store_id))


async def _values(visit: Visit, store_id: UUID) -> dict[str, Any]:
    made = (await visit.run("new/progress", {"id": str(store_id)}))["store"]
    generation = made["generation"]
    # What cannot be read is asked for again, as long as it could be at work.
    working = or_else(lambda: generation is None or generation["status"] in WORKING, True)  # noqa: FBT003 - a default
    return {"made": made, "generation": generation, "working": working, "steps": STEPS, "poll": POLL_SECONDS}


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
