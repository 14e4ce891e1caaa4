"""The cookies of a store. Each belongs to one store's host; what can be misused is signed for that store.

Only what is declared here can be set, and the cookie page lists it. All of it is necessary for what the shopper asks for, so
no page asks for consent (Article 5(3) of Directive 2002/58/EC). A cookie for another purpose needs a choice first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

MONTH, DAY, MINUTE = timedelta(days=30), timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that the storefront may set."""

    name: str
    age: timedelta
    """How long browsers keep it."""
    purpose: str
    """What it is for, as the cookie page says it."""


CART = Cookie(
    "cart", MONTH, "Finds your cart again. It has a number without your name, and how many items are in the cart."
)
VISITOR = Cookie("visitor", MONTH, "Protects forms: other sites cannot send a form of this shop in your name.")
NOTICE = Cookie(
    "notice", MINUTE, "Shows a message once, such as “added to your cart”. It is deleted when the message was shown."
)
LAST_ORDER = Cookie("ordered", DAY, "Knows the order that you placed last, so that you cannot order or pay it twice.")
COOKIES = (CART, VISITOR, NOTICE, LAST_ORDER)
"""All of them."""


class Cookies:
    """The cookies that a browser sent, and those that the response sets."""

    def __init__(self, sent: Mapping[str, str]) -> None:
        self._sent = sent
        self._changes: dict[str, tuple[str, timedelta]] = {}

    def sent(self, cookie: Cookie) -> str | None:
        """Return what the browser sent; None if it has no such cookie."""
        return self._sent.get(cookie.name)

    def set(self, cookie: Cookie, value: str) -> None:
        """Set a cookie with the response."""
        self._changes[cookie.name] = (value, cookie.age)

    def delete(self, cookie: Cookie) -> None:
        """Delete a cookie with the response."""
        self._changes[cookie.name] = ("", timedelta(0))

    def is_changed(self, cookie: Cookie) -> bool:
        """Whether the response sets or deletes a cookie."""
        return cookie.name in self._changes

    @property
    def has_changes(self) -> bool:
        """Whether the response sets or deletes any cookie."""
        return bool(self._changes)

    def write(self, response: Response, *, secure: bool) -> None:
        """Put the changes onto a response.

        Args:
            response: what the browser gets.
            secure: whether browsers may send the cookies over HTTPS only.
        """
        for name, (value, age) in self._changes.items():
            seconds = int(age.total_seconds())
            response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")

    def headers(self, *, secure: bool) -> list[tuple[bytes, bytes]]:
        """Return the changes as headers; see :meth:`write`."""
        response = Response()
        self.write(response, secure=secure)
        return [header for header in response.raw_headers if header[0] == b"set-cookie"]
