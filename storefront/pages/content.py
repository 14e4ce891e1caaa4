"""Content pages: the store's story, its policies, how to reach it.

They outlive the store's opening hours: who ordered there may still have to write, or to look up what was promised.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storefront.rendering.renderer import LEGAL, PageMissing, PageRenderer


def routes(front: PageRenderer) -> list[Route]:
    """Return the content pages' route."""

    async def page(request: Request) -> Response:
        visit = await front.visit_even_if_closed(request)
        found = await front.deps.queries.page(visit.store.id, request.path_params["slug"])
        if found is None:
            raise PageMissing
        return front.page(
            visit,
            "content.html",
            page=found,
            robots=None if visit.is_open else "noindex",
            body=_without_title(found.content, found.title),
            legal=[page for page in visit.pages if page.type in LEGAL] if found.type in LEGAL else [],
        )

    return [Route("/pages/{slug}", page, name="content")]


def _without_title(content: str, title: str) -> str:
    """Return the text without a first heading that only says the title again."""
    first, _, rest = content.lstrip().partition("\n")
    return rest if first.startswith("# ") and first[2:].strip().casefold() == title.casefold() else content
