"""The gateway's pages for developers: what there is, quick start, GraphiQL, references. All that they load is served from here.

``router`` serves the page for developers, the quick start, the viewer of REST, and assets. ``graphiql_page`` answers browsers
at ``/graphql``. ``event_reference``, ``error_catalog`` and ``reference`` have routers of their own.
"""

import json
import re
from functools import cache

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.kernel import NotFound
from gateway.api.command_request import GatewayServices
from gateway.docs.rendering import HERE, REVALIDATED, assets, page

EXAMPLES = HERE / "examples"
QUICK_START = HERE / "quickstart"
GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src data:; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of the GraphiQL page: that of every page, and ``data:`` for the fonts in its style sheet."""

USUAL_ADDRESS = "http://127.0.0.1:8000"
"""Where “zyenta up” serves the gateway, for pages of a gateway without a public address."""

router = APIRouter(include_in_schema=False)


def examples() -> list[dict[str, object]]:
    """Return the entries of the Examples menu, in order.

    The first two lines of an example's document are comments: its title and what it is for.
    """
    entries: list[dict[str, object]] = []
    for path in sorted(EXAMPLES.glob("*.graphql")):
        title, about, document = path.read_text("utf-8").split("\n", 2)
        variables = path.with_suffix(".json")
        entries.append(
            {
                "name": path.stem,
                "title": title.removeprefix("# "),
                "about": about.removeprefix("# "),
                "document": document,
                "variables": json.loads(variables.read_text("utf-8")) if variables.exists() else None,
            }
        )
    return entries


@cache
def _graphiql_html() -> str:
    # Nothing inside a script element may look like its end.
    values = {"examples": json.dumps(examples()).replace("<", r"\u003c")}
    page = (HERE / "graphiql.html").read_text("utf-8")
    return re.sub(r"\{\{(.+?)\}\}", lambda match: values.get(match[1]) or assets().address(match[1]), page)


def graphiql_page() -> HTMLResponse:
    """Return the GraphiQL page."""
    return HTMLResponse(_graphiql_html(), headers={**REVALIDATED, "content-security-policy": GRAPHIQL_POLICY})


@router.get("/")
async def front_door() -> RedirectResponse:
    """Lead to the dashboard."""
    return RedirectResponse("/dashboard", status_code=303, headers=REVALIDATED)


@router.get("/developers")
async def developers(request: Request) -> HTMLResponse:
    """Return the page that lists what the gateway serves."""
    return page("home.html", address=_address(request))


@router.get("/quickstart")
async def quick_start(request: Request) -> HTMLResponse:
    """Return the page with the first steps, and programs to copy."""
    address = _address(request)
    begin, live, own = (
        (QUICK_START / name).read_text("utf-8").replace("{{address}}", address)
        for name in ("begin.sh", "live.mjs", "page.ts")
    )
    return page("quickstart.html", address=address, begin=begin, live=live, own=own)


@router.get("/api/v1")
async def rest_front_door() -> RedirectResponse:
    """Lead from the address that REST begins with to its viewer."""
    return RedirectResponse("/api", status_code=303, headers=REVALIDATED)


@router.get("/api")
async def rest_viewer() -> HTMLResponse:
    """Return the viewer of the OpenAPI document."""
    return page("openapi.html")


def _address(request: Request) -> str:
    gateway: GatewayServices = request.app.state.gateway
    # Not the request's own Host: a client or a proxy wrote that.
    return gateway.deps.public_url.rstrip("/") or USUAL_ADDRESS


@router.get("/assets/{name:path}")
async def asset(name: str, request: Request) -> Response:
    """Return a style, script or picture of these pages."""
    if name not in assets():
        raise NotFound("page part", name[:64])
    return await assets().serve(request)


__all__ = ["HERE", "assets", "examples", "graphiql_page", "router"]
