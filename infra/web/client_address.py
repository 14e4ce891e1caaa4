"""Which network address a request comes from, in one spelling, so that limits by address cannot be walked around."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import HTTPConnection

_BRACKETED = re.compile(r"\[([^\]]+)\](?::\d+)?")
_V4_WITH_PORT = re.compile(r"([^:]+):\d+")
V6_PREFIX = 64
"""Bits of an IPv6 address that one customer of a provider shares: the other half is theirs to vary."""


def address_of(connection: HTTPConnection, *, behind_proxy: bool) -> str:
    """Return the address that a request's limits are counted under; see :func:`client_address`."""
    peer = connection.client.host if connection.client else "unknown"
    return client_address(peer, connection.headers.getlist("x-forwarded-for"), behind_proxy=behind_proxy)


def client_address(peer: str, forwarded: Sequence[str], *, behind_proxy: bool) -> str:
    """Return the address that a request's limits are counted under.

    Args:
        peer: the other end of the connection.
        forwarded: the values of all ``X-Forwarded-For`` lines, in order.
        behind_proxy: whether a trusted proxy appends the caller's address to the last line.

    Returns:
        An IPv4 address, the ``/64`` network of an IPv6 address, or ``peer`` as it is if it is neither.
    """
    if behind_proxy and forwarded:
        # Lines of the same name are one list (RFC 9110, section 5.3); only its last entry is the proxy's.
        last = forwarded[-1].rpartition(",")[2].strip()
        known = limit_key(last)
        if known is not None:
            return known
    return limit_key(peer) or peer[:64]


@lru_cache(maxsize=4096)
def limit_key(text: str) -> str | None:
    """Return one spelling of an address without its port; None if the text is no address."""
    text = text.strip().strip('"')
    if (found := _BRACKETED.fullmatch(text) or _V4_WITH_PORT.fullmatch(text)) is not None:
        text = found[1]
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, V6_PREFIX), strict=False))
