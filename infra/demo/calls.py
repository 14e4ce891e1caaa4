"""Errors of HTTP and WebSocket calls, with the address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from websockets.exceptions import WebSocketException

from infra.web.http_clients import failure_of


class CallFailed(Exception):
    """An HTTP or WebSocket call failed; the message names the address. Retrying may help."""


@asynccontextmanager
async def naming(url: str) -> AsyncIterator[None]:
    """Add the address to the error of a failed call.

    Raises:
        CallFailed: the address did not answer, or its answer was not in the protocol.
    """
    try:
        yield
    except (httpx.HTTPError, WebSocketException, OSError, ValueError) as error:
        raise CallFailed(f"{url} did not return a usable answer ({failure_of(error)}).") from error
