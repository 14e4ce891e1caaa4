"""The parts of a page that belong to one shopper. Templates write a mark; the part itself is put in last.

So one rendered page serves every shopper, and no page can show a shopper's part to another.
"""

import re
import secrets
from enum import StrEnum

from markupsafe import Markup, escape

_SECRET = secrets.token_hex(16)
"""It leaves no process, so no text of a merchant or a shopper contains a mark."""


class Part(StrEnum):
    """A part that belongs to one shopper."""

    CART = "cart"
    """The number at the cart's link."""
    NOTICE = "notice"
    """The message above the page; empty if there is none."""
    TOKEN = "token"  # noqa: S105 - a name
    """A form token."""

    @property
    def mark(self) -> Markup:
        """What templates write."""
        return Markup(f"[{_SECRET}:{self}]")  # noqa: S704 - of our own characters


_MARK = re.compile(rf"\[{_SECRET}:(\w+)\]")

Piece = bytes | Part


def split_at_marks(html: str) -> tuple[Piece, ...]:
    """Return a rendered page in pieces: text, part, text, and so on."""
    return tuple(
        Part(text) if number % 2 else text.encode()
        for number, text in enumerate(_MARK.split(html))
        if text or number % 2
    )


def cart_html(count: int) -> bytes:
    """Return the number at the cart's link."""
    none = "" if count else " cart-count-none"
    words = "item" if count == 1 else "items"
    return f'<span class="cart-count{none}">{count}<span class="sr-only"> {words}</span></span>'.encode()


def notice_html(notice: str | None) -> bytes:
    """Return the message above the page."""
    if not notice:
        return b""
    return f'<div class="wrap"><p class="notice" role="status">{escape(notice)}</p></div>'.encode()
