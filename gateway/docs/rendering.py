"""Renders the templates of these pages."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from infra.web.static_files import StaticFolder

HERE = Path(__file__).parent
REVALIDATED = {"cache-control": "no-cache"}


@cache
def assets() -> StaticFolder:
    """Return the files that the gateway's pages load."""
    return StaticFolder(HERE, "/assets")


def marked(text: str) -> Markup:
    """Return a text as HTML. What is in backquotes becomes code."""
    parts = re.split(r"`{1,2}([^`]+)`{1,2}", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gateway", "docs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets().address
    environment.filters["marked"] = marked
    return environment


def page(template: str, **values: Any) -> HTMLResponse:
    """Return a page.

    Args:
        template: the name of its file.
        values: what the template shows.
    """
    return HTMLResponse(_environment().get_template(template).render(values), headers=REVALIDATED)
