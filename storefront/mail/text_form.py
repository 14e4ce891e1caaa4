"""The text form of a mail, beside its HTML."""

import re


def text_form(rendered: str) -> str:
    """Return a rendered text with one empty line between its paragraphs, and none at its ends."""
    return re.sub(r"\n{3,}", "\n\n", rendered).strip() + "\n"
