"""The gateway's own few pages: what this is, and a console to try queries in. Everything they load is served here."""

from html import escape
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from domain.kernel import NotFound
from gateway.api.command_request import GatewayServices

ASSETS = {
    "gateway.css": "text/css; charset=utf-8",
    "console.mjs": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}

router = APIRouter(include_in_schema=False)


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def console_page() -> HTMLResponse:
    """Return the query console."""
    return HTMLResponse(_read("console.html"), headers={"cache-control": "no-cache"})


@router.get("/")
async def home(request: Request) -> HTMLResponse:
    """Say what this is and what is where."""
    gateway: GatewayServices = request.app.state.gateway
    # Never what the request says of its address: that is what a client or a proxy made of it.
    address = escape(gateway.deps.public_url.rstrip("/"))
    return HTMLResponse(_read("home.html").replace("{{address}}", address), headers={"cache-control": "no-cache"})


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """Serve a style, script or picture of these pages."""
    if name not in ASSETS:
        raise NotFound("page part", name[:64])
    return Response(_read(name), media_type=ASSETS[name], headers={"cache-control": "public, max-age=300"})
