"""Security headers, the Content-Security-Policy, and limits on what a request may bring."""

from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.ports import StorefrontDependencies

LARGEST_FORM = 64 * 1024
NO_LETTER = "\N{REPLACEMENT CHARACTER}"


def content_policy(deps: StorefrontDependencies) -> str:
    """Return the Content-Security-Policy of every page: our own files, and forms that may lead to the payment page."""
    media, payments = " ".join(deps.media_origins), " ".join(deps.payment_origins)
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; connect-src 'self'; "
        f"img-src 'self' data: {media}; form-action 'self' {payments}; base-uri 'none'; frame-ancestors 'none'"
    ).replace(" ;", ";")


class SecurityMiddleware:
    """Says what shoppers speak, adds security headers to every response, refuses bodies no form of ours could have.

    PostgreSQL takes no text with a NUL in it, and nothing of ours has one: an address with a NUL is read with U+FFFD in
    its place, and so is not found. Leaving the NUL out instead could make another one of what stands around it.
    """

    def __init__(self, app: ASGIApp, *, policy: str, scheme: str) -> None:
        self._app = app
        self._scheme = scheme
        self._headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "strict-origin-when-cross-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "x-frame-options": "DENY",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["scheme"] = self._scheme
        scope["path"] = scope["path"].replace("\0", NO_LETTER)
        scope["query_string"] = scope["query_string"].replace(b"%00", quote(NO_LETTER).encode())
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_FORM:
                raise HTTPException(413, "This form is too large.")
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if self._scheme == "https":
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        await self._app(scope, bounded, guarded)
