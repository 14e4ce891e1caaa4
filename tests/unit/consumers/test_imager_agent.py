"""The imager agent over the whole write side in memory."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.media import RequestImage
from consumers.agents.imager import DOWNLOADS, ImagerAgent
from consumers.policies.generation import GenerationPolicy
from domain.calls.context import CallContext
from domain.calls.ports import BudgetExceeded
from domain.generation.aggregate import GENERATION
from domain.generation.events import JobStatus, Step, StepFailed, StepStarted, StepSucceeded
from domain.kernel import Transient
from domain.media.aggregate import IMAGE, ImageStatus
from domain.media.events import ImageProcessed, ImageProcessingRequested, ImageRejected, Operation, RejectionReason
from domain.media.ports import RenderedImage, StudioResult, UnusableImage
from domain.store.events import StoreRequested
from infra.adapters.media.disk import DiskMediaStore
from infra.writers.rules.niche.reader import RuleNicheReader
from schemas.envelope import Envelope
from tests.support.builders.samples import listing
from tests.support.fakes.supply import MemoryAnswers
from tests.support.platforms.write_side import Platform

MISSING = UnusableImage(RejectionReason.NOT_FOUND, "There is no photo there (404).")
DAMAGED = UnusableImage(RejectionReason.CORRUPT, "The photo is damaged; it could not be read to its end.")


def away(times: int) -> list[Exception]:
    """Return outages, each an object of its own: the retry policy notes in them how often it tried."""
    return [Transient("images.example", "answered 503 for a photo") for _ in range(times)]


@dataclass
class KnownPhotos:
    """Implements ``ImageFetcher`` with planned outages; every other photo exists. It records the calls."""

    troubles: dict[str, list[Exception]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.troubles.get(url):
            raise self.troubles[url].pop(0)
        return url.encode()


@dataclass
class QuickStudio:
    """Implements ``ImageStudio``; some photos are damaged."""

    damaged: set[bytes] = field(default_factory=set)
    processed: list[bytes] = field(default_factory=list)
    prepared: int = 0

    def prepare(self) -> None:
        self.prepared += 1

    async def process(self, photo: bytes, *, operations: Sequence[Operation], ground: str) -> StudioResult:
        if photo in self.damaged:
            raise DAMAGED
        self.processed.append(photo)
        renditions = [
            RenderedImage(name=name, data=photo + name.encode(), width=side, height=side, mime_type="image/webp")
            for name, side in (("thumbnail", 320), ("medium", 800), ("large", 1200))
        ]
        return StudioResult(renditions=renditions, source_size=(1200, 900), operations=list(operations))


@dataclass
class Imaging:
    """A store at its images step, and the agent."""

    media: DiskMediaStore
    platform: Platform = field(default_factory=Platform)
    fetcher: KnownPhotos = field(default_factory=KnownPhotos)
    studio: QuickStudio = field(default_factory=QuickStudio)

    @property
    def agent(self) -> ImagerAgent:
        retries = replace(DOWNLOADS, longest_pause=0.001)
        return ImagerAgent(self.fetcher, self.studio, self.media, self.platform, self.platform, retries=retries)

    async def begin(self, *, images: int = 3) -> UUID:
        """Bring the store to its images step and return its product's id."""
        await self.platform.request()
        await self.platform.brand()
        (product_id,) = await self.platform.scout(listing(images=images))
        await self.platform.succeed(Step.COPY)
        started = [e for e in self.envelopes(StepStarted) if e.event.step is Step.IMAGES]  # type: ignore[attr-defined]
        await self.policy(started[-1])
        return product_id

    async def run(self) -> None:
        """Deliver every request to the agent, and every result to the policy."""
        for envelope in self.envelopes(ImageProcessingRequested):
            await self.agent(envelope)
        for envelope in (*self.envelopes(ImageProcessed), *self.envelopes(ImageRejected)):
            await self.policy(envelope)

    async def policy(self, envelope: Envelope) -> None:
        await GenerationPolicy(self.platform, self.platform, RuleNicheReader(), MemoryAnswers())(envelope)

    def envelopes(self, kind: type[Any]) -> list[Envelope]:
        return [envelope for envelope in self.platform.log.envelopes if isinstance(envelope.event, kind)]

    def of(self, kind: type[Any]) -> list[Any]:
        return [envelope.event for envelope in self.envelopes(kind)]

    def url(self, n: int) -> str:
        return f"https://images.example/L-1/{n}.jpg"


