"""The error catalog for people: every code of the API, made from ``gateway/api/error_codes.toml``."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from gateway.api.error_codes import PAGE, error_codes
from gateway.docs.rendering import page

router = APIRouter(include_in_schema=False)


@router.get(PAGE)
async def errors() -> HTMLResponse:
    """Return the page with every code: its meaning, its status, whether a retry helps, and an example."""
    return page("errors.html", codes=dict(sorted(error_codes().items())))
