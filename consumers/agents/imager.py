"""The imager agent: from a supplier's photo to stored renditions."""

import hashlib
import time
from collections.abc import Sequence

from commands.image_result import RecordImage, RejectImage
from consumers.ports import Aggregates, Consumer, React, Urgency
from domain.calls.context import CallContext
from domain.calls.ports import BudgetExceeded, WorkBudget
from domain.generation.aggregate import generation_of
from domain.generation.events import NicheChosen, Step
from domain.kernel import DomainEvent, Transient
from domain.media.aggregate import IMAGE, ImageStatus
from domain.media.events import ImageProcessingRequested, RejectionReason, Rendition
from domain.media.ports import ImageFetcher, ImageStudio, MediaStore, RenderedImage, UnusableImage, stored_key
from domain.store.aggregate import STORE
from domain.store.events import StoreRequested
from infra.retry import RetryPolicy, retry
from schemas.envelope import Envelope
from schemas.topics import IMAGE_WORK

NAME = "imager"
DOWNLOADS = RetryPolicy(attempts=4, first_pause=0.5, longest_pause=20.0)
"""Other photos wait behind a download, so a server cannot ask for a longer pause."""


EXPECTED_SECONDS = 3.0
"""What a picture is expected to take. It is held back before the studio begins, and corrected afterwards."""


class ImagerAgent(Consumer):
    """Processes every requested image once: the products' main photos before all others, and the merchant's with them.

    Safe to redeliver: an image with a result is not fetched again, the media store is addressed by content, and the
    command id comes from the event.
    """

    name = NAME
    topic = IMAGE_WORK
    handles: frozenset[type[DomainEvent]] = frozenset({StoreRequested, NicheChosen, ImageProcessingRequested})

    def __init__(
        self,
        fetcher: ImageFetcher,
        studio: ImageStudio,
        media: MediaStore,
        aggregates: Aggregates,
        react: React,
        *,
        retries: RetryPolicy = DOWNLOADS,
        budget: WorkBudget | None = None,
    ) -> None:
        self._budget = budget
        self._fetcher = fetcher
        self._studio = studio
        self._media = media
        self._aggregates = aggregates
        self._react = react
        self._retries = retries

    def urgency(self, envelope: Envelope) -> Urgency:
        """Return the image's place in its product: a store with a picture of each product is worth a look."""
        event = envelope.event
        if not isinstance(event, ImageProcessingRequested) or event.generation_id is None:
            return (0, envelope.position)  # a person waits for a photo that was requested by hand
        return (event.position, envelope.position)

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, StoreRequested | NicheChosen):
            self._studio.prepare()  # its photos follow in a second
            return
        if not isinstance(event, ImageProcessingRequested) or await self._react.outcome(envelope, NAME):
            return
        image = await self._aggregates.get(IMAGE, event.originator_id)
        if image.attempt != event.attempt or image.status is not ImageStatus.REQUESTED:
            return
        started = time.monotonic()
        command: RecordImage | RejectImage
        context = await self._context(event)
        try:
            await self._take(context)
            photo = await self._fetch(event.source_url)
            result = await self._studio.process(photo, operations=event.operations, ground=event.ground)
            command = RecordImage(
                image_id=event.originator_id,
                attempt=event.attempt,
                renditions=await self._store(result.renditions),
                source_sha256=hashlib.sha256(photo).hexdigest(),
                source_size=result.source_size,
                operations=list(result.operations),
                seconds=round(time.monotonic() - started, 3),
                review=result.review,
                other_renditions=await self._store(result.other_renditions),
            )
        except UnusableImage as unusable:
            command = RejectImage(
                image_id=event.originator_id,
                attempt=event.attempt,
                reason=unusable.reason,
                message=unusable.message,
            )
        else:
            if self._budget is not None:
                await self._budget.correct(context, image_seconds=command.seconds - EXPECTED_SECONDS)
        await self._react(command, cause=envelope, name=NAME)

    async def _context(self, event: ImageProcessingRequested) -> CallContext:
        store = await self._aggregates.get(STORE, event.store_id)
        return CallContext(
            generation_id=event.generation_id or generation_of(store.id),
            store_id=store.id,
            merchant_id=store.merchant_id,
            step=None if event.generation_id is None else Step.IMAGES,
            attempt=event.attempt,
            part=str(event.originator_id),
        )

    async def _take(self, context: CallContext) -> None:
        """Count the expected time of a picture.

        Raises:
            UnusableImage: the budget has less left.
        """
        if self._budget is None:
            return
        try:
            await self._budget.take(context, image_seconds=EXPECTED_SECONDS)
        except BudgetExceeded as full:
            raise UnusableImage(RejectionReason.BUDGET, str(full)) from full

    async def _store(self, renditions: Sequence[RenderedImage]) -> list[Rendition]:
        return [
            Rendition(
                name=rendered.name,
                key=await self._media.put(rendered.data, mime_type=rendered.mime_type),
                width=rendered.width,
                height=rendered.height,
                size_bytes=len(rendered.data),
                mime_type=rendered.mime_type,
            )
            for rendered in renditions
        ]

    async def _fetch(self, url: str) -> bytes:
        """Return a photo: from the media store if it was uploaded, else downloaded, with retries.

        Raises:
            UnusableImage: the photo stayed out of reach. That rejects one image and does not fail the step.
        """
        key = stored_key(url)
        if key is not None:
            stored = await self._media.get(key)
            if stored is None:
                raise UnusableImage(RejectionReason.NOT_FOUND, "The uploaded photo is not in the media store any more.")
            return stored[0]
        try:
            return await retry(lambda: self._fetcher.fetch(url), self._retries)
        except Transient as outage:
            raise UnusableImage(
                RejectionReason.UNREACHABLE, f"{outage.who} did not hand the photo out: {outage.what}."
            ) from outage