@pytest.fixture
def imaging(tmp_path: Path) -> Imaging:
    return Imaging(DiskMediaStore(tmp_path))


async def test_every_photo_becomes_three_stored_renditions(imaging: Imaging) -> None:
    await imaging.begin()
    await imaging.run()
    processed = imaging.of(ImageProcessed)
    assert [event.source_sha256 for event in processed] == [
        hashlib.sha256(imaging.url(n).encode()).hexdigest() for n in range(3)
    ]
    for event in processed:
        assert [rendition.name for rendition in event.renditions] == ["thumbnail", "medium", "large"]
        assert (event.source_width, event.source_height) == (1200, 900)
        for rendition in event.renditions:
            stored = await imaging.media.get(rendition.key)
            assert stored is not None
            assert (len(stored[0]), stored[1]) == (rendition.size_bytes, "image/webp")
    (succeeded,) = [event for event in imaging.of(StepSucceeded) if event.step is Step.IMAGES]
    assert succeeded.summary == "3 images processed, 0 rejected"


async def test_the_studio_prepares_when_a_store_is_requested_and_before_photos_are(imaging: Imaging) -> None:
    await imaging.platform.request()
    for envelope in imaging.envelopes(StoreRequested):
        await imaging.agent(envelope)
    assert (imaging.studio.prepared, imaging.of(ImageProcessingRequested)) == (1, [])


@pytest.mark.parametrize("trouble", [MISSING, DAMAGED])
async def test_a_photo_that_cannot_be_used_is_left_out_and_its_product_keeps_the_others(
    imaging: Imaging, trouble: UnusableImage
) -> None:
    if trouble is MISSING:
        imaging.fetcher.troubles[imaging.url(1)] = [MISSING]
    else:
        imaging.studio.damaged.add(imaging.url(1).encode())
    product_id = await imaging.begin()
    await imaging.run()
    (rejected,) = imaging.of(ImageRejected)
    assert (rejected.reason, rejected.message) == (trouble.reason, trouble.message)
    product = await imaging.platform.product(product_id)
    states = [(await imaging.platform.get(IMAGE, image.image_id)).status for image in product.images]
    assert states == [ImageStatus.PROCESSED, ImageStatus.REJECTED, ImageStatus.PROCESSED]
    (succeeded,) = [event for event in imaging.of(StepSucceeded) if event.step is Step.IMAGES]
    assert succeeded.summary == "2 images processed, 1 rejected"


async def test_when_no_photo_can_be_used_the_step_fails_in_words(imaging: Imaging) -> None:
    for n in range(3):
        imaging.fetcher.troubles[imaging.url(n)] = [MISSING]
    await imaging.begin()
    await imaging.run()
    (failed,) = imaging.of(StepFailed)
    assert failed.step is Step.IMAGES
    generation = await imaging.platform.get(GENERATION, imaging.platform.generation_id)
    assert generation.status is JobStatus.FAILED


async def test_main_photos_are_requested_first_in_the_order_of_the_products_and_are_the_most_urgent(
    imaging: Imaging,
) -> None:
    await imaging.platform.request()
    await imaging.platform.brand()
    products = await imaging.platform.scout(*(listing(f"L-{n}", title=f"Lamp {n}", images=3) for n in range(3)))
    (started,) = [e for e in imaging.envelopes(StepStarted) if e.event.step is Step.IMAGES]  # type: ignore[attr-defined]
    await imaging.policy(started)
    requested = imaging.envelopes(ImageProcessingRequested)
    places = [(e.event.position, products.index(e.event.product_id)) for e in requested]  # type: ignore[attr-defined]
    assert places == sorted(places)
    assert places[:4] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert sorted(requested, key=imaging.agent.urgency) == requested


async def test_a_photo_that_a_merchant_requests_is_as_urgent_as_a_main_photo(imaging: Imaging) -> None:
    product_id = await imaging.begin(images=3)
    waiting = imaging.envelopes(ImageProcessingRequested)
    await imaging.platform.send(
        RequestImage(
            image_id=uuid4(),
            store_id=imaging.platform.store_id,
            merchant_id=imaging.platform.merchant_id,
            product_id=product_id,
            url="https://images.example/own.jpg",
            alt_text=None,
            operations=list(Operation),
            ground=None,
        )
    )
    by_hand = imaging.envelopes(ImageProcessingRequested)[-1]
    urgency = imaging.agent.urgency
    assert urgency(waiting[0]) < urgency(by_hand) < urgency(waiting[1])


