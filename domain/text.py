"""What a line of text that people read must be."""

import unicodedata

from domain.kernel import InvalidInput

TITLE_MAX = 200
"""Longest title, in characters."""


def has_control_characters(text: str) -> bool:
    """Return whether something in a text is no letter of one: a line break or tab included."""
    return any(unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"} for letter in text)


def clean_title(title: str) -> str:
    """Return the title of a product or page with its white space in order.

    Raises:
        InvalidInput: it is empty, over 200 characters, or has control characters.
    """
    cleaned = " ".join(title.split())
    if has_control_characters(title.strip()):
        raise InvalidInput("title", "The title has control characters in it, such as a line break. Use plain words.")
    if not 0 < len(cleaned) <= TITLE_MAX:
        raise InvalidInput("title", f"A title has 1 to {TITLE_MAX} characters; this one has {len(cleaned)}.")
    return cleaned
