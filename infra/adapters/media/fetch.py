"""Downloads suppliers' photos, bounded in time and size, and never from private networks."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from domain.kernel import Transient
from domain.media.events import RejectionReason
from domain.media.ports import UnusableImage
from infra.adapters.media.studio.formats import FIRST_BYTES, format_of

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
REDIRECTS = 3
SECONDS = 60.0
"""Limit of one download, so that a slow server cannot hold a slot without limit."""
RESTART_SECONDS = 5.0
"""Wait before retrying a server that refuses connections; it may be starting."""
HEADERS = {"accept": "image/*", "accept-encoding": "identity"}
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All assigned global addresses. NAT64 (64:ff9b::/96, 64:ff9b:1::/48), IPv4-compatible and local ones are outside."""
EMBEDDED_OR_RESERVED = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, with Teredo (2001::/32), ORCHID and benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address follows
        "3fff::/20",  # documentation
    )
)
"""Networks within ``GLOBAL_UNICAST`` whose addresses belong to no host."""


class HttpImageFetcher:
    """Implements :class:`domain.media.ports.ImageFetcher`.

    Addresses in private networks are rejected, because a merchant may enter any address. Trusted origins are exempt.
    Known limit: the name is resolved for the check and again for the request, so a name that changes in between passes.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        trusted_origins: Sequence[str] = (),
        moved_origins: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Set the client and the exceptions.

        Args:
            client: follows no redirects; the fetcher follows and checks each one.
            trusted_origins: origins allowed on a private network, such as ``http://127.0.0.1:8090``.
            moved_origins: former origins of the sandbox, and the origin that serves their photos now.
            seconds: limit of one photo, redirects included.
        """
        self._client = client
        self._moved = moved_origins or {}
        self._seconds = seconds
        self._trusted = frozenset(trusted_origins)

    async def fetch(self, url: str) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(self._current_url(url))
        except TimeoutError as error:
            raise Transient(_host(url), f"the photo took longer than {self._seconds:.0f} s") from error

    def _current_url(self, url: str) -> str:
        for former, now in self._moved.items():
            if url.startswith(f"{former}/"):
                return now + url.removeprefix(former)
        return url

    async def _follow(self, url: str) -> bytes:
        for _ in range(REDIRECTS + 1):
            await self._check_address(url)
            try:
                async with self._client.stream(
                    "GET", url, timeout=TIMEOUT, follow_redirects=False, headers=HEADERS
                ) as response:
                    if response.is_redirect:
                        url = str(response.url.join(response.headers.get("location", "")))
                        continue
                    _check_status(response, url)
                    return await _read(response)
            except httpx.InvalidURL as error:
                raise UnusableImage(
                    RejectionReason.NOT_FOUND,
                    f"{url} is not a web address. Give one like https://example.com/photo.jpg.",
                ) from error
            except httpx.ConnectError as error:
                raise Transient(_host(url), "the server refuses the connection", retry_after=RESTART_SECONDS) from error
            except httpx.HTTPError as error:
                raise Transient(_host(url), f"the photo could not be downloaded ({type(error).__name__})") from error
        raise UnusableImage(RejectionReason.UNREACHABLE, f"{url} redirects more than {REDIRECTS} times.")

    async def _check_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:  # a malformed bracket or port
            raise UnusableImage(
                RejectionReason.FORBIDDEN_ADDRESS,
                f"{url!r} is not a web address. Give one like https://example.com/photo.jpg.",
            ) from error
        if parts.scheme not in {"http", "https"} or not host:
            raise UnusableImage(
                RejectionReason.FORBIDDEN_ADDRESS,
                f"{url!r} is not a web address. Give one like https://example.com/photo.jpg.",
            )
        if f"{parts.scheme}://{parts.netloc}" in self._trusted:
            return
        try:
            addresses = await asyncio.get_running_loop().getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise UnusableImage(
                RejectionReason.FORBIDDEN_ADDRESS, f"{host} is not a valid host name. Check how it is written."
            ) from error
        except socket.gaierror as error:
            raise Transient(host, "the name could not be resolved") from error
        if not all(_is_public(str(address[0])) for *_, address in addresses):
            raise UnusableImage(
                RejectionReason.FORBIDDEN_ADDRESS,
                f"{host} is on a private network. Give a public address.",
            )


def _is_public(address: str) -> bool:
    """Return whether an address is on the public internet.

    An IPv6 address that embeds an IPv4 address is rejected, because a translator or tunnel would lead to it. No photo's
    server has such an address of its own.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in GLOBAL_UNICAST or any(ip in network for network in EMBEDDED_OR_RESERVED) or _is_isatap(ip):
            return False
    return ip.is_global and not ip.is_multicast


def _is_isatap(ip: ipaddress.IPv6Address) -> bool:
    """Return whether the last 64 bits embed an IPv4 address (RFC 5214, section 6.1)."""
    return (int(ip) >> 32) & 0xFCFF_FFFF == 0x0000_5EFE


def _host(url: str) -> str:
    return httpx.URL(url).host or url


def _check_status(response: httpx.Response, url: str) -> None:
    if response.status_code in {404, 410}:
        raise UnusableImage(RejectionReason.NOT_FOUND, f"There is no photo at {url} ({response.status_code}).")
    if response.status_code == 429 or response.status_code >= 500:
        wait = response.headers.get("retry-after", "")
        raise Transient(
            response.url.host,
            f"answered {response.status_code} for a photo",
            retry_after=float(wait) if wait.isdecimal() else None,
        )
    if response.status_code != 200:
        raise UnusableImage(
            RejectionReason.UNREACHABLE, f"{response.url.host} refused the photo ({response.status_code})."
        )


def _check_kind(response: httpx.Response, start: bytes) -> None:
    """Reject a file whose first bytes are not a photo's. If they are unknown, a label ``image/...`` lets it pass.

    Object stores label good photos as downloads, and servers label error pages as text, so the bytes decide. The studio
    inspects what passes.
    """
    format = format_of(start)
    if format is not None and format.is_image:
        return
    label = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if format is None and label.startswith("image/"):
        return
    kind = "a file of an unknown kind" if format is None else format.name
    labeled = f" (labeled {label})" if label else ""
    raise UnusableImage(RejectionReason.NOT_AN_IMAGE, f"{response.url} is {kind}{labeled}, not a photo.")


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        # A few kilobytes of gzip can unpack to gigabytes, and gzip does not shrink photos.
        raise UnusableImage(
            RejectionReason.UNREACHABLE, f"{response.url.host} compresses the photo although the request excludes it."
        )
    announced = response.headers.get("content-length", "")
    body = bytearray()
    if not announced.isdecimal() or int(announced) <= MAX_BYTES:
        checked = False
        async for chunk in response.aiter_raw():
            body += chunk
            if not checked and len(body) >= FIRST_BYTES:
                _check_kind(response, bytes(body[:FIRST_BYTES]))
                checked = True
            if len(body) > MAX_BYTES:
                break
        else:
            if not checked:
                _check_kind(response, bytes(body))
            return bytes(body)
    raise UnusableImage(RejectionReason.TOO_LARGE, f"The photo is larger than {MAX_BYTES // 1024 // 1024} MB.")
