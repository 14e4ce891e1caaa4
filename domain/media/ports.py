"""What the studio needs from outside: bytes, a pair of scissors, and a place to put the result."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.media.events import Operation, RejectionReason

MEDIA_KEY = re.compile(r"sha256/[0-9a-f]{2}/[0-9a-f]{64}\.([a-z0-9]{2,5})")
"""What a media store's key looks like, with its extension; nothing else is even looked up, so no path can lead out of the store."""


class UnusableImage(Exception):
    """This image can never be processed; retrying cannot help. The product keeps its others."""

    def __init__(self, reason: RejectionReason, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedImage:
    """One exported size, before it is stored."""

    name: str
    data: bytes
    width: int
    height: int
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioResult:
    """What the studio made of one photo."""

    renditions: Sequence[RenderedImage]
    source_size: tuple[int, int]
    operations: Sequence[Operation]


class ImageFetcher(Protocol):
    """Downloads images."""

    async def fetch(self, url: str) -> bytes:
        """Return the body of an image address.

        Raises:
            UnusableImage: not there (404), too large, no image type, or an address that must not be asked.
            Transient: an outage; retrying may help.
        """
        ...


class ImageStudio(Protocol):
    """Turns a supplier's photo into the brand's picture."""

    async def process(self, photo: bytes, *, operations: Sequence[Operation], ground: str) -> StudioResult:
        """Return thumbnail (320), medium (800) and large (1600 at most, never enlarged) as WebP.

        Raises:
            UnusableImage: not an image, corrupt, too small or a decompression bomb.
        """
        ...


class MediaStore(Protocol):
    """Keeps media by content: the same bytes have the same key, so that storing twice changes nothing."""

    async def put(self, data: bytes, *, mime_type: str) -> str:
        """Store bytes and return their key, ``sha256/<2>/<64>.<ext>``.

        Raises:
            Transient: the store is out of reach; retrying may help.
        """
        ...

    async def get(self, key: str) -> tuple[bytes, str] | None:
        """Return bytes and MIME type, or None if there is no such key."""
        ...

    def url(self, key: str) -> str:
        """Return the address a browser loads this key from; absolute, or a path on the storefront's own host."""
        ...
