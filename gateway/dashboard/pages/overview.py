"""The overview of a store: sales by day, what needs attention, and what its generation cost."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.parts import Unanswered, unless_failed
from gateway.dashboard.past import past_of
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "A year"}


@router.get("/dashboard/stores/{store_id:uuid}")
async def overview(visit: Visitor, store_id: UUID) -> Response:
    """Show a store's figures over some days of its time zone."""
    shown = await visit.store(store_id)
    past = past_of(visit)
    period = visit.request.query_params.get("days", "30")
    period = period if period in PERIODS else "30"
    store = (await past.run(visit, "overview/store", {"id": shown["id"], "days": int(period)}))["store"]
    blockers: list[dict[str, Any]] | Unanswered = []
    if not past and store["publishedAt"] is None and store["status"] != "CREATING":
        missing = (await visit.part("overview/blockers", {"id": shown["id"]}))["store"]
        blockers = unless_failed(lambda: [each for each in missing["publicationBlockers"] if each["blocks"]])
    return visit.page("overview/store.html", seen=store, blockers=blockers, past=past, periods=PERIODS, period=period)
