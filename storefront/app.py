"""The storefront: one application for every store; the request's host decides which."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from storefront.error_pages import ErrorPages, Outages
from storefront.pages import cart, checkout, content, files, find_order, home, order, products
from storefront.ports import StorefrontDependencies
from storefront.rendering.renderer import PageRenderer
from storefront.security import SecurityMiddleware, content_policy

__all__ = ["StorefrontDependencies", "create_app"]


def create_app(deps: StorefrontDependencies) -> FastAPI:
    """Return the storefront for every store of the platform.

    ``GET /-/health`` answers on every host, without a store.
    """
    front = PageRenderer(deps)
    app = FastAPI(title="Zyenta storefront", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.append(Route("/-/health", _health))
    for page in (home, products, cart, checkout, order, find_order, content, files):
        app.router.routes.extend(page.routes(front))
    troubles = ErrorPages(front)
    for kind, handler in troubles.handlers().items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Outages, answer=troubles.away)
    app.add_middleware(SecurityMiddleware, policy=content_policy(deps), scheme=deps.scheme)
    return app


async def _health(request: Request) -> Response:  # noqa: ARG001 - every endpoint takes a request
    return PlainTextResponse("ok")
