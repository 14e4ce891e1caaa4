"""The storefront: one application for every store; the request's host decides which."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.web.hang_ups import StopAtHangUp
from infra.web.moments import OneMoment
from storefront.certificates import CertificateGate
from storefront.count_visits import CountVisits
from storefront.direct import DirectPages
from storefront.error_pages import ErrorPages, Outages
from storefront.pages.base import Pages
from storefront.pages.cart import CartPages
from storefront.pages.cart_link import CartLinkPages
from storefront.pages.checkout import CheckoutPages
from storefront.pages.collections import CollectionPages
from storefront.pages.content import ContentPages
from storefront.pages.files import FilePages
from storefront.pages.find_order import FindOrderPages
from storefront.pages.home import HomePages
from storefront.pages.legal import LegalPages
from storefront.pages.order import OrderPages
from storefront.pages.preview import PreviewPages
from storefront.pages.products import ProductPages
from storefront.pages.returns import ReturnPages
from storefront.pages.sitemap import SitemapPages
from storefront.pages.stock_notice import StockNoticePages
from storefront.pages.withdraw import WithdrawPages
from storefront.ports import StorefrontDependencies
from storefront.rate_limits import RateLimits
from storefront.rendering.renderer import PageRenderer
from storefront.security import SecurityMiddleware, content_policy
from storefront.visit.visit import Visits

__all__ = ["StorefrontDependencies", "create_app"]

PAGES: Sequence[type[Pages]] = (
    HomePages,
    ProductPages,
    CollectionPages,
    CartPages,
    CartLinkPages,
    CheckoutPages,
    OrderPages,
    FindOrderPages,
    ContentPages,
    LegalPages,
    WithdrawPages,
    StockNoticePages,
    ReturnPages,
    PreviewPages,
    FilePages,
    SitemapPages,
)


class Storefront(Starlette):
    """The framework's application, behind the security middleware.

    The framework answers unexpected errors outside all middleware that is added to it. Their page needs the headers too.
    """

    def __init__(self, deps: StorefrontDependencies) -> None:
        super().__init__()
        self._deps = deps

    def build_middleware_stack(self) -> ASGIApp:
        return SecurityMiddleware(
            super().build_middleware_stack(), policy=content_policy(self._deps), scheme=self._deps.scheme
        )


def create_app(deps: StorefrontDependencies, *, direct: bool = True) -> Storefront:
    """Return the storefront for every store of the platform.

    ``GET /-/health`` and ``GET /-/tls/ask`` answer on every host, without a store.

    Args:
        deps: what it needs from outside.
        direct: False passes every request through the routes, to compare with :class:`DirectPages`.
    """
    visits, renderer = Visits(deps), PageRenderer(deps)
    app = Storefront(deps)
    app.router.redirect_slashes = False
    app.state.renderer = renderer
    app.router.routes.append(Route("/-/health", _health))
    app.router.routes.append(Route("/-/tls/ask", CertificateGate(visits.tenancy).ask))
    for pages in PAGES:
        app.router.routes.extend(pages(deps, visits, renderer).routes())
    errors = ErrorPages(visits, renderer, domain=deps.base_domains[0])
    for kind, handler in errors.handlers().items():
        app.add_exception_handler(kind, handler)
    # The last one added is the outermost.
    app.add_middleware(OneMoment)
    # Pages to be kept stop too: the next client that stays renders them. Kept ones are answered before.
    app.add_middleware(StopAtHangUp)
    if direct:
        app.add_middleware(DirectPages, visits=visits, cache=renderer.cache, clock=deps.clock)
    app.add_middleware(CountVisits, tenancy=visits.tenancy, counts=deps.visits, clock=deps.clock)
    app.add_middleware(Outages, answer=errors.away)
    app.add_middleware(RateLimits, factor=deps.rate_factor, now=deps.rate_clock, behind_proxy=deps.behind_proxy)
    return app


async def _health(request: Request) -> Response:  # noqa: ARG001 - every endpoint takes a request
    return PlainTextResponse("ok")
