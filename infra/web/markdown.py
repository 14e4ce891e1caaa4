"""Markdown of merchants and agents as HTML without scripts, images or raw HTML."""

from collections.abc import MutableMapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core.replacements import replace_rare
from markdown_it.rules_core.state_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

_SHIFT = "shift"
"""How many levels the headings of the text being rendered move; in the renderer's environment."""

_BLOCKS = frozenset(
    f"{block}_open"
    for block in ("paragraph", "heading", "bullet_list", "ordered_list", "list_item", "blockquote", "th", "td")
)
"""Blocks that take their text direction from their first letter."""


@cache
def _parser() -> MarkdownIt:
    # Raw HTML stays text, images are left out (only the media store serves pictures), and markdown-it itself
    # refuses javascript:, vbscript:, file: and data: links.
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
        ["table", "replacements", "smartquotes"]
    )
    parser.core.ruler.at("replacements", _replace_signs)
    parser.disable("image")
    parser.add_render_rule("link_open", _outside_links)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


def _replace_signs(state: StateCore) -> None:
    """Replace dashes and ellipses. The library's own rule also turns “Art. 6(1)(c)” into a copyright sign."""
    for token in state.tokens:
        if token.type == "inline" and token.children is not None:
            replace_rare(token.children)


def render(text: str, top: int = 2) -> Markup:
    """Return a Markdown text as safe HTML.

    Args:
        text: Markdown of a merchant or an agent.
        top: the level of its highest headings on the page, whose only ``h1`` is its title.
    """
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in _BLOCKS:
            token.attrSet("dir", "auto")
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    _name_cells(tokens)
    html = parser.renderer.render(tokens, parser.options, {_SHIFT: top - min(levels, default=top)})
    return Markup(html)  # noqa: S704 - the parser escapes everything and knows no raw HTML


def without_title(content: str, title: str) -> str:
    """Return the text without a first heading that repeats the title."""
    first, _, rest = content.lstrip().partition("\n")
    return rest if first.startswith("# ") and first[2:].strip().casefold() == title.casefold() else content


_ROLES = {
    "table_open": "table",
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}


def _name_cells(tokens: Sequence[Token]) -> None:
    """Give every cell of a table its column's name, and every part its ARIA role.

    On a narrow screen the stylesheet stacks the cells of a row. Then columns are no longer visible, and screen readers
    need the roles to recognize a table.
    """
    names: list[str] = []
    column = 0
    for token, following in pairwise(tokens):
        if token.type in _ROLES:
            token.attrSet("role", _ROLES[token.type])
        match token.type:
            case "table_open":
                names = []
            case "tr_open":
                column = 0
            case "th_open":
                names.append("".join(child.content for child in following.children or () if child.type == "text"))
            case "td_open":
                token.attrSet("data-label", names[column])
                column += 1


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
    token.tag = f"h{min(int(token.tag[1]) + env[_SHIFT], 6)}"
    return renderer.renderToken(tokens, index, options, env)
