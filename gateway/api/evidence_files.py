"""Files of a dispute's evidence: an address for the file, its check, and what happens to its content."""

import asyncio
import hashlib
from uuid import UUID

from commands.disputes import AddEvidenceFile, RemoveEvidenceFile
from commands.ports import Receipt
from domain.kernel import DomainError, InvalidInput, NotFound
from domain.media.ports import Upload
from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.order.evidence.files import NAME_MOST, SIZE_MOST, TYPES, CheckedFile, UnusableEvidence
from domain.privacy import PersonalData
from domain.team.errors import RoleTooWeak
from domain.team.roles import Role
from domain.text import check_readable, clean_text
from gateway.api.command_request import CommandRequest
from gateway.api.uploads import UploadsUnavailable, check_sent
from gateway.ports import GatewayDependencies
from infra.web.evidence_links import OPEN_FOR, PATH, EvidenceLink, EvidenceUpload
from projections.catalog import queries as catalog_queries
from projections.sales.views import EvidenceFileView, OrderView

INSTEAD = "Add the file in your payment provider's dashboard."


async def open_evidence_upload(
    request: CommandRequest, order: OrderView, mime_type: str, size: int
) -> tuple[Upload, str]:
    """Return an upload and the address that takes its file.

    Raises:
        InvalidInput: the type or the size is refused.
        NotFound, RoleTooWeak: the person may not edit evidence of the store.
        UploadsUnavailable: this installation takes no files.
    """
    deps = request.services.deps
    await check_editor(request, order)
    if deps.evidence_links is None or deps.evidence_files is None:
        raise UploadsUnavailable(INSTEAD)
    if mime_type not in TYPES:
        raise InvalidInput("mimeType", f"Invalid type {mime_type[:40]!r}. Send a PDF, a JPEG or a PNG.")
    if not 1 <= size <= SIZE_MOST:
        raise InvalidInput("size", f"The file has {size:,} bytes. Banks take 1 to {SIZE_MOST:,} of all files together.")
    person_id = await keeper_of(order, request.merchant_id, deps.personal)
    upload = Upload(
        store_id=order.store_id,
        upload_id=request.new_id("upload"),
        mime_type=mime_type,
        size_bytes=size,
        until=deps.clock.now() + OPEN_FOR,
    )
    path = deps.evidence_links.upload_path(EvidenceUpload(upload.upload_id, person_id, mime_type, size))
    return upload, deps.public_url.rstrip("/") + path


async def receive_evidence(deps: GatewayDependencies, token: str, mime_type: str, data: bytes) -> None:
    """Keep a file that was sent to its address, under the shopper's key. Sending another one replaces it.

    A file that is not added within an hour is deleted.

    Raises:
        NotFound: the address is too old, or made up.
        InvalidInput: the file is not of the announced type or size.
    """
    announced = None if deps.evidence_links is None else deps.evidence_links.open_upload(token)
    if announced is None or deps.evidence_files is None:
        raise NotFound("upload", token[:12])
    check_sent(mime_type, data, announced.mime_type, announced.size_bytes)
    await deps.evidence_files.receive(announced.upload_id, announced.person_id, data, at=deps.clock.now())


def evidence_limit(deps: GatewayDependencies, path: str) -> int | None:
    """Return the size of the file that an address takes; None if it takes none."""
    _, found, token = path.partition(PATH)
    upload = deps.evidence_links.open_upload(token) if deps.evidence_links is not None and found else None
    return None if upload is None else upload.size_bytes


