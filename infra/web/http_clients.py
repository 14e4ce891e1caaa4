"""HTTP clients: outside calls go through the proxy that the environment names, in-house calls never do.

A proxy in ``HTTP_PROXY`` is for the world outside. It cannot reach this machine's loopback addresses, and it must not
see what our own services say to each other.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def in_house_client(**options: Any) -> httpx.AsyncClient:
    """Return a client for calls to our own services, which takes nothing from the environment.

    Args:
        options: of :class:`httpx.AsyncClient`.
    """
    return httpx.AsyncClient(trust_env=False, **options)


def outside_client(own: Iterable[str] = (), **options: Any) -> httpx.AsyncClient:
    """Return a client for calls to the world outside, which honors the environment's proxy.

    Args:
        own: addresses of our own services; they and loopback addresses are asked directly.
        options: of :class:`httpx.AsyncClient`.
    """
    return httpx.AsyncClient(mounts=direct_mounts(own), **options)


def direct_mounts(own: Iterable[str] = ()) -> Mapping[str, None]:
    """Return the ``mounts`` of a client that asks in-house addresses directly: loopback, and these.

    Args:
        own: addresses of our own services.
    """
    hosts = dict.fromkeys((*LOOPBACK_HOSTS, *filter(None, (urlsplit(url).hostname for url in own))))
    patterns = [f"all://[{host}]" if ":" in host else f"all://{host}" for host in hosts]
    return dict.fromkeys(["all://*.localhost", *patterns])


def is_in_house(url: str) -> bool:
    """Whether a configured address is on this machine or network: a proxy for the world outside cannot reach it.

    Names without a dot are those of a container network.
    """
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".internal", ".local"))


def failure_of(error: Exception) -> str:
    """Return why a call failed, in words that fit into brackets."""
    return str(error) or type(error).__name__
