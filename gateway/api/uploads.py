"""Uploads of photos: an address for the file, and its check when an image uses it."""

import asyncio
from datetime import timedelta
from uuid import UUID

from domain.kernel import DomainError, InvalidInput, NotFound
from domain.media.ports import UPLOAD_MOST, UPLOAD_TYPES, UnusableImage, Upload, UploadReceiver, Uploads
from domain.team.errors import RoleTooWeak
from domain.team.roles import Role
from gateway.api.command_request import CommandRequest
from gateway.ports import GatewayDependencies
from projections.catalog import queries as catalog_queries

OPEN_FOR = timedelta(minutes=15)
"""How long an address takes the file."""


class UploadsUnavailable(DomainError):
    """This installation takes no files."""

    code = "UPLOADS_UNAVAILABLE"

    def __init__(self, instead: str = "Give the web address of the photo.") -> None:
        super().__init__(f"This installation takes no files. {instead}")


async def open_upload(request: CommandRequest, store_id: UUID, mime_type: str, size: int) -> tuple[Upload, str]:
    """Return an upload and the address that takes its file.

    Raises:
        InvalidInput: the type or the size is refused.
        NotFound, RoleTooWeak: the person may not change the store.
        UploadsUnavailable: this installation takes no files.
    """
    deps, upload_id = request.services.deps, request.new_id("upload")
    await _check_store(request, store_id)
    if deps.uploads is None:
        raise UploadsUnavailable
    if mime_type not in UPLOAD_TYPES:
        raise InvalidInput("mimeType", f"Invalid type {mime_type[:40]!r}. Send a JPEG, a PNG or a WebP.")
    if not 1 <= size <= UPLOAD_MOST:
        raise InvalidInput("size", f"The file has {size:,} bytes. Send 1 to {UPLOAD_MOST:,}.")
    return await address_of(deps, deps.uploads, store_id, upload_id, mime_type, size)


async def address_of(
    deps: GatewayDependencies, uploads: Uploads, store_id: UUID, upload_id: UUID, mime_type: str, size: int
) -> tuple[Upload, str]:
    """Return an upload and the address that takes its file.

    Raises:
        Transient: the store of files cannot be reached.
    """
    until = deps.clock.now() + OPEN_FOR
    upload = Upload(store_id=store_id, upload_id=upload_id, mime_type=mime_type, size_bytes=size, until=until)
    address = await uploads.address(upload)
    return upload, deps.public_url.rstrip("/") + address if address.startswith("/") else address


async def stored_upload(request: CommandRequest, store_id: UUID, upload_id: UUID) -> str:
    """Check an uploaded photo and put it into the media store. Return its key; the same photo always has the same.

    Raises:
        InvalidInput: no file was sent, or it is not a photo that can be used.
        NotFound, RoleTooWeak: the person may not change the store.
        UploadsUnavailable: this installation takes no files.
        Transient: a store cannot be reached.
    """
    deps = request.services.deps
    await _check_store(request, store_id)
    if deps.uploads is None or deps.check_photo is None:
        raise UploadsUnavailable
    data = await deps.uploads.read(store_id, upload_id)
    if data is None:
        raise InvalidInput(
            "uploadId",
            f"No file was sent for the upload {upload_id}, or it is older than a day. Ask for an address with requestUpload, "
            "and send the file there first.",
        )
    try:
        mime_type = await asyncio.to_thread(deps.check_photo, data)
    except UnusableImage as unusable:
        raise InvalidInput("uploadId", unusable.message) from unusable
    return await deps.media.put(data, mime_type=mime_type)


async def _check_store(request: CommandRequest, store_id: UUID) -> None:
    """Check that the person may send photos to a store.

    Raises:
        NotFound, RoleTooWeak: the person may not.
    """
    only = frozenset({"id", "merchant_id"})
    reader = request.services.deps.reader
    store = await catalog_queries.store_by_id(reader, store_id, scope=request.scope, only=only)
    role = None if store is None else request.visitor.role_in(store_id, store.merchant_id)
    if role is None:
        raise NotFound("store", store_id)
    if not role.covers(Role.EDITOR):
        raise RoleTooWeak(role, Role.EDITOR)


def check_sent(mime_type: str, data: bytes, announced_type: str, announced_size: int) -> None:
    """Check that a file is the announced one, by its ``Content-Type`` and its size.

    Raises:
        InvalidInput: it is not.
    """
    if mime_type.partition(";")[0].strip().lower() != announced_type:
        raise InvalidInput(
            "content-type",
            f"The file is sent as {mime_type[:40]!r}. It was announced as {announced_type}. Send that type, or ask for another upload.",
        )
    if len(data) != announced_size:
        raise InvalidInput(
            "content-length",
            f"The file has {len(data):,} bytes. It was announced with {announced_size:,}. Send it whole, or ask for another upload.",
        )


def receiver_of(deps: GatewayDependencies) -> UploadReceiver | None:
    """Return what takes files at the API's own addresses; None if they go elsewhere."""
    uploads = deps.uploads
    return uploads if isinstance(uploads, UploadReceiver) else None
