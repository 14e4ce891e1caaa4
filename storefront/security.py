"""Security headers, the Content-Security-Policy, and limits on what a request may bring."""

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storefront.ports import StorefrontDependencies

LARGEST_FORM = 64 * 1024
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def content_policy(deps: StorefrontDependencies) -> str:
    """Return the Content-Security-Policy of every page: our own files only, from here or the CDN; forms may lead to the payment page."""
    payments = " ".join(deps.payment_origins)
    own = f"'self' {deps.cdn}".strip()
    images = " ".join((own, "data:", *deps.media_origins))
    return (
        f"default-src 'none'; style-src {own}; script-src {own}; font-src {own}; connect-src 'self'; manifest-src 'self'; "
        f"img-src {images}; form-action 'self' {payments}; base-uri 'none'; frame-ancestors 'none'"
    ).replace(" ;", ";")


class SecurityMiddleware:
    """Sets the scheme that shoppers use, adds security headers to every response, and rejects too large bodies.

    PostgreSQL stores no text with a NUL, so no address has one. A NUL in an address becomes U+FFFD, and the page is not
    found. Removing the NUL instead could turn the text around it into another address.
    """

    def __init__(self, app: ASGIApp, *, policy: str, scheme: str) -> None:
        self._app = app
        self._scheme = scheme
        headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "strict-origin-when-cross-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "x-frame-options": "DENY",
        }
        if scheme == "https":
            headers["strict-transport-security"] = "max-age=31536000"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["scheme"] = self._scheme
        scope["path"] = scope["path"].replace("\0", REPLACEMENT)
        scope["query_string"] = scope["query_string"].replace(b"%00", quote(REPLACEMENT).encode())
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_FORM:
                raise HTTPException(413, "Form too large. Write less text and send it again.")
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                missing = [header for header in self._headers if header[0] not in present]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._app(scope, bounded, guarded)
