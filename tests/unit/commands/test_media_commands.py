"""Commands for images."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.bus import payload_digest
from commands.image_result import RecordImage, RejectImage
from commands.image_step import CountStepImage, RequestStepImages
from commands.media import ChooseImageVersion, RequestImage, RequestImages
from domain.editing import ChangedMeanwhile
from domain.generation.aggregate import GENERATION
from domain.generation.errors import StepNotRunning
from domain.generation.events import JobStatus, Step, StepFailed, StepSucceeded
from domain.kernel import InvalidInput, NotFound
from domain.media.aggregate import IMAGE
from domain.media.events import (
    CutoutReview,
    ImageProcessingRequested,
    ImageVersion,
    ImageVersionChosen,
    Operation,
    RejectionReason,
    Rendition,
)
from tests.support.builders.samples import listing
from tests.support.platforms.write_side import Platform, kinds


async def prepare(platform: Platform, images: int = 2) -> list[UUID]:
    """Bring a store to its images step and return its images' ids."""
    await platform.request()
    await platform.brand()
    (product_id,) = await platform.scout(listing(images=images))
    return [image.image_id for image in (await platform.product(product_id)).images]


def send_off(platform: Platform, attempt: int = 1) -> RequestStepImages:
    return RequestStepImages(generation_id=platform.generation_id, attempt=attempt)


def processed(image_id: UUID, attempt: int = 1) -> RecordImage:
    return RecordImage(
        image_id=image_id,
        attempt=attempt,
        renditions=[Rendition(name="large", key="sha256/ab/ab.webp", width=10, height=10, size_bytes=9)],
        source_sha256="ab" * 32,
        source_size=(10, 10),
        operations=list(Operation),
        seconds=0.5,
    )


def rejected(image_id: UUID, attempt: int = 1) -> RejectImage:
    return RejectImage(image_id=image_id, attempt=attempt, reason=RejectionReason.CORRUPT, message="It is broken.")


def counted(platform: Platform, image_id: UUID, attempt: int = 1) -> CountStepImage:
    return CountStepImage(
        generation_id=platform.generation_id, attempt=attempt, image_id=image_id, message="Image ready"
    )


def by_hand(platform: Platform, image_id: UUID, **changes: Any) -> RequestImage:
    given: dict[str, Any] = {
        "image_id": image_id,
        "store_id": platform.store_id,
        "merchant_id": platform.merchant_id,
        "product_id": None,
        "url": "https://images.example/own.jpg",
        "alt_text": "Mine",
        "operations": [Operation.SHARPEN, Operation.REMOVE_BACKGROUND],
        "ground": None,
    }
    return RequestImage(**(given | changes))


@pytest.mark.parametrize("last", [Step.BRAND, Step.SCOUT])
async def test_photos_are_requested_by_the_command_that_makes_them_due(platform: Platform, last: Step) -> None:
    await platform.request()
    await (platform.scout() if last is Step.BRAND else platform.brand())
    assert "ImageProcessingRequested" not in kinds(platform.log.events)
    before = len(platform.log.raw)
    await (platform.brand() if last is Step.BRAND else platform.scout())
    assert kinds(platform.log.events[before:])[-2:] == ["ImageProcessingRequested", "ImageProcessingRequested"]


async def test_every_photo_is_requested_with_the_brands_background_color(platform: Platform) -> None:
    image_ids = await prepare(platform)
    requests = [event for event in platform.log.events if isinstance(event, ImageProcessingRequested)]
    assert [event.originator_id for event in requests] == image_ids
    assert {event.ground for event in requests} == {"#f5f3ff"}
    assert [event.position for event in requests] == [0, 1]
    assert requests[0].operations == list(Operation)
    assert await platform.do(send_off(platform)) == [], "once per attempt"


async def test_a_step_that_runs_again_requests_its_photos_once(platform: Platform) -> None:
    await prepare(platform)
    await platform.fail(Step.IMAGES)
    await platform.again(Step.IMAGES)
    events = await platform.do(send_off(platform, attempt=2))
    assert kinds(events) == ["ImageProcessingRequested", "ImageProcessingRequested", "StepProgressed"]
    assert await platform.do(send_off(platform, attempt=2)) == []


async def test_a_request_that_comes_after_the_steps_end_changes_nothing(platform: Platform) -> None:
    for image_id in await prepare(platform):
        await platform.send(processed(image_id))
        await platform.send(counted(platform, image_id))
    assert (await platform.get(GENERATION, platform.generation_id)).steps[Step.IMAGES].status is JobStatus.COMPLETED
    assert await platform.do(send_off(platform)) == []


