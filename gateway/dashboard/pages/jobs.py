"""The jobs monitor: generations of all stores, their steps, logs and cost."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import onward, window
from gateway.dashboard.parts import or_else, unless_failed
from gateway.dashboard.problems import Refusals, not_found
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

JOBS = "/dashboard/jobs"
PAGE = 20
VIEWS = {
    "all": ("All", []),
    "running": ("Running", ["PENDING", "PROCESSING"]),
    "attention": ("Needs an answer", ["NEEDS_ATTENTION"]),
    "failed": ("Failed", ["FAILED"]),
    "done": ("Done", ["COMPLETED"]),
    "cancelled": ("Cancelled", ["CANCELLED"]),
}
STEPS = {"BRAND": "Brand", "SCOUT": "Products", "COPY": "Texts", "IMAGES": "Photos", "PAGES": "Pages"}
CHANGES = {"retry": ("jobs/retry", "The step is tried again."), "again": ("jobs/again", "The step is done again.")}


@router.get(JOBS)
async def jobs(visit: Visitor, view: str = "all", store: UUID | None = None) -> Response:
    """List generations."""
    _, statuses = VIEWS.get(view, VIEWS["all"])
    found = await visit.run(
        "jobs/list",
        {**window(visit, PAGE), "statuses": statuses or None, "storeId": None if store is None else str(store)},
    )
    return visit.page(
        "jobs/list.html",
        generations=found["me"]["generations"],
        stores=unless_failed(lambda: found["me"]["stores"]["nodes"]),
        view=view if view in VIEWS else "all",
        views=VIEWS,
        chosen=str(store or ""),
        steps=STEPS,
    )


@router.get(f"{JOBS}/{{generation_id:uuid}}")
async def job(visit: Visitor, generation_id: UUID) -> Response:
    """Show a generation."""
    return await _show(visit, generation_id)


async def _show(
    visit: Visit,
    generation_id: UUID,
    *,
    errors: Refusals | None = None,
    status: int = 200,
) -> Response:
    found = (
        await visit.run(
            "jobs/detail", {"id": str(generation_id), **onward(visit, 50, "calls"), **onward(visit, 100, "log")}
        )
    )["generation"]
    if found is None:
        raise not_found("job")
    # Without its store, the page has no forms: who may send them is not known.
    seen: dict[str, Any] | None = {"timeZone": "UTC", "role": "VIEWER"}
    if (store := or_else(lambda: None if found["store"] is None else dict(found["store"]), seen)) is not None:
        visit.zone, visit.role = store["timeZone"], store["role"]
    title = or_else(lambda: found["store"]["name"] if found["store"] else found["niche"], found["niche"])
    return visit.page(
        "jobs/detail.html", status=status, job=found, title=title, steps=STEPS, errors=errors or Refusals()
    )


@router.post(f"{JOBS}/{{generation_id:uuid}}/steps/{{step}}/{{name}}")
@sends(**{name: document for name, (document, _) in CHANGES.items()})
async def step(visit: Visitor, generation_id: UUID, step: str, name: str) -> Response:
    """Try a failed step again, or do a finished one again."""
    if name not in CHANGES or step not in STEPS:
        raise not_found("page")
    document, notice = CHANGES[name]
    change = await visit.change(document, {"generationId": str(generation_id), "step": step})
    if change.errors:
        return await _show(visit, generation_id, errors=change.errors, status=422)
    return visit.redirect(f"{JOBS}/{generation_id}", notice=notice)


@router.post(f"{JOBS}/{{generation_id:uuid}}/cancel")
@sends("jobs/cancel")
async def cancel(visit: Visitor, generation_id: UUID) -> Response:
    """Cancel a generation."""
    change = await visit.change("jobs/cancel", {"generationId": str(generation_id)})
    if change.errors:
        return await _show(visit, generation_id, errors=change.errors, status=422)
    return visit.redirect(f"{JOBS}/{generation_id}", notice="The generation is cancelled. What it made stays.")


@router.post(f"{JOBS}/{{generation_id:uuid}}/continue")
@sends("jobs/continue")
async def go_on(visit: Visitor, generation_id: UUID) -> Response:
    """Go on with a generation that asked a question."""
    change = await visit.change("jobs/continue", {"generationId": str(generation_id)})
    if change.errors:
        return await _show(visit, generation_id, errors=change.errors, status=422)
    return visit.redirect(f"{JOBS}/{generation_id}", notice="The generation goes on.")
