"""Downloads suppliers' photos: bounded in time and size, and never from where it must not look."""

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
"""In all: a server that sends a byte now and then keeps no slot for ever."""
RESTART_SECONDS = 5.0
"""After which to ask a server again that does not listen: it may be starting."""
HEADERS = {"accept": "image/*", "accept-encoding": "identity"}
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out. Outside are NAT64 (64:ff9b::/96, 64:ff9b:1::/48), IPv4-compatible and local addresses."""
NOT_ITSELF = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, with Teredo (2001::/32), ORCHID and benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address follows
        "3fff::/20",  # documentation
    )
)
"""Inside of it, but no host's own address."""


class HttpImageFetcher:
    """Implements :class:`domain.media.ports.ImageFetcher`.

    Addresses of private networks are refused, because a merchant may type any address; the sandbox's own origin is the
    one exception. Names are resolved before the request and again by it, so a name that changes in between is a risk
    that remains; ROADMAP's media studio closes it by connecting to the checked address.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        trusted_origins: Sequence[str] = (),
        moved_origins: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Take a client.

        Args:
            client: its redirects are off; they are followed here, each one checked.
            trusted_origins: ``http://127.0.0.1:8090``: allowed although they are on a private network.
            moved_origins: origins that nobody of ours answers at any more, and where their photos are now.
            seconds: what one photo may take, redirects included.
        """
        self._client = client
        self._moved = moved_origins or {}
        self._seconds = seconds
        self._trusted = frozenset(trusted_origins)

    async def fetch(self, url: str) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(self._where_it_is_now(url))
        except TimeoutError as error:
            raise Transient(_host(url), f"the photo took longer than {self._seconds:.0f} s") from error

    def _where_it_is_now(self, url: str) -> str:
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
                raise UnusableImage(RejectionReason.NOT_FOUND, f"{url} is no web address.") from error
            except httpx.ConnectError as error:
                raise Transient(_host(url), "nobody answers there", retry_after=RESTART_SECONDS) from error
            except httpx.HTTPError as error:
                raise Transient(_host(url), f"the photo could not be downloaded ({type(error).__name__})") from error
        raise UnusableImage(RejectionReason.UNREACHABLE, f"{url} redirects more than {REDIRECTS} times.")

    async def _check_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:  # a bracket or a port that is none
            raise UnusableImage(RejectionReason.FORBIDDEN_ADDRESS, f"{url!r} is no web address.") from error
        if parts.scheme not in {"http", "https"} or not host:
            raise UnusableImage(RejectionReason.FORBIDDEN_ADDRESS, f"{url!r} is no web address.")
        if f"{parts.scheme}://{parts.netloc}" in self._trusted:
            return
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise UnusableImage(RejectionReason.FORBIDDEN_ADDRESS, f"{host} is no name of a computer.") from error
        except socket.gaierror as error:
            raise Transient(host, "the name could not be resolved") from error
        if not all(_is_public(str(address[0])) for *_, address in found):
            raise UnusableImage(
                RejectionReason.FORBIDDEN_ADDRESS,
                f"{host} is on a private network. Give a public address.",
            )


def _is_public(address: str) -> bool:
    """Whether an address is somewhere in the internet.

    IPv6 addresses that stand for an IPv4 address are refused with it: a translator or tunnel would lead there. No
    photo's server has such an address by itself, so those whose inside we cannot know for sure are refused as well.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in GLOBAL_UNICAST or any(ip in network for network in NOT_ITSELF) or _is_isatap(ip):
            return False
    return ip.is_global and not ip.is_multicast


def _is_isatap(ip: ipaddress.IPv6Address) -> bool:
    """Whether the last 64 bits say that an IPv4 address follows (RFC 5214, section 6.1)."""
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
    """Refuse what is no photo by its first bytes, unless its label says that it is one: then the studio looks closer.

    Object stores label good photos as downloads; servers label error pages as text. The bytes decide.
    """
    format = format_of(start)
    if format is not None and format.is_image:
        return
    label = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if format is None and label.startswith("image/"):
        return
    what = "of no kind we know" if format is None else format.name
    said = f" (it is labelled {label})" if label else ""
    raise UnusableImage(RejectionReason.NOT_AN_IMAGE, f"{response.url} is {what}{said}, not a photo.")


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        # A few kilobytes of gzip unpack to gigabytes, and no photo gets smaller by it.
        raise UnusableImage(RejectionReason.UNREACHABLE, f"{response.url.host} packs the photo although asked not to.")
    announced = response.headers.get("content-length", "")
    body = bytearray()
    if not announced.isdecimal() or int(announced) <= MAX_BYTES:
        known = False
        async for chunk in response.aiter_raw():
            body += chunk
            if not known and len(body) >= FIRST_BYTES:
                _check_kind(response, bytes(body[:FIRST_BYTES]))
                known = True
            if len(body) > MAX_BYTES:
                break
        else:
            if not known:
                _check_kind(response, bytes(body))
            return bytes(body)
    raise UnusableImage(RejectionReason.TOO_LARGE, f"The photo is larger than {MAX_BYTES // 1024 // 1024} MB.")
