"""Uploads by an address that is signed beforehand: of the gateway for the disk store, of the bucket for S3."""

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from domain.kernel import Clock, Transient
from domain.media.ports import UPLOAD_MOST, Upload
from infra.adapters.media.s3 import OUTAGES, S3MediaStore, reason_of

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
        token = self._serializer.dumps(content)
        return PATH + (token if isinstance(token, str) else token.decode())

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


class S3Uploads:
    """Implements :class:`domain.media.ports.Uploads` with presigned requests to a bucket.

    A rule of the bucket deletes what is below ``uploads/`` after a day, and another one lets the dashboard's origin send.
    """

    def __init__(self, store: S3MediaStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        address = urlsplit(store.public_address)
        self.origin: str | None = f"{address.scheme}://{address.netloc}"

    async def address(self, upload: Upload) -> str:
        seconds = max(1, int((upload.until - self._clock.now()).total_seconds()))
        parameters = {
            "Bucket": self._store.bucket,
            "Key": _key(upload.store_id, upload.upload_id),
            "ContentType": upload.mime_type,
            "ContentLength": upload.size_bytes,
        }
        try:
            client = await self._store.client()
            return str(await client.generate_presigned_url("put_object", Params=parameters, ExpiresIn=seconds))
        except OUTAGES as error:
            raise Transient("the media store", f"could not sign an upload ({reason_of(error)})") from error

    async def read(self, store_id: UUID, upload_id: UUID) -> bytes | None:
        try:
            client = await self._store.client()
            answer = await client.get_object(Bucket=self._store.bucket, Key=_key(store_id, upload_id))
            async with answer["Body"] as body:
                return await body.read() if answer["ContentLength"] <= UPLOAD_MOST else None
        except OUTAGES as error:
            if reason_of(error) in {"NoSuchKey", "404"}:
                return None
            raise Transient("the media store", f"could not read an upload ({reason_of(error)})") from error


def _key(store_id: UUID, upload_id: UUID) -> str:
    return f"uploads/{store_id.hex}/{upload_id.hex}"
