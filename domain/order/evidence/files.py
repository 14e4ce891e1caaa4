"""Files of evidence: what banks take, and when files come and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.kernel import NotFound, next_header
from domain.order.after_sale.dispute_events import (
    DisputeEvidenceFileAdded,
    DisputeEvidenceFileRemoved,
    EvidenceFileKind,
)
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.order.aggregate import Order
from domain.order.errors import EvidenceFilesTooLarge
from domain.order.events import OrderEvent
from domain.order.evidence.submission import open_dispute
from domain.privacy import Sealed

SIZE_MOST = 4_500_000
"""Most bytes of all files of a dispute. Stripe takes 5 MB of one file, and about 4.5 MB of all together."""
PAGES_MOST = 49
"""Most pages of a file: Stripe takes fewer than 50."""
WAITS = timedelta(hours=1)
"""How long a file that was sent waits to be added."""
NAME_MOST = 200
"""Most characters of a file's name."""
TYPES: Mapping[str, str] = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
"""The types that banks take, and the ending of a name for each."""


class UnusableEvidence(Exception):
    """A file is not evidence that a bank takes. The message is for people; retrying cannot help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """What a file is, read from its content."""

    mime_type: str
    pages: int
    """1 for a picture."""


class EvidenceFiles(Protocol):
    """Contents of files, each under its person's key. Deleting the key erases them too."""

    async def receive(self, upload_id: UUID, person_id: UUID, data: bytes, *, at: datetime) -> None:
        """Keep a content that was sent and is not added yet. Another one for the same id replaces it."""
        ...

    async def received(self, upload_id: UUID, person_id: UUID) -> bytes | None:
        """Return a content that was sent for a person's order; None if there is none, or it was deleted."""
        ...

    async def delete_received(self, before: datetime) -> None:
        """Delete contents that were sent before a time and never added."""
        ...

    async def put(self, file_id: UUID, person_id: UUID, data: bytes) -> None:
        """Keep a content. Another one for the same id replaces it."""
        ...

    async def get(self, file_id: UUID) -> bytes | None:
        """Return a content; None if it was deleted, or its person was forgotten."""
        ...

    async def delete(self, file_ids: Sequence[UUID]) -> None:
        """Delete contents; unknown ids are passed over."""
        ...

    async def forget(self, person_id: UUID) -> None:
        """Delete all contents under a person's key."""
        ...


def add_file(
    order: Order,
    dispute_id: str,
    kind: EvidenceFileKind,
    file: EvidenceFile,
    name: Sealed,
    *,
    at: datetime,
) -> Sequence[OrderEvent]:
    """Add a file to the evidence, in place of an earlier one of its kind. No-op if it is there.

    Raises:
        NotFound: the order has no such dispute.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
        EvidenceFilesTooLarge: all files together are larger than a bank takes.
    """
    dispute = open_dispute(order, dispute_id, at)
    known = dispute.files.get(kind)
    if known is not None and known.file_id == file.file_id:
        return ()
    others = sum(each.size_bytes for other, each in dispute.files.items() if other is not kind)
    if others + file.size_bytes > SIZE_MOST:
        raise EvidenceFilesTooLarge(file.size_bytes, left=SIZE_MOST - others)
    return (
        DisputeEvidenceFileAdded(
            **next_header(order, at),
            dispute_id=dispute_id,
            edition=dispute.edition + 1,
            file_id=file.file_id,
            kind=kind,
            name=name,
            mime_type=file.mime_type,
            size_bytes=file.size_bytes,
            pages=file.pages,
            replaces=None if known is None else known.file_id,
        ),
    )


def remove_file(order: Order, dispute_id: str, file_id: UUID, *, at: datetime) -> Sequence[OrderEvent]:
    """Take a file out of the evidence.

    Raises:
        NotFound: the order has no such dispute, or the evidence has no such file.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
    """
    dispute = open_dispute(order, dispute_id, at)
    if file_id not in {file.file_id for file in dispute.files.values()}:
        raise NotFound("evidence file", file_id)
    return (
        DisputeEvidenceFileRemoved(
            **next_header(order, at), dispute_id=dispute_id, edition=dispute.edition + 1, file_id=file_id
        ),
    )
