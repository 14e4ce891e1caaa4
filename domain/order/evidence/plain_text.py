"""Texts of the shop's pages without Markdown, for readers who get plain text."""

import re

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_HEAD = re.compile(r"^(?:#{1,6} +|> ?)", re.MULTILINE)
_STRONG = re.compile(r"(?<!\\)(\*\*|__)(.+?)\1")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()<>#!|~&])")


def plain_text(markdown: str) -> str:
    """Return Markdown as plain text: links as their words, headings and quotes as lines. Lists and tables stay."""
    text = _STRONG.sub(r"\2", _LINK.sub(r"\1", _HEAD.sub("", markdown)))
    return _ESCAPE.sub(r"\1", text)