async def test_redelivery_fetches_no_photo_twice_and_changes_nothing(imaging: Imaging) -> None:
    imaging.fetcher.troubles[imaging.url(1)] = [MISSING]
    await imaging.begin()
    await imaging.run()
    log, asked, processed = list(imaging.platform.log.raw), list(imaging.fetcher.asked), list(imaging.studio.processed)
    for _ in range(3):
        await imaging.run()
    assert imaging.platform.log.raw == log
    assert (imaging.fetcher.asked, imaging.studio.processed) == (asked, processed)
    assert len(asked) == 3


async def test_an_outage_is_waited_out(imaging: Imaging) -> None:
    imaging.fetcher.troubles[imaging.url(0)] = [*away(2), Transient("images.example", "is busy", retry_after=3600)]
    await imaging.begin()
    await imaging.run()
    assert imaging.fetcher.asked.count(imaging.url(0)) == 4
    assert len(imaging.of(ImageProcessed)) == 3


async def test_an_outage_that_lasts_costs_one_photo_and_names_who_was_away(imaging: Imaging) -> None:
    imaging.fetcher.troubles[imaging.url(2)] = away(9)
    await imaging.begin()
    await imaging.run()
    (rejected,) = imaging.of(ImageRejected)
    assert rejected.reason is RejectionReason.UNREACHABLE
    assert "images.example" in rejected.message
    assert "503" in rejected.message
    assert imaging.fetcher.asked.count(imaging.url(2)) == 4


async def test_an_outage_of_the_media_store_does_not_reject_the_photo_and_is_delivered_again(imaging: Imaging) -> None:
    class Full:
        async def put(self, data: bytes, *, mime_type: str) -> str:
            raise Transient("the media store", "is full")

    await imaging.begin()
    broken = ImagerAgent(imaging.fetcher, imaging.studio, Full(), imaging.platform, imaging.platform)  # type: ignore[arg-type]
    envelope = imaging.envelopes(ImageProcessingRequested)[0]
    with pytest.raises(Transient, match="media store"):
        await broken(envelope)
    assert not imaging.of(ImageRejected)
    await imaging.agent(envelope)
    assert len(imaging.of(ImageProcessed)) == 1


async def test_an_old_request_is_not_worked_on_once_a_newer_one_was_made(imaging: Imaging) -> None:
    product_id = await imaging.begin(images=1)
    (image,) = (await imaging.platform.product(product_id)).images
    await imaging.platform.send(
        RequestImage(
            image_id=image.image_id,
            store_id=imaging.platform.store_id,
            merchant_id=imaging.platform.merchant_id,
            product_id=product_id,
            url="https://images.example/better.jpg",
            alt_text="Better",
            operations=list(Operation),
            ground=None,
        )
    )
    await imaging.run()
    assert imaging.fetcher.asked == ["https://images.example/better.jpg"]
    assert len(imaging.of(ImageProcessed)) == 1


@dataclass
class Seconds:
    """Implements ``WorkBudget`` in memory."""

    left: float
    contexts: list[CallContext] = field(default_factory=list)

    async def take(self, context: CallContext, *, supplier_calls: int = 0, image_seconds: float = 0.0) -> None:
        self.contexts.append(context)
        if image_seconds > self.left:
            raise BudgetExceeded("The studio", "was not asked, because the budget is spent")
        self.left -= image_seconds

    async def correct(self, context: CallContext, *, image_seconds: float) -> None:
        self.left -= image_seconds


async def test_a_photo_beyond_the_budget_is_rejected_before_it_is_downloaded(imaging: Imaging) -> None:
    await imaging.begin(images=2)
    budget = Seconds(left=4.0)
    agent = ImagerAgent(
        imaging.fetcher, imaging.studio, imaging.media, imaging.platform, imaging.platform, budget=budget
    )
    first, second = imaging.envelopes(ImageProcessingRequested)
    await agent(first)
    assert 3.5 < budget.left <= 4.0
    budget.left = 1.0
    await agent(second)
    (rejected,) = imaging.of(ImageRejected)
    assert (rejected.reason, rejected.message) == (
        RejectionReason.BUDGET,
        "The studio was not asked, because the budget is spent.",
    )
    assert len(imaging.studio.processed) == 1
    assert {one.merchant_id for one in budget.contexts} == {imaging.platform.merchant_id}
