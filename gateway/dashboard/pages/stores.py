"""The list of stores, and what closes one."""

from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import chosen, window
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

STATUSES = ("CREATING", "PENDING_REVIEW", "ACTIVE", "PAUSED", "ARCHIVED")


@router.get("/dashboard/stores")
async def stores(visit: Visitor) -> Response:
    """Show the merchant's stores with address, status and what waits for a decision."""
    status = chosen(visit, "status", STATUSES)
    variables = {"statuses": None if status is None else [status], **window(visit, 20)}
    found = (await visit.run("stores/list", variables))["stores"]
    visit.roles = {each["id"]: each["role"] for each in found["nodes"]}
    return visit.page("stores/list.html", stores=found, state=status, statuses=STATUSES)


@router.post("/dashboard/stores/{store_id:uuid}/pause")
@sends("stores/pause")
async def pause(visit: Visitor, store_id: UUID) -> Response:
    """Close a storefront for a time."""
    return await _close(visit, store_id, "stores/pause", "The shop is closed. Publish the store again to open it.")


@router.post("/dashboard/stores/{store_id:uuid}/archive")
@sends("stores/archive")
async def archive(visit: Visitor, store_id: UUID) -> Response:
    """Close a store permanently."""
    return await _close(visit, store_id, "stores/archive", "The store is archived. Its orders stay readable.")


async def _close(visit: Visitor, store_id: UUID, document: str, notice: str) -> Response:
    change = await visit.change(document, {"storeId": str(store_id)})
    if change.errors:
        notice = " ".join(change.errors.others())
    return visit.redirect("/dashboard/stores", notice=notice)
