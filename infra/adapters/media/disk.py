"""Media on the local disk, addressed by content."""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

from domain.kernel import Transient
from domain.media.ports import MEDIA_KEY

EXTENSIONS = {
    "image/webp": "webp",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
}
MIME_TYPES = {extension: mime for mime, extension in EXTENSIONS.items()}


class DiskMediaStore:
    """Implements :class:`domain.media.ports.MediaStore` with one file per key."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, data: bytes, *, mime_type: str) -> str:
        key = content_key(data, mime_type)
        try:
            await asyncio.to_thread(_write, self._root / key, data)
        except OSError as error:
            raise Transient("the media store", f"could not store {key} ({error.strerror})") from error
        return key

    async def get(self, key: str) -> tuple[bytes, str] | None:
        match = MEDIA_KEY.fullmatch(key)
        if match is None or match[1] not in MIME_TYPES:
            return None
        try:
            return await asyncio.to_thread((self._root / key).read_bytes), MIME_TYPES[match[1]]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Transient("the media store", f"could not read {key} ({error.strerror})") from error

    def url(self, key: str) -> str:
        return f"/media/{key}"


def content_key(data: bytes, mime_type: str) -> str:
    """Return the key of some bytes in every media store, ``sha256/<2>/<64>.<ext>``."""
    digest = hashlib.sha256(data).hexdigest()
    return f"sha256/{digest[:2]}/{digest}.{EXTENSIONS[mime_type]}"


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # Atomic: neither a reader nor a crash ever leaves half a file.
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