async def add_evidence_file(
    request: CommandRequest,
    order: OrderView,
    dispute_id: str,
    kind: EvidenceFileKind,
    upload_id: UUID,
    name: str,
    *,
    seen: str | None,
) -> Receipt:
    """Check a file that was sent, and add it to the evidence. A repeat of the request changes nothing.

    Raises:
        InvalidInput: no file was sent, it is not evidence that banks take, or its name is too long.
        ChangedMeanwhile, NotFound, EvidenceClosed, EvidenceFilesTooLarge: see the command.
        UploadsUnavailable: this installation takes no files.
        RequestReused: the client sent another command under the same key.
        Transient: a store cannot be reached.
    """
    deps = request.services.deps
    await check_editor(request, order)
    name = _checked_name(name)
    key = hashlib.blake2b(deps.secrets.current, digest_size=32, person=b"zyenta-evidence").digest()
    content = f"{dispute_id}\n{kind}\n{upload_id}\n{name}".encode()
    fingerprint = hashlib.blake2b(content, key=key, digest_size=16).hexdigest()
    known = await request.repeated("fingerprint", fingerprint)
    if known is not None:
        return known
    if deps.evidence_files is None or deps.check_evidence is None:
        raise UploadsUnavailable(INSTEAD)
    person_id = await keeper_of(order, request.merchant_id, deps.personal)
    data = await deps.evidence_files.received(upload_id, person_id)
    if data is None:
        raise InvalidInput(
            "uploadId",
            f"No file was sent for the upload {upload_id}, or it is older than an hour. Ask for an address with "
            "requestEvidenceUpload, and send the file there first.",
        )
    checked = await _check(deps, data)
    file_id = request.new_id("evidence file")
    command = AddEvidenceFile(
        order_id=order.id,
        merchant_id=request.merchant_id,
        dispute_id=dispute_id,
        kind=kind,
        file=EvidenceFile(file_id=file_id, mime_type=checked.mime_type, size_bytes=len(data), pages=checked.pages),
        name=await deps.personal.seal(person_id, name),
        fingerprint=fingerprint,
        seen=seen,
    )
    # The content first: an event without one would be a file that cannot be sent.
    await deps.evidence_files.put(file_id, person_id, data)
    try:
        receipt = await request.send(command)
    except DomainError:
        await deps.evidence_files.delete([file_id])
        raise
    await deps.evidence_files.delete([upload_id])
    return receipt


async def remove_evidence_file(request: CommandRequest, order: OrderView, dispute_id: str, file_id: UUID) -> Receipt:
    """Take a file out of the evidence. A policy deletes its content.

    Raises:
        NotFound, EvidenceClosed: see the command.
    """
    return await request.send(
        RemoveEvidenceFile(order_id=order.id, merchant_id=request.merchant_id, dispute_id=dispute_id, file_id=file_id)
    )


async def keeper_of(order: OrderView, merchant_id: UUID, personal: PersonalData) -> UUID:
    """Return the person under whose key evidence of an order is sealed: the shopper.

    A forgotten shopper must not get a new key, and the platform knows nothing about them any more. So it is the merchant then.
    """
    return merchant_id if await personal.open(order.shopper_name) is None else order.shopper_id


async def check_editor(request: CommandRequest, order: OrderView) -> None:
    """Check that the person may edit evidence of an order.

    Raises:
        NotFound, RoleTooWeak: the person may not.
    """
    only = frozenset({"id", "merchant_id"})
    store = await catalog_queries.store_by_id(
        request.services.deps.reader, order.store_id, scope=request.scope, only=only
    )
    role = None if store is None else request.visitor.role_in(order.store_id, store.merchant_id)
    if role is None:
        raise NotFound("order", order.id)
    if not role.covers(Role.EDITOR):
        raise RoleTooWeak(role, Role.EDITOR)


def address_of_file(deps: GatewayDependencies, file: EvidenceFileView) -> str | None:
    """Return an address that shows a file for some minutes; None if this installation takes no files."""
    if deps.evidence_links is None:
        return None
    path = deps.evidence_links.path(EvidenceLink(file.id, file.mime_type))
    return deps.public_url.rstrip("/") + path


async def _check(deps: GatewayDependencies, data: bytes) -> CheckedFile:
    assert deps.check_evidence is not None
    try:
        return await asyncio.to_thread(deps.check_evidence, data)
    except UnusableEvidence as unusable:
        raise InvalidInput("uploadId", str(unusable)) from unusable


def _checked_name(name: str) -> str:
    check_readable("fileName", name)
    cleaned = clean_text(name).strip()
    if not 1 <= len(cleaned) <= NAME_MOST:
        raise InvalidInput("fileName", f"The file's name has {len(cleaned)} characters. Use 1 to {NAME_MOST}.")
    return cleaned