async def test_a_store_without_photos_ends_the_step_at_once(platform: Platform) -> None:
    await prepare(platform, images=0)
    ended = [event for event in platform.log.events if isinstance(event, StepSucceeded)]
    assert [event.step for event in ended] == [Step.BRAND, Step.SCOUT, Step.IMAGES]
    assert await platform.do(send_off(platform)) == []


async def test_the_last_image_ends_the_step(platform: Platform) -> None:
    first, second = await prepare(platform)
    await platform.send(send_off(platform))
    await platform.send(processed(first))
    assert kinds(await platform.do(counted(platform, first))) == ["StepProgressed"]
    assert await platform.do(counted(platform, first)) == [], "an image counts once"
    await platform.send(rejected(second))
    _, ended = await platform.do(counted(platform, second))
    assert isinstance(ended, StepSucceeded)
    assert ended.summary == "1 image processed, 1 rejected"


async def test_a_step_without_one_usable_image_fails(platform: Platform) -> None:
    image_ids = await prepare(platform)
    await platform.send(send_off(platform))
    events = []
    for image_id in image_ids:
        await platform.send(rejected(image_id))
        events = list(await platform.do(counted(platform, image_id)))
    assert kinds(events) == ["StepProgressed", "StepFailed", "GenerationFailed"]
    assert isinstance(events[1], StepFailed)
    assert "None of the 2 images could be used" in events[1].reason
    assert "by hand" not in events[1].reason, "photos by hand end no step"


async def test_an_image_that_the_merchant_requests_during_the_step_still_ends_the_step(platform: Platform) -> None:
    first, second = await prepare(platform)
    await platform.send(send_off(platform))
    assert (await platform.send(by_hand(platform, first))).result == {"image_id": str(first), "attempt": 2}
    assert await platform.do(processed(first, attempt=1)) == [], "the earlier request has no result any more"
    await platform.send(processed(first, attempt=2))
    assert (await platform.get(IMAGE, first)).generation_id == platform.generation_id
    await platform.send(processed(second))
    await platform.send(counted(platform, first))
    assert kinds(await platform.do(counted(platform, second))) == ["StepProgressed", "StepSucceeded"]


async def test_the_step_run_again_requests_every_image_again(platform: Platform) -> None:
    first, second = await prepare(platform)
    await platform.send(send_off(platform))
    for image_id in (first, second):
        await platform.send(processed(image_id))
        await platform.send(counted(platform, image_id))
    await platform.send(by_hand(platform, first))  # takes attempt 2 of this image
    await platform.again(Step.IMAGES)
    events = await platform.do(send_off(platform, attempt=2))
    attempts = [event.attempt for event in events if isinstance(event, ImageProcessingRequested)]
    assert attempts == [3, 2]
    with pytest.raises(StepNotRunning):
        await platform.send(counted(platform, first, attempt=1))


async def test_an_image_that_the_merchant_requests_belongs_to_no_step(platform: Platform) -> None:
    await prepare(platform)
    image_id = uuid4()
    (event,) = await platform.do(by_hand(platform, image_id))
    assert isinstance(event, ImageProcessingRequested)
    assert (event.generation_id, event.attempt, event.ground) == (None, 1, "#f5f3ff")
    assert event.operations == [Operation.REMOVE_BACKGROUND, Operation.SHARPEN], "in the studio's order"


async def test_a_known_photo_keeps_its_address_and_alt_text(platform: Platform) -> None:
    first, second = await prepare(platform)
    product = await platform.product((await platform.store()).product_ids[0])
    known: dict[str, Any] = {"url": None, "alt_text": None, "product_id": product.id}
    (sent,) = await platform.do(by_hand(platform, first, **known))
    assert isinstance(sent, ImageProcessingRequested)
    assert (sent.source_url, sent.alt_text) == (product.images[0].url, product.images[0].alt_text)
    await platform.send(by_hand(platform, first, **known | {"alt_text": "A brass lamp"}))
    (again,) = await platform.do(by_hand(platform, first, **known))
    assert isinstance(again, ImageProcessingRequested)
    assert (again.source_url, again.alt_text, again.attempt) == (product.images[0].url, "A brass lamp", 4)
    (other,) = await platform.do(by_hand(platform, second, **known))
    assert isinstance(other, ImageProcessingRequested)
    assert (other.source_url, other.position) == (product.images[1].url, 1)
    for unknown in (by_hand(platform, uuid4(), **known), by_hand(platform, second, **known | {"store_id": uuid4()})):
        with pytest.raises(NotFound):
            await platform.send(unknown)


@pytest.mark.parametrize("url", ["", "ftp://x/y.jpg", "file:///etc/passwd", "javascript:alert(1)"])
async def test_an_invalid_web_address_is_refused(platform: Platform, url: str) -> None:
    await prepare(platform)
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(by_hand(platform, uuid4(), url=url))
    assert refusal.value.field == "url"


