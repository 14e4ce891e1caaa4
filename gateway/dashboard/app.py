"""The composition of the dashboard: the pages of every area, static files, and the page of an unknown address."""

import importlib
import pkgutil

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from gateway.dashboard import pages
from gateway.dashboard.backend import Backend
from gateway.dashboard.problems import not_found
from gateway.dashboard.rendering import static_folder
from gateway.dashboard.routing import Shell, area_router
from gateway.dashboard.visit import Guest


def install(app: FastAPI, backend: Backend) -> Shell:
    """Add the dashboard to the gateway."""
    routers = area_routers()
    shell = Shell(backend, [route for router in routers for route in router.routes])
    app.state.dashboard = shell
    static = APIRouter(include_in_schema=False)
    static.add_api_route("/dashboard/static/{name:path}", static_file)
    # The last one answers every address that no page has.
    for router in (static, *routers, _rest()):
        app.include_router(router)
    return shell


def area_routers() -> list[APIRouter]:
    """Return the router of every module in ``pages``."""
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    return [importlib.import_module(f"{pages.__name__}.{name}").router for name in names]


async def static_file(name: str, request: Request) -> Response:  # noqa: ARG001 - the folder reads it from the path
    """Return a style, script or picture."""
    return await static_folder().serve(request)


def _rest() -> APIRouter:
    router = area_router()

    @router.api_route("/dashboard/{rest:path}", methods=["GET", "POST"])
    async def unknown(visit: Guest, rest: str) -> Response:  # noqa: ARG001
        raise not_found("page")

    return router
