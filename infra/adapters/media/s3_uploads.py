"""Uploads by an address of the bucket that is signed beforehand."""

from urllib.parse import urlsplit
from uuid import UUID

from domain.kernel import Clock, Transient
from domain.media.ports import UPLOAD_MOST, Upload
from infra.adapters.media.s3 import OUTAGES, S3MediaStore, reason_of


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

    async def discard(self, store_id: UUID, upload_id: UUID) -> None:
        try:
            client = await self._store.client()
            await client.delete_object(Bucket=self._store.bucket, Key=_key(store_id, upload_id))
        except OUTAGES as error:
            raise Transient("the media store", f"could not delete an upload ({reason_of(error)})") from error


def _key(store_id: UUID, upload_id: UUID) -> str:
    return f"uploads/{store_id.hex}/{upload_id.hex}"
