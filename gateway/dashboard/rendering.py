"""Templates of the dashboard, and what they format."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from gateway.dashboard import formatting
from gateway.dashboard.countries import names
from gateway.dashboard.navigation import Navigation
from gateway.dashboard.parts import PartFailed
from infra.web.compiled_templates import CompiledTemplates
from infra.web.static_files import StaticFolder

HERE = Path(__file__).parent
COMPILED = CompiledTemplates()


@cache
def static_folder() -> StaticFolder:
    """Return the dashboard's styles and scripts."""
    return StaticFolder(HERE / "static", "/dashboard/static")


@cache
def time_zones() -> list[str]:
    """Return the IANA names of time zones that people choose from: places, and UTC."""
    areas = {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
    return sorted(name for name in available_timezones() if name == "UTC" or name.partition("/")[0] in areas)


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
            bytecode_cache=COMPILED,
        )
        self._templates.globals.update(
            asset=static_folder().address,
            navigation=Navigation(paths),
            countries=lambda: names().values(),
            part=part,
            time_zones=time_zones,
        )
        self._templates.filters.update(formatting.FILTERS)

    def render(self, template: str, **values: Any) -> str:
        """Render a template."""
        return self._templates.get_template(template).render(**values)


@pass_context
def part(context: Context, label: str, *, caller: Callable[[], str]) -> str:
    """Return a part of a page, or a sentence in its place if its data could not be read.

    Args:
        context: of the template.
        label: what the part shows, as the subject of a sentence. Empty if another part of the page says what is missing.
        caller: renders the part.
    """
    try:
        return caller()
    except PartFailed as problem:
        if not label:
            return ""
        states: Any = context.environment.get_template("macros/states.html").module
        again = "" if problem.code == "FORBIDDEN" else context["visit"].with_query()
        return str(states.error(f"{label} could not be loaded", problem.message, again))
