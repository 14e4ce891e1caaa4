"""The timeline of a store: every event, and the way to each moment."""

from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import chosen, onward
from gateway.dashboard.past import present_only
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

KINDS = {
    "store": "Store",
    "product": "Products",
    "media": "Photos",
    "order": "Orders",
    "generation": "Generation",
    "discount": "Discounts",
}
PLACES = {"product": "products", "media": "media", "order": "orders"}
"""Subjects that have a page of their own, and the folder of the page."""


@router.get("/dashboard/stores/{store_id:uuid}/timeline")
@present_only("It has the whole history of the store.")
async def timeline(visit: Visitor, store_id: UUID) -> Response:
    """Show the store's events, the newest first."""
    shown = await visit.store(store_id)
    kind = chosen(visit, "kind", tuple(KINDS))
    variables = {
        "id": shown["id"],
        **onward(visit, 50),
        "kinds": None if kind is None else [kind],
    }
    events = (await visit.run("timeline/events", variables))["store"]["events"]
    return visit.page("timeline/events.html", events=events, kind=kind, kinds=KINDS, places=PLACES)
