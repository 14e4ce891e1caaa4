"""HTTP clients: outside calls use the environment's proxy, in-house calls never do.

A proxy in ``HTTP_PROXY`` cannot reach this machine's loopback addresses, and it must not see calls between our services.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def in_house_client(**options: Any) -> httpx.AsyncClient:
    """Return a client for calls to our own services, which ignores the environment.

    Args:
        options: options of :class:`httpx.AsyncClient`.
    """
    return httpx.AsyncClient(trust_env=False, **options)


def outside_client(own: Iterable[str] = (), **options: Any) -> httpx.AsyncClient:
    """Return a client for outside calls, which uses the environment's proxy.

    Args:
        own: addresses of our own services; they and loopback addresses bypass the proxy.
        options: options of :class:`httpx.AsyncClient`.
    """
    return httpx.AsyncClient(mounts=direct_mounts(own), **options)


def direct_mounts(own: Iterable[str] = ()) -> Mapping[str, None]:
    """Return the ``mounts`` of a client that bypasses the proxy for loopback addresses and these.

    Args:
        own: addresses of our own services.
    """
    hosts = dict.fromkeys((*LOOPBACK_HOSTS, *filter(None, (urlsplit(url).hostname for url in own))))
    patterns = [f"all://[{host}]" if ":" in host else f"all://{host}" for host in hosts]
    return dict.fromkeys(["all://*.localhost", *patterns])


def is_in_house(url: str) -> bool:
    """Return whether a configured address is on this machine or network, where an outside proxy cannot reach it.

    A name without a dot belongs to a container network.
    """
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".internal", ".local"))


def failure_of(error: Exception) -> str:
    """Return the reason of a failed call, short enough for brackets."""
    return str(error) or type(error).__name__
