"""The templates of mails: HTML is escaped, plain text is not, and a missing name is an error."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from infra.web.compiled_templates import CompiledTemplates
from storefront.rendering import formatting

TEMPLATES = Path(__file__).parents[1] / "templates"
COMPILED = CompiledTemplates()


def mail_templates() -> Environment:
    """Return the templates, which write days and dates in words."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=COMPILED,
    )
    templates.filters["day"] = formatting.day_words
    return templates
