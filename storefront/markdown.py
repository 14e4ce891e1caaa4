"""Merchants' and agents' Markdown as HTML that cannot do anything but be read."""

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

LEVEL_SHIFT = 1
"""A page's title is its only ``h1``: headings in the text start one lower."""


@cache
def _parser() -> MarkdownIt:
    # Raw HTML stays text, images are left out (only the media store serves pictures), and markdown-it itself
    # refuses javascript:, vbscript:, file: and data: links.
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
        ["table", "replacements", "smartquotes"]
    )
    parser.disable("image")
    parser.add_render_rule("link_open", _outside_links)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


def render(text: str) -> Markup:
    """Return a Markdown text as safe HTML."""
    return Markup(_parser().render(text))  # noqa: S704 - the parser escapes everything and knows no raw HTML


def _outside_links(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    if str(tokens[index].attrGet("href") or "").startswith(("http:", "https:", "//")):
        tokens[index].attrSet("rel", "nofollow noopener noreferrer")
    return renderer.renderToken(tokens, index, options, env)


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    token = tokens[index]
    level = min(int(token.tag[1]) + LEVEL_SHIFT, 6) if token.tag[1:].isdigit() else 6
    token.tag = f"h{level}"
    return renderer.renderToken(tokens, index, options, env)
