"""Renders a store's pages in its theme, and the platform's own pages."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.store.events import PageType
from domain.store.law import imprint_title, in_union
from infra.web import markdown
from infra.web.compiled_templates import CompiledTemplates
from infra.web.static_files import StaticFolder
from storefront.ports import StorefrontDependencies
from storefront.rendering import formatting
from storefront.rendering.delivery import delivery_words
from storefront.rendering.page_cache import PageCache
from storefront.rendering.rendered import RenderedPage
from storefront.rendering.shared_answer import PRIVATE, shared_answer
from storefront.rendering.stylesheets import Stylesheets
from storefront.rendering.theme import theme_of
from storefront.visit.parts import Part, split_at_marks
from storefront.visit.visit import Visit

PACKAGE = Path(__file__).parents[1]
COMPILED = CompiledTemplates()
NAVIGATION = (PageType.ABOUT, PageType.FAQ, PageType.CONTACT)
LED_BY_PHOTO = frozenset({"home.html", "product.html"})
"""Pages whose first view is a large photo."""
LEGAL = frozenset({PageType.PRIVACY_POLICY, PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY})


def static_folder(cdn: str = "") -> StaticFolder:
    """Return the static files."""
    return StaticFolder(PACKAGE / "static", f"{cdn}/static")


class PageRenderer:
    """Templates and static files; one per process."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self.cache = PageCache(deps.page_cache_bytes)
        self.static = static_folder(deps.cdn)
        self.stylesheets = Stylesheets(self.static)
        self.templates = Environment(
            loader=FileSystemLoader(PACKAGE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=COMPILED,
        )
        self.templates.filters.update(
            money=formatting.money,
            price=formatting.price,
            saving=formatting.saving,
            markdown=markdown.render,
            summary=formatting.summary,
            sentences=formatting.first_sentences,
            stock=formatting.stock_words,
            days=formatting.days_words,
            arrival=formatting.arrival_words,
            delivery=delivery_words,
            day=formatting.day_words,
            moment=formatting.moment_words,
            date=formatting.date_words,
            span=formatting.span_words,
            drawn=formatting.drawn,
            whole_numbers=formatting.whole_numbers,
        )
        self.templates.globals.update(
            asset=self.static.address,
            stylesheet=self.stylesheets.address,
            sandbox=deps.sandbox,
            LEGAL=LEGAL,
            NAVIGATION=NAVIGATION,
            PageType=PageType,
            imprint_title=imprint_title,
            in_union=in_union,
        )

    def page(self, visit: Visit, template: str, *, status: int = 200, **context: Any) -> Response:
        """Render a page that belongs to this visit alone."""
        return self.answer(visit, self.render(visit, template, **context), status=status)

    def render(self, visit: Visit, template: str, **context: Any) -> RenderedPage:
        """Render a page of the store in its theme, with marks where the shopper's parts belong."""
        context.setdefault("robots", None)
        context.setdefault("leads_with_photo", template in LED_BY_PHOTO)
        theme = theme_of(visit.brand)
        html = self.templates.get_template(template).render(
            visit=visit,
            store=visit.store,
            brand=visit.brand,
            theme=theme,
            words=theme.words,
            path=visit.request.url.path,
            notice=Part.NOTICE.mark,
            year=visit.today.year,
            **context,
        )
        return RenderedPage(split_at_marks(html))

    def answer(self, visit: Visit, page: RenderedPage, *, status: int = 200) -> Response:
        """Return a page with the shopper's parts."""
        response = Response(
            page.plain(visit.parts(page.parts).shown(page.parts)),
            status_code=status,
            media_type=page.media_type,
            headers={"cache-control": PRIVATE},
        )
        return _with_cookies(visit, response)

    def answer_shared(self, visit: Visit, page: RenderedPage) -> Response:
        """Return a page that other shoppers get too, with this shopper's parts; 304 if the browser has exactly that."""
        headers = visit.request.headers
        status, raw_headers, body = shared_answer(
            page,
            visit.parts(page.parts),
            if_none_match="" if visit.cookies.has_changes else ",".join(headers.getlist("if-none-match")),
            accept_encoding=",".join(headers.getlist("accept-encoding")),
        )
        response = Response(body, status_code=status)
        response.raw_headers = raw_headers
        return _with_cookies(visit, response)

    def platform_page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Render a page of the platform, which belongs to no store."""
        html = self.templates.get_template(template).render(**context)
        return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})

    def redirect(self, visit: Visit, address: str) -> Response:
        """Redirect the browser with a GET. ``address`` is always ours, never a shopper's text."""
        response = RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})
        return _with_cookies(visit, response)


def _with_cookies(visit: Visit, response: Response) -> Response:
    visit.cookies.write(response, secure=visit.request.url.scheme == "https")
    return response
