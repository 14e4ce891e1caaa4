"""The parts of a page that belong to one shopper. Templates write a mark; the part itself is put in last.

So one rendered page serves every shopper, and no page can show a shopper's part to another.
"""

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from markupsafe import Markup, escape

from storefront.visit.signing import mask_fingerprint

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


@dataclass(frozen=True)
class ShopperParts:
    """The parts of one shopper."""

    cart_count: int
    notice: str | None
    fingerprint: str | None
    """Names the browser, and makes its form tokens; None if it has no visitor cookie."""

    def shown(self, parts: Collection[Part]) -> Mapping[Part, bytes]:
        """Return the parts of a page, a form token with a new mask among them.

        Args:
            parts: what the page has. A page with a token needs a fingerprint.
        """
        if Part.TOKEN not in parts:
            return self._without_token
        assert self.fingerprint is not None
        return {**self._without_token, Part.TOKEN: mask_fingerprint(self.fingerprint).encode()}

    def tag(self, parts: Collection[Part]) -> str:
        """Return a digest of the parts of a page. The mask of a token is not in it."""
        return self._tag_with_token if Part.TOKEN in parts else self._tag

    @cached_property
    def _without_token(self) -> Mapping[Part, bytes]:
        return {Part.CART: cart_html(self.cart_count), Part.NOTICE: notice_html(self.notice)}

    @cached_property
    def _tag(self) -> str:
        return _digest(f"{self.cart_count}\0{self.notice}\0")

    @cached_property
    def _tag_with_token(self) -> str:
        return _digest(f"{self.cart_count}\0{self.notice}\0{self.fingerprint}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


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
