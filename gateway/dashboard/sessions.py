"""The browser's session: tokens in cookies that no script reads, renewed when the access token has expired."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.dashboard.backend import Backend
from gateway.dashboard.library import document
from gateway.dashboard.parts import Part, without
from gateway.dashboard.problems import problem_of

ROOT = "/dashboard"
ACCESS, REFRESH, DEVICE, BROWSER, NOTICE, SEEN = (
    "zyenta_access",
    "zyenta_refresh",
    "zyenta_known",
    "zyenta_browser",
    "zyenta_notice",
    "zyenta_seen",
)
DEVICE_SECONDS = 180 * 24 * 3600
SEEN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Change:
    value: str | None
    max_age: int | None


class Cookies:
    """The dashboard's cookies of one request, and what its response changes.

    They are sent below ``/dashboard`` only, so the API never takes a browser's cookie for a log-in.
    """

    def __init__(self, request: Request, *, secure: bool) -> None:
        self._sent, self._secure = request.cookies, secure
        self._changes: dict[str, _Change] = {}

    def get(self, name: str) -> str | None:
        """Return a cookie's value, as changed by this request."""
        change = self._changes.get(name)
        return (self._sent.get(name) if change is None else change.value) or None

    def set(self, name: str, value: str, *, max_age: int | None = None) -> None:
        """Set a cookie. Without ``max_age`` (seconds) the browser forgets it when it closes."""
        self._changes[name] = _Change(value, max_age)

    def delete(self, name: str) -> None:
        """Delete a cookie. No-op if the browser did not send it."""
        if name in self._sent or name in self._changes:
            self._changes[name] = _Change(None, 0)

    def write(self, response: Response) -> None:
        """Write the changes into a response."""
        for name, change in self._changes.items():
            response.set_cookie(
                name,
                change.value or "",
                max_age=change.max_age,
                path=ROOT,
                secure=self._secure,
                httponly=True,
                samesite="lax",
            )


class BrowserSession:
    """One request's session. It runs documents as the visitor."""

    def __init__(self, backend: Backend, request: Request) -> None:
        self._backend, self._request = backend, request
        self.cookies = Cookies(request, secure=backend.secure)
        self.user: dict[str, Any] | None = None

    async def open(self) -> None:
        """Find out who the visitor is. ``user`` stays None if the browser has no live session."""
        if not self.is_claimed:
            return
        answer = await self.answer("shell/visitor", {})
        self.user = (answer.get("data") or {}).get("me")
        if self.user is None and code_of(answer) not in {None, "UNAUTHENTICATED"}:
            raise problem_of(answer["errors"][0])

    async def answer(
        self, name: str, variables: dict[str, Any], *, parts: frozenset[Part] = frozenset()
    ) -> dict[str, Any]:
        """Run a document; if the access token has expired, once more with a new one.

        Args:
            name: the document.
            variables: its variables.
            parts: fields that are left out.
        """
        text = without(document(name), parts) if parts else document(name)
        token = self.cookies.get(ACCESS)
        answer = None if token is None else await self._run(text, variables, token)
        if answer is not None and code_of(answer) != "UNAUTHENTICATED":
            return answer
        token = await self._renewed()
        return answer if token is None and answer is not None else await self._run(text, variables, token)

    @property
    def is_claimed(self) -> bool:
        """Whether the browser has a session's cookies, though they may be out of date."""
        return self.cookies.get(ACCESS) is not None or self.cookies.get(REFRESH) is not None

    @property
    def now(self) -> datetime:
        """The time, aware UTC."""
        return self._backend.now()

    def takes(self, name: str, field: str) -> bool:
        """Whether a document's ``$input`` takes a field, such as ``commandId``."""
        return field in self._backend.documents.input_fields(document(name))

    def begin(self, payload: dict[str, Any]) -> None:
        """Keep the tokens of a payload of ``logIn``, ``register`` or ``refreshToken``."""
        self.cookies.set(ACCESS, payload["accessToken"], max_age=self._seconds_until(payload["accessTokenExpiresAt"]))
        self.cookies.set(
            REFRESH, payload["refreshToken"], max_age=self._seconds_until(payload["refreshTokenExpiresAt"])
        )
        if payload.get("deviceToken"):
            self.cookies.set(DEVICE, payload["deviceToken"], max_age=DEVICE_SECONDS)
        self.saw(payload.get("consistencyToken"))

    def end(self) -> None:
        """Forget the session's cookies. The device stays known."""
        for name in (ACCESS, REFRESH, SEEN, NOTICE):
            self.cookies.delete(name)
        self.user = None

    def saw(self, token: str | None) -> None:
        """Remember a consistency token, so that the next pages show what this request changed."""
        if token:
            self.cookies.set(SEEN, token, max_age=SEEN_SECONDS)

    async def _run(self, text: str, variables: dict[str, Any], token: str | None) -> dict[str, Any]:
        return await self._backend.documents.run(
            text,
            variables,
            request=self._request,
            access_token=token,
            consistency=self.cookies.get(SEEN),
        )

    async def _renewed(self) -> str | None:
        """Exchange the refresh token. Two tabs that do so at once get the same answer from the API."""
        refresh = self.cookies.get(REFRESH)
        if refresh is None:
            return None
        answer = await self._run(document("session/refresh"), {"input": {"refreshToken": refresh}}, None)
        payload = (answer.get("data") or {}).get("refreshToken")
        if payload is None:
            raise problem_of(answer["errors"][0])
        if payload["accessToken"] is None:
            self.end()
            return None
        self.begin(payload)
        return str(payload["accessToken"])

    def _seconds_until(self, moment: str) -> int:
        return max(0, int((datetime.fromisoformat(moment) - self._backend.now()).total_seconds()))


def code_of(answer: dict[str, Any]) -> str | None:
    """Return the code of an answer's first error. None if it has no error."""
    errors = answer.get("errors")
    return errors[0].get("extensions", {}).get("code", "INTERNAL") if errors else None
