"""Uploads by an address of the gateway that is signed beforehand."""

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from domain.kernel import Clock, Transient
from domain.media.ports import Upload

KEPT_SECONDS = 24 * 3600
"""How long a file waits to be used."""
PATH = "/uploads/"


class DiskUploads:
    """Implements :class:`domain.media.ports.Uploads` and ``UploadReceiver`` with a folder.

    Args:
        root: the folder; every process of the gateway needs the same.
        secrets: sign addresses, the current one first; every one opens them.
        clock: says how old an address is.
    """

    origin: str | None = None

    def __init__(self, root: Path, secrets: Sequence[bytes], clock: Clock) -> None:
        self._root, self._clock = root, clock
        # itsdangerous wants former secrets first and signs with the last.
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),
            salt=b"zyenta.upload",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    async def address(self, upload: Upload) -> str:
        until = int(upload.until.timestamp())
        content = [upload.store_id.hex, upload.upload_id.hex, upload.mime_type, upload.size_bytes, until]
        return PATH + self._serializer.dumps(content)

    def open(self, token: str) -> Upload | None:
        try:
            store_id, upload_id, mime_type, size, until = self._serializer.loads(token)
        except (BadData, ValueError, TypeError):
            return None
        if self._clock.now().timestamp() > until:
            return None
        return Upload(
            store_id=UUID(store_id),
            upload_id=UUID(upload_id),
            mime_type=mime_type,
            size_bytes=size,
            until=datetime.fromtimestamp(until, UTC),
        )

    async def receive(self, upload: Upload, data: bytes) -> None:
        try:
            await asyncio.to_thread(self._write, self._path(upload.store_id, upload.upload_id), data)
        except OSError as error:
            raise Transient("the media store", f"could not keep an upload ({error.strerror})") from error

    async def read(self, store_id: UUID, upload_id: UUID) -> bytes | None:
        try:
            return await asyncio.to_thread(self._path(store_id, upload_id).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Transient("the media store", f"could not read an upload ({error.strerror})") from error

    async def discard(self, store_id: UUID, upload_id: UUID) -> None:
        try:
            await asyncio.to_thread(self._path(store_id, upload_id).unlink, missing_ok=True)
        except OSError as error:
            raise Transient("the media store", f"could not delete an upload ({error.strerror})") from error

    def _path(self, store_id: UUID, upload_id: UUID) -> Path:
        return self._root / store_id.hex / upload_id.hex

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sweep(path.parent)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)

    def _sweep(self, folder: Path) -> None:
        """Delete the store's files that waited too long, by the disk's own clock."""
        oldest = time.time() - KEPT_SECONDS
        for each in folder.iterdir():
            with suppress(FileNotFoundError):
                if each.stat().st_mtime < oldest:
                    each.unlink()
