"""The normalized network address of a request, so that limits by address cannot be evaded."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import HTTPConnection

_BRACKETED = re.compile(r"\[([^\]]+)\](?::\d+)?")
_V4_WITH_PORT = re.compile(r"([^:]+):\d+")
V6_PREFIX = 64
"""Bits of an IPv6 address that identify a provider's customer, who controls the other half."""


def address_of(connection: HTTPConnection, *, behind_proxy: bool) -> str:
    """Return the address that a request's limits are counted under; see :func:`client_address`."""
    peer = connection.client.host if connection.client else "unknown"
    forwarded = connection.headers.getlist("x-forwarded-for") if behind_proxy else ()
    return client_address(peer, forwarded, behind_proxy=behind_proxy)


def client_address(peer: str, forwarded: Sequence[str], *, behind_proxy: bool) -> str:
    """Return the address that a request's limits are counted under.

    Args:
        peer: the other end of the connection.
        forwarded: the values of all ``X-Forwarded-For`` lines, in order.
        behind_proxy: whether a trusted proxy appends the caller's address to the last line.

    Returns:
        An IPv4 address, the ``/64`` network of an IPv6 address, or ``peer`` unchanged if it is neither.
    """
    if behind_proxy and forwarded:
        # Lines of the same name are one list (RFC 9110, section 5.3); only its last entry is the proxy's.
        last = forwarded[-1].rpartition(",")[2].strip()
        key = limit_key(last)
        if key is not None:
            return key
    return limit_key(peer) or peer[:64]


@lru_cache(maxsize=4096)
def limit_key(text: str) -> str | None:
    """Return the normalized address without its port; None if the text is not an address."""
    text = text.strip().strip('"')
    if (match := _BRACKETED.fullmatch(text) or _V4_WITH_PORT.fullmatch(text)) is not None:
        text = match[1]
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, V6_PREFIX), strict=False))
