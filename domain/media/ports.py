"""Ports of image processing: download, studio and storage."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from domain.media.events import CutoutReview, Operation, RejectionReason

MEDIA_KEY = re.compile(r"sha256/[0-9a-f]{2}/[0-9a-f]{64}\.([a-z0-9]{2,5})")
"""The pattern of a media store's keys. Other keys are not looked up, so that no path leads out of the store."""


class UnusableImage(Exception):
    """The image can never be processed; retrying cannot help. Its product keeps its other images."""

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
    """The studio's result for one photo."""

    renditions: Sequence[RenderedImage]
    source_size: tuple[int, int]
    operations: Sequence[Operation]
    review: CutoutReview | None = None
    """None if no cut-out was requested."""
    other_renditions: Sequence[RenderedImage] = ()
    """The version that is not shown, if the merchant is asked to choose."""


class ImageFetcher(Protocol):
    """Download of images."""

    async def fetch(self, url: str) -> bytes:
        """Return the bytes at an image's address.

        Raises:
            UnusableImage: missing (404), too large, not an image type, or a forbidden address.
            Transient: an outage; retrying may help.
        """
        ...


class ImageStudio(Protocol):
    """Processing of a supplier's photo into the brand's picture."""

    def prepare(self) -> None:
        """Start what takes time, because photos will come soon. Return at once; a failure shows with the next photo."""
        ...

    async def process(self, photo: bytes, *, operations: Sequence[Operation], ground: str) -> StudioResult:
        """Return thumbnail (320), small (640), medium (800) and large (1600 at most, never enlarged) as WebP.

        Raises:
            UnusableImage: not an image, corrupt, too small or a decompression bomb.
        """
        ...


class MediaStore(Protocol):
    """Content-addressed storage of media: equal bytes have the same key, so storing twice changes nothing."""

    async def put(self, data: bytes, *, mime_type: str) -> str:
        """Store bytes and return their key, ``sha256/<2>/<64>.<ext>``.

        Raises:
            Transient: the store cannot be reached; retrying may help.
        """
        ...

    async def get(self, key: str) -> tuple[bytes, str] | None:
        """Return bytes and MIME type; None if the store has no such key."""
        ...

    def url(self, key: str) -> str:
        """Return the address for browsers: absolute, or a path on the storefront's host."""
        ...


STORED = "media:"
"""What a photo's address begins with if the photo is in the media store: its key follows."""
UPLOAD_MOST = 20 * 1024 * 1024
"""Most bytes of an uploaded file, as of a downloaded photo."""
UPLOAD_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})


def stored_key(address: str) -> str | None:
    """Return the key of a photo in the media store; None for a photo on the web."""
    return address.removeprefix(STORED) if address.startswith(STORED) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that a merchant may send, once the address for it is known."""

    store_id: UUID
    upload_id: UUID
    mime_type: str
    """As the merchant declared it. The file is checked when it is used."""
    size_bytes: int
    until: datetime
    """When the address stops to take the file."""


class Uploads(Protocol):
    """Addresses to which browsers send files, past the API. A file that no image uses is deleted after a day."""

    origin: str | None
    """The origin of the addresses; None if they are paths of the API."""

    async def address(self, upload: Upload) -> str:
        """Return the address that takes the file by PUT, with the declared type as ``Content-Type``.

        Raises:
            Transient: the store cannot be reached.
        """
        ...

    async def read(self, store_id: UUID, upload_id: UUID) -> bytes | None:
        """Return a file that was sent; None if none was, and for a file that is too large.

        Raises:
            Transient: the store cannot be reached.
        """
        ...

    async def discard(self, store_id: UUID, upload_id: UUID) -> None:
        """Delete a file that was sent, because it is kept elsewhere. No-op if there is none.

        Raises:
            Transient: the store cannot be reached.
        """
        ...


@runtime_checkable
class UploadReceiver(Protocol):
    """Takes files at the API's own addresses."""

    def open(self, token: str) -> Upload | None:
        """Return the upload of an address; None if the address is too old or made up."""
        ...

    async def receive(self, upload: Upload, data: bytes) -> None:
        """Keep a file. Sending another one replaces it.

        Raises:
            Transient: the disk failed.
        """
        ...
