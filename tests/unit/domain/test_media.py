"""Decisions of an image: requested, processed or rejected, and requested again."""

from typing import Any
from uuid import uuid4

import pytest

from domain.kernel import CorruptStream
from domain.media.aggregate import (
    IMAGE,
    Image,
    ImageStatus,
    Judgment,
    SourcePhoto,
    StudioJob,
    evolve,
    request_processing,
)
from domain.media.errors import ImageVersionUnavailable
from domain.media.events import (
    CutoutReview,
    ImageProcessed,
    ImageProcessingRequested,
    ImageRejected,
    ImageVersion,
    ImageVersionChosen,
    MediaEvent,
    Operation,
    RejectionReason,
    Rendition,
)
from domain.media.quality import picture_quality
from tests.support.builders.samples import NOON

ID, STORE_ID = uuid4(), uuid4()
RENDITION = Rendition(name="large", key="sha256/ab/abcd.webp", width=1600, height=1600, size_bytes=9000)
ORDER: dict[str, Any] = {
    "store_id": STORE_ID,
    "product_id": None,
    "generation_id": None,
    "source_url": "https://images.example/1.jpg",
    "alt_text": "Lamp",
    "position": 0,
    "operations": list(Operation),
    "ground": "#ffffff",
}


def request(image: Image | None, attempt: int) -> tuple[MediaEvent, ...]:
    photo = SourcePhoto(
        store_id=STORE_ID, product_id=None, url="https://images.example/1.jpg", alt_text="Lamp", position=0
    )
    job = StudioJob(attempt=attempt, generation_id=None, operations=list(Operation), ground="#ffffff")
    return tuple(request_processing(image, ID, photo, job, at=NOON))


def fold(*events: MediaEvent) -> Image:
    image = IMAGE.fold(events)
    assert image is not None
    return image


def head(version: int) -> dict[str, Any]:
    return {"originator_id": ID, "originator_version": version, "occurred_at": NOON}


def process(image: Image, attempt: int) -> tuple[MediaEvent, ...]:
    return tuple(
        image.process(
            attempt=attempt,
            renditions=[RENDITION],
            source_sha256="ab" * 32,
            source_size=(2000, 1500),
            operations=[Operation.SHARPEN],
            seconds=1.5,
            at=NOON,
        )
    )


def test_an_images_processing_is_requested() -> None:
    assert request(None, 1) == (ImageProcessingRequested(**head(1), attempt=1, **ORDER),)


def test_the_same_attempt_is_requested_once() -> None:
    image = fold(*request(None, 2))
    assert request(image, 2) == request(image, 1) == ()
    assert request(image, 3) == (ImageProcessingRequested(**head(2), attempt=3, **ORDER),)


def test_a_result_counts_once() -> None:
    asked = request(None, 1)
    done = process(fold(*asked), 1)
    assert done == (
        ImageProcessed(
            **head(2),
            renditions=[RENDITION],
            source_sha256="ab" * 32,
            source_width=2000,
            source_height=1500,
            operations=[Operation.SHARPEN],
            seconds=1.5,
        ),
    )
    image = fold(*asked, *done)
    assert image.status is ImageStatus.PROCESSED
    assert process(image, 1) == ()
    assert image.reject(attempt=1, reason=RejectionReason.CORRUPT, message="late", at=NOON) == ()


def test_a_rejection_says_why() -> None:
    image = fold(*request(None, 1))
    rejected = image.reject(attempt=1, reason=RejectionReason.TOO_SMALL, message="It is tiny.", at=NOON)
    assert rejected == (ImageRejected(**head(2), reason=RejectionReason.TOO_SMALL, message="It is tiny."),)


def test_a_result_of_an_earlier_attempt_is_dropped() -> None:
    first = request(None, 1)
    image = fold(*first, *request(fold(*first), 2))
    assert process(image, 1) == ()
    assert len(process(image, 2)) == 1


