"""The first page after a log-in."""

from starlette.responses import Response

from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()


@router.get("/dashboard")
async def home(visit: Visitor) -> Response:
    """Show the merchant's stores. The first visit leads into the wizard."""
    stores = (await visit.run("home/stores", {}))["stores"]
    return visit.page("home/index.html", stores=[edge["node"] for edge in stores["edges"]])
