"""The imager agent: from a supplier's photo to stored renditions."""

import asyncio
import hashlib
import time

from commands.media import RecordImage, RejectImage
from consumers.ports import Aggregates, Consumer, Dispatch
from domain.kernel import DomainEvent, Transient
from domain.media.aggregate import IMAGE, ImageStatus
from domain.media.events import ImageProcessingRequested, RejectionReason, Rendition
from domain.media.ports import ImageFetcher, ImageStudio, MediaStore, UnusableImage
from schemas.envelope import Envelope
from schemas.topics import IMAGE_WORK

NAME = "imager"
TRIES = 4
LONGEST_WAIT_SECONDS = 20.0
"""Whatever a server asks for: other photos wait behind this one."""


class ImagerAgent(Consumer):
    """Processes every requested image once.

    Safe to redeliver: an image that has its result is not fetched again, the media store is addressed by content, and
    the command id comes from the event.
    """

    name = NAME
    topic = IMAGE_WORK
    handles: frozenset[type[DomainEvent]] = frozenset({ImageProcessingRequested})

    def __init__(
        self,
        fetcher: ImageFetcher,
        studio: ImageStudio,
        media: MediaStore,
        aggregates: Aggregates,
        dispatch: Dispatch,
    ) -> None:
        self._fetcher = fetcher
        self._studio = studio
        self._media = media
        self._aggregates = aggregates
        self._dispatch = dispatch

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if not isinstance(event, ImageProcessingRequested) or await self._dispatch.outcome(envelope, NAME):
            return
        image = await self._aggregates.get(IMAGE, event.originator_id)
        if image.attempt != event.attempt or image.status is not ImageStatus.REQUESTED:
            return
        started = time.monotonic()
        command: RecordImage | RejectImage
        try:
            photo = await self._fetch(event.source_url)
            result = await self._studio.process(photo, operations=event.operations, ground=event.ground)
            renditions = [
                Rendition(
                    name=rendered.name,
                    key=await self._media.put(rendered.data, mime_type=rendered.mime_type),
                    width=rendered.width,
                    height=rendered.height,
                    size_bytes=len(rendered.data),
                    mime_type=rendered.mime_type,
                )
                for rendered in result.renditions
            ]
            command = RecordImage(
                image_id=event.originator_id,
                attempt=event.attempt,
                renditions=renditions,
                source_sha256=hashlib.sha256(photo).hexdigest(),
                source_size=result.source_size,
                operations=list(result.operations),
                seconds=round(time.monotonic() - started, 3),
            )
        except UnusableImage as unusable:
            command = RejectImage(
                image_id=event.originator_id,
                attempt=event.attempt,
                reason=unusable.reason,
                message=unusable.message,
            )
        await self._dispatch(command, cause=envelope, name=NAME)

    async def _fetch(self, url: str) -> bytes:
        """Download with patience; what stays out of reach is a rejected image, not a failed step."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._fetcher.fetch(url)
            except Transient as outage:
                if attempt == TRIES:
                    raise UnusableImage(
                        RejectionReason.UNREACHABLE, f"{outage.who} did not hand the photo out: {outage.what}."
                    ) from outage
                await asyncio.sleep(min(LONGEST_WAIT_SECONDS, outage.retry_after or 0.5 * 2 ** (attempt - 1)))
        raise AssertionError("unreachable")
