"""Decisions of an image: requested, processed or rejected, and requested again."""

from typing import Any
from uuid import uuid4

import pytest

from domain.kernel import CorruptStream
from domain.media.aggregate import IMAGE, Image, ImageStatus, SourcePhoto, StudioJob, evolve, request_processing
from domain.media.events import (
    ImageProcessed,
    ImageProcessingRequested,
    ImageRejected,
    MediaEvent,
    Operation,
    RejectionReason,
    Rendition,
)
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