def test_a_result_without_a_request_is_corrupt() -> None:
    with pytest.raises(CorruptStream):
        evolve(None, ImageRejected(**head(1), reason=RejectionReason.CORRUPT, message="x"))


def quality(shown: ImageVersion, *, confidence: float, chosen: bool = False, side: int = 1200) -> float:
    review = CutoutReview(confidence=confidence, shown=shown)
    return picture_quality((side, side), shown=shown, review=review, chosen=chosen)


SMALL = Rendition(name="large", key="sha256/cd/cdef.webp", width=800, height=800, size_bytes=4000)
DOUBTFUL = CutoutReview(
    confidence=0.3, shown=ImageVersion.ORIGINAL, needs_review=True, reason="A part is missing.", signals={"area": 0.9}
)


def judged(review: CutoutReview | None, *others: Rendition) -> Image:
    image = fold(*request(None, 1))
    (event,) = image.process(
        attempt=1,
        renditions=[RENDITION],
        source_sha256="ab" * 32,
        source_size=(2000, 1500),
        operations=list(Operation) if review is None or review.shown is ImageVersion.CUTOUT else [Operation.SHARPEN],
        seconds=1.2,
        at=NOON,
        judgment=None if review is None else Judgment(review, others),
    )
    return evolve(image, event)


def test_the_judgment_of_a_cut_out_is_recorded_with_both_versions() -> None:
    image = judged(DOUBTFUL, SMALL)
    assert (image.shown, image.stored, image.needs_review) == (ImageVersion.ORIGINAL, frozenset(ImageVersion), True)


def test_a_chosen_version_is_shown_and_closes_the_review() -> None:
    image = judged(DOUBTFUL, SMALL)
    events = image.choose(ImageVersion.CUTOUT, at=NOON)
    assert events == (ImageVersionChosen(**head(3), version=ImageVersion.CUTOUT),)
    after = evolve(image, events[0])
    assert (after.shown, after.needs_review) == (ImageVersion.CUTOUT, False)
    assert after.choose(ImageVersion.CUTOUT, at=NOON) == ()


def test_choosing_what_is_shown_accepts_it() -> None:
    image = judged(DOUBTFUL, SMALL)
    assert image.choose(ImageVersion.ORIGINAL, at=NOON) == (
        ImageVersionChosen(**head(3), version=ImageVersion.ORIGINAL),
    )


def test_a_cut_out_that_the_studio_could_not_make_cannot_be_chosen() -> None:
    image = judged(DOUBTFUL)
    assert not image.must_redo(ImageVersion.CUTOUT)
    with pytest.raises(ImageVersionUnavailable, match="no CUTOUT"):
        image.choose(ImageVersion.CUTOUT, at=NOON)


def test_an_image_without_a_result_has_no_version_to_choose() -> None:
    image = fold(*request(None, 1))
    assert not image.must_redo(ImageVersion.ORIGINAL)
    with pytest.raises(ImageVersionUnavailable, match="not processed"):
        image.choose(ImageVersion.ORIGINAL, at=NOON)


def test_a_version_that_is_not_stored_is_made_again() -> None:
    assert judged(None).must_redo(ImageVersion.ORIGINAL)
    assert not judged(None).must_redo(ImageVersion.CUTOUT), "it is shown"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (quality(ImageVersion.CUTOUT, confidence=0.9), quality(ImageVersion.CUTOUT, confidence=0.6)),
        (quality(ImageVersion.CUTOUT, confidence=0.6), quality(ImageVersion.ORIGINAL, confidence=0.3)),
        (quality(ImageVersion.ORIGINAL, confidence=0.3, chosen=True), quality(ImageVersion.ORIGINAL, confidence=0.3)),
        (quality(ImageVersion.CUTOUT, confidence=0.9), quality(ImageVersion.CUTOUT, confidence=0.9, side=300)),
    ],
)
def test_a_clear_large_cut_out_is_the_better_picture(better: float, worse: float) -> None:
    assert 0 < worse < better <= 1
