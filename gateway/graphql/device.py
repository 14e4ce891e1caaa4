"""The device token as a cookie, for browsers; programs pass it as ``deviceToken``."""

from starlette.responses import Response

from gateway.auth.tokens import DEVICE_FOR
from gateway.graphql.context import RequestContext

DEVICE_COOKIE = "zyenta_device"


def device_cookie(context: RequestContext) -> str | None:
    """Return the device token from the browser's cookie. None if there is no cookie."""
    return None if context.request is None else context.request.cookies.get(DEVICE_COOKIE)


def remember_device(context: RequestContext, token: str) -> None:
    """Set the device cookie, which scripts cannot read. No-op over a WebSocket."""
    if not isinstance(context.response, Response):
        return
    context.response.set_cookie(
        DEVICE_COOKIE,
        token,
        max_age=int(DEVICE_FOR.total_seconds()),
        path="/graphql",
        secure=context.deps.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