async def test_a_batch_of_images_is_requested_completely_or_not_at_all(platform: Platform) -> None:
    await prepare(platform)
    sound, bad = by_hand(platform, uuid4()), by_hand(platform, uuid4(), url="file:///etc/passwd")
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(RequestImages(images=[sound, bad]))
    assert refusal.value.field == "images.1.url"
    assert len(platform.log.raw) == before
    receipt = await platform.send(RequestImages(images=[sound, sound]))
    assert [image["attempt"] for image in receipt.result] == [1, 2]


async def test_foreign_images_and_products_read_like_unknown_ones(platform: Platform) -> None:
    (foreign, _), foreign_product = await prepare(platform), (await platform.store()).product_ids[0]
    await platform.send(send_off(platform))
    platform.store_id, platform.merchant_id = uuid4(), uuid4()
    await platform.request()
    for command in (
        by_hand(platform, foreign),
        by_hand(platform, uuid4(), product_id=foreign_product),
        by_hand(platform, uuid4(), product_id=uuid4()),
        by_hand(platform, uuid4(), merchant_id=uuid4()),
        processed(uuid4()),
        rejected(uuid4()),
    ):
        with pytest.raises(NotFound):
            await platform.send(command)


async def test_a_count_in_a_failed_job_is_still_kept(platform: Platform) -> None:
    first, _ = await prepare(platform)
    await platform.send(send_off(platform))
    await platform.fail(Step.COPY)
    await platform.send(processed(first))
    assert kinds(await platform.do(counted(platform, first))) == ["StepProgressed"]
    generation = await platform.get(GENERATION, platform.generation_id)
    assert generation.status is JobStatus.FAILED


def choice(platform: Platform, image_id: UUID, version: ImageVersion) -> ChooseImageVersion:
    return ChooseImageVersion(image_id=image_id, merchant_id=platform.merchant_id, version=version)


def doubtful(image_id: UUID, attempt: int = 1) -> RecordImage:
    result = processed(image_id, attempt)
    review = CutoutReview(confidence=0.4, shown=ImageVersion.ORIGINAL, needs_review=True, reason="A leg is missing.")
    return replace(result, operations=[Operation.SHARPEN], review=review, other_renditions=result.renditions)


async def test_the_images_step_says_how_many_photos_are_kept_whole_for_review(platform: Platform) -> None:
    first, second = await prepare(platform)
    await platform.send(send_off(platform))
    for result in (doubtful(first), processed(second)):
        await platform.send(result)
    await platform.send(counted(platform, first))
    _, ended = await platform.do(counted(platform, second))
    assert isinstance(ended, StepSucceeded)
    assert ended.summary == "2 images processed (1 kept whole for your review), 0 rejected"


async def test_the_merchant_chooses_between_the_stored_versions(platform: Platform) -> None:
    first, _ = await prepare(platform)
    await platform.send(send_off(platform))
    await platform.send(doubtful(first))
    (event,) = await platform.do(choice(platform, first, ImageVersion.CUTOUT))
    assert isinstance(event, ImageVersionChosen)
    assert event.version is ImageVersion.CUTOUT
    assert not (await platform.get(IMAGE, first)).needs_review
    # The second tab began before that.
    with pytest.raises(ChangedMeanwhile) as refusal:
        await platform.send(replace(choice(platform, first, ImageVersion.ORIGINAL), seen=ImageVersion.ORIGINAL))
    assert refusal.value.field == "expectedVersion"


async def test_the_whole_photo_of_a_clear_cut_out_is_requested_from_the_studio(platform: Platform) -> None:
    first, _ = await prepare(platform)
    await platform.send(send_off(platform))
    await platform.send(processed(first))
    (event,) = await platform.do(choice(platform, first, ImageVersion.ORIGINAL))
    assert isinstance(event, ImageProcessingRequested)
    assert event.operations == [Operation.CORRECT_COLOUR, Operation.SHARPEN]
    assert (event.attempt, event.generation_id) == (2, None)


async def test_another_merchant_cannot_choose(platform: Platform) -> None:
    first, _ = await prepare(platform)
    await platform.send(send_off(platform))
    await platform.send(doubtful(first))
    with pytest.raises(NotFound):
        await platform.send(replace(choice(platform, first, ImageVersion.CUTOUT), merchant_id=uuid4()))
    assert (await platform.get(IMAGE, first)).needs_review


def test_a_result_without_a_judgment_keeps_the_digest_that_it_had_before_judgments_existed() -> None:
    result = processed(UUID(int=1))
    assert payload_digest(result).hex() == "fc28da621e9b444b1ecd967a6a056de16826131eec35395c72595d4e1bf51860"
    assert payload_digest(result) != payload_digest(doubtful(UUID(int=1)))
