"""Commands of the imager: the studio's result for a photo."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock
from domain.media.aggregate import IMAGE, Judgment
from domain.media.events import CutoutReview, Operation, RejectionReason, Rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordImage:
    """Record the studio's result for a photo."""

    image_id: UUID
    attempt: int
    renditions: list[Rendition]
    source_sha256: str
    source_size: tuple[int, int]
    """Width and height in pixels."""
    operations: list[Operation]
    """The operations that were applied."""
    seconds: float
    # Left out of the digest while unset: repeats of older commands keep their digest.
    review: Annotated[CutoutReview | None, Field(exclude_if=lambda review: review is None)] = None
    """The studio's judgment of the cut-out."""
    other_renditions: Annotated[list[Rendition], Field(exclude_if=lambda renditions: not renditions)] = field(
        default_factory=list
    )
    """The version that is not shown."""


async def record_image(command: RecordImage, work: Work, *, clock: Clock) -> None:
    """Append ``ImageProcessed``. No-op if the attempt has a result or a newer attempt was requested.

    Raises:
        NotFound: no image has the id; retrying cannot help.
    """
    image = await work.get(IMAGE, command.image_id)
    events = image.process(
        attempt=command.attempt,
        renditions=command.renditions,
        source_sha256=command.source_sha256,
        source_size=command.source_size,
        operations=command.operations,
        seconds=command.seconds,
        judgment=None if command.review is None else Judgment(command.review, command.other_renditions),
        at=clock.now(),
    )
    work.append(IMAGE, image.id, events, tenant=image.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectImage:
    """Record why a photo cannot be used; its product keeps its other photos."""

    image_id: UUID
    attempt: int
    reason: RejectionReason
    message: str
    """For the merchant."""


async def reject_image(command: RejectImage, work: Work, *, clock: Clock) -> None:
    """Append ``ImageRejected``. No-op if the attempt has a result or a newer attempt was requested.

    Raises:
        NotFound: no image has the id; retrying cannot help.
    """
    image = await work.get(IMAGE, command.image_id)
    events = image.reject(attempt=command.attempt, reason=command.reason, message=command.message, at=clock.now())
    work.append(IMAGE, image.id, events, tenant=image.store_id)


HANDLERS: UnboundHandlers = {
    RecordImage: record_image,
    RejectImage: reject_image,
}
"""Each command and its handler."""
