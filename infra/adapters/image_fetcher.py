"""Downloads suppliers' photos: bounded in time and size, and never from where it must not look."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from domain.kernel import Transient
from domain.media.events import RejectionReason
from domain.media.ports import UnusableImage

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
REDIRECTS = 3


class HttpImageFetcher:
    """Implements :class:`domain.media.ports.ImageFetcher`.

    Addresses of private networks are refused, because a merchant may type any address; the sandbox's own origin is the
    one exception. Names are resolved before the request and again by it, so a name that changes in between is a risk
    that remains; ROADMAP's media studio closes it by connecting to the checked address.
    """

    def __init__(self, client: httpx.AsyncClient, *, trusted_origins: Sequence[str] = ()) -> None:
        """Take a client.

        Args:
            client: its redirects are off; they are followed here, each one checked.
            trusted_origins: ``http://127.0.0.1:8090``: allowed although they are on a private network.
        """
        self._client = client
        self._trusted = frozenset(trusted_origins)

    async def fetch(self, url: str) -> bytes:
        for _ in range(REDIRECTS + 1):
            await self._check_address(url)
            try:
                async with self._client.stream(
                    "GET", url, timeout=TIMEOUT, follow_redirects=False, headers={"accept": "image/*"}
                ) as response:
                    if response.is_redirect:
                        url = str(response.url.join(response.headers.get("location", "")))
                        continue
                    _check_status(response, url)
                    return await _read(response)
            except httpx.InvalidURL as error:
                raise UnusableImage(RejectionReason.NOT_FOUND, f"{url} is no web address.") from error
            except httpx.HTTPError as error:
                host = urlsplit(url).hostname or url
                raise Transient(host, f"the photo could not be downloaded ({type(error).__name__})") from error
        raise UnusableImage(RejectionReason.UNREACHABLE, f"{url} redirects more than {REDIRECTS} times.")

    async def _check_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnusableImage(RejectionReason.FORBIDDEN_ADDRESS, f"{url!r} is no web address.")
        if f"{parts.scheme}://{parts.netloc}" in self._trusted:
            return
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                parts.hostname, parts.port or 443, type=socket.SOCK_STREAM
            )
        except socket.gaierror as error:
            raise Transient(parts.hostname, "the name could not be resolved") from error
        if not all(ipaddress.ip_address(address[0]).is_global for *_, address in found):
            raise UnusableImage(
                RejectionReason.FORBIDDEN_ADDRESS,
                f"{parts.hostname} is on a private network. Give a public address.",
            )


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
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not kind.startswith("image/") and kind != "application/octet-stream":
        raise UnusableImage(RejectionReason.NOT_AN_IMAGE, f"{url} is {kind}, not a photo.")


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise UnusableImage(RejectionReason.TOO_LARGE, f"The photo is larger than {MAX_BYTES // 1024 // 1024} MB.")
    return bytes(body)
