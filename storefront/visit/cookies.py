"""The cookies of a store. Each belongs to one store's host; what can be misused is signed for that store."""

from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response

CART, VISITOR, NOTICE, LAST_ORDER = "cart", "visitor", "notice", "ordered"
"""Names of our cookies."""
MONTH, DAY, MINUTE = timedelta(days=30), timedelta(days=1), timedelta(minutes=1)
"""How long browsers keep a cookie."""


class Cookies:
    """The cookies that a browser sent, and those that the response sets."""

    def __init__(self, sent: Mapping[str, str]) -> None:
        self._sent = sent
        self._changes: dict[str, tuple[str, timedelta]] = {}

    def sent(self, name: str) -> str | None:
        """Return what the browser sent; None if it has no such cookie."""
        return self._sent.get(name)

    def set(self, name: str, value: str, *, age: timedelta) -> None:
        """Set a cookie with the response."""
        self._changes[name] = (value, age)

    def delete(self, name: str) -> None:
        """Delete a cookie with the response."""
        self._changes[name] = ("", timedelta(0))

    def is_changed(self, name: str) -> bool:
        """Whether the response sets or deletes a cookie."""
        return name in self._changes

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
