"""Media in S3 or a compatible store (MinIO, SeaweedFS), addressed by content."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from pydantic import SecretStr

from domain.kernel import Transient
from domain.media.ports import MEDIA_KEY
from infra.adapters.media.disk import MIME_TYPES, content_key
from infra.web.http_clients import is_in_house

OUTAGES = (BotoCoreError, ClientError, HTTPClientError, OSError, TimeoutError)
CACHE_CONTROL = "public, max-age=31536000, immutable"


class S3MediaStore:
    """Implements :class:`domain.media.ports.MediaStore` on one bucket, which must exist.

    Storing is idempotent, because a key is the hash of its content. Browsers load media through the storefront, which
    reads from here. A deployment may put a CDN in front of the bucket.
    """

    def __init__(
        self,
        *,
        bucket: str,
        endpoint: str | None,
        region: str,
        access_key: SecretStr | None,
        secret_key: SecretStr | None,
    ) -> None:
        """Name the bucket; the first call connects.

        Args:
            bucket: the bucket's name.
            endpoint: ``http://127.0.0.1:9000``; None for Amazon S3.
            region: the bucket's region.
            access_key: None to let botocore find credentials.
            secret_key: see ``access_key``.
        """
        self.bucket = bucket
        self._session = aioboto3.Session(
            aws_access_key_id=None if access_key is None else access_key.get_secret_value(),
            aws_secret_access_key=None if secret_key is None else secret_key.get_secret_value(),
            region_name=region,
        )
        self._endpoint = endpoint
        self._address = endpoint or f"Amazon S3 ({region})"
        self.public_address = endpoint or f"https://s3.{region}.amazonaws.com"
        """Where browsers reach the bucket."""
        self._config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=20,
            # botocore alone retries requests to S3: it knows which errors may pass.
            retries={"max_attempts": 3, "mode": "standard"},
            # Newer checksums use a transfer coding that only Amazon's servers reliably understand.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            # None uses the proxies of the environment.
            proxies={} if endpoint is not None and is_in_house(endpoint) else None,
        )
        self._opened: Any = None
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def aclose(self) -> None:
        """Close the connections."""
        self._opened = None
        await self._stack.aclose()

    async def put(self, data: bytes, *, mime_type: str) -> str:
        key = content_key(data, mime_type)
        try:
            client = await self.client()
            await client.put_object(
                Bucket=self.bucket, Key=key, Body=data, ContentType=mime_type, CacheControl=CACHE_CONTROL
            )
        except OUTAGES as error:
            raise Transient(
                "the media store", f"could not store {key} at {self._address} ({reason_of(error)})"
            ) from error
        return key

    async def get(self, key: str) -> tuple[bytes, str] | None:
        match = MEDIA_KEY.fullmatch(key)
        if match is None or match[1] not in MIME_TYPES:
            return None
        try:
            client = await self.client()
            answer = await client.get_object(Bucket=self.bucket, Key=key)
            async with answer["Body"] as body:
                return await body.read(), MIME_TYPES[match[1]]
        except OUTAGES as error:
            if reason_of(error) in {"NoSuchKey", "404"}:
                return None
            raise Transient(
                "the media store", f"could not read {key} at {self._address} ({reason_of(error)})"
            ) from error

    def url(self, key: str) -> str:
        return f"/media/{key}"

    async def client(self) -> Any:
        """Return the shared client; creating one takes longer than most requests. Its errors are ``OUTAGES``."""
        async with self._opening:
            if self._opened is None:
                client = self._session.client("s3", endpoint_url=self._endpoint, config=self._config)
                self._opened = await self._stack.enter_async_context(client)
        return self._opened


def reason_of(error: BaseException) -> str:
    """Return S3's error code (``NoSuchBucket``), or the name of the exception."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
