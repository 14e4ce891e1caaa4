"""Brand and theme of a store."""

from urllib.parse import quote
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.past import past_of
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

HERE = "/dashboard/stores/{store_id:uuid}/brand"


@router.get(HERE)
async def brand(visit: Visitor, store_id: UUID) -> Response:
    """Show the store's brand."""
    shown = await visit.store(store_id)
    past = past_of(visit)
    store = (await past.run(visit, "brand/store", {"id": shown["id"]}))["store"]
    found = store["brandIdentity"]
    logo = None if found is None else "data:image/svg+xml," + quote(found["logo"]["svg"])
    return visit.page("brand/store.html", brand=found, logo=logo, past=past)
