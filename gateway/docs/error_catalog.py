"""The error catalog for people: every code of the API, made from ``gateway/api/error_codes.toml``."""

from functools import cache

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from gateway.api.error_codes import PAGE, error_codes

router = APIRouter(include_in_schema=False)


@router.get(PAGE)
async def errors() -> HTMLResponse:
    """Return the page with every code: its meaning, its status, whether a retry helps, and an example."""
    return HTMLResponse(_page(), headers={"cache-control": "public, max-age=300"})


@cache
def _page() -> str:
    environment = Environment(
        loader=PackageLoader("gateway", "docs"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("errors.html").render(codes=dict(sorted(error_codes().items())))
