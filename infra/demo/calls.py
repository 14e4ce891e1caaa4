"""Calls that fail say which address failed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from websockets.exceptions import WebSocketException

from infra.web.http_clients import failure_of


class CallFailed(Exception):
    """A call over HTTP or a WebSocket got no usable answer; the message names the address. Retrying may help."""


@asynccontextmanager
async def naming(url: str) -> AsyncIterator[None]:
    """Name the address that a call goes to if the call fails.

    Raises:
        CallFailed: the address did not answer, or not in its protocol.
    """
    try:
        yield
    except (httpx.HTTPError, WebSocketException, OSError, ValueError) as error:
        raise CallFailed(f"{url} did not answer as it should ({failure_of(error)}).") from error
