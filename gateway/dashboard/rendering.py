"""Templates of the dashboard, and what they format."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.dashboard import formatting
from gateway.dashboard.countries import names
from gateway.dashboard.navigation import Navigation
from infra.web.static_files import StaticFolder

HERE = Path(__file__).parent


@cache
def static_folder() -> StaticFolder:
    """Return the dashboard's styles and scripts."""
    return StaticFolder(HERE / "static", "/dashboard/static")


class Renderer:
    """Renders templates; one per process.

    Args:
        paths: path patterns of all pages, so that the navigation leads only to pages that exist.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals.update(
            asset=static_folder().address, navigation=Navigation(paths), countries=lambda: names().values()
        )
        self._templates.filters.update(formatting.FILTERS)

    def render(self, template: str, **values: Any) -> str:
        """Render a template."""
        return self._templates.get_template(template).render(**values)
