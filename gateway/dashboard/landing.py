"""Where a visitor goes after a log-in."""

from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import Visit

WIZARD = f"{ROOT}/stores/new"


async def first_page(visit: Visit, wanted: str = ROOT) -> str:
    """Return the page that the visitor came for; the wizard of a new store if there is no store to look at."""
    if wanted != ROOT:
        return wanted
    stores = (await visit.run("session/first_store"))["stores"]
    return ROOT if stores["nodes"] else WIZARD
