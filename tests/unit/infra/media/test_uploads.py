"""Uploads to the gateway's own addresses, and the check of a file when an image uses it."""

import io
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from domain.media.events import RejectionReason
from domain.media.ports import UPLOAD_MOST, UnusableImage, Upload, UploadReceiver
from infra.adapters.media.photo_check import check_photo
from infra.adapters.media.uploads import KEPT_SECONDS, PATH, DiskUploads
from tests.support.fakes.event_log import FixedClock


def photo(format: str = "JPEG", size: tuple[int, int] = (300, 200)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "navy").save(file, format)
    return file.getvalue()


def an_upload(clock: FixedClock, size: int = 5) -> Upload:
    until = clock.now() + timedelta(minutes=15)
    return Upload(store_id=uuid4(), upload_id=uuid4(), mime_type="image/png", size_bytes=size, until=until)


async def test_an_address_opens_for_its_time_and_only_as_it_was_signed(tmp_path: Path) -> None:
    clock = FixedClock()
    uploads, upload = DiskUploads(tmp_path, [b"k" * 32], clock), an_upload(clock)
    assert isinstance(uploads, UploadReceiver)
    address = await uploads.address(upload)
    assert address.startswith(PATH)
    token = address.removeprefix(PATH)
    assert uploads.open(token) == upload
    assert DiskUploads(tmp_path, [b"o" * 32], clock).open(token) is None
    for made_up in ("", "x", token[:-1], f"{token}x", "é"):
        assert uploads.open(made_up) is None
    clock.advance(timedelta(minutes=15, seconds=1))
    assert uploads.open(token) is None


async def test_a_file_belongs_to_its_store_and_is_deleted_after_a_day(tmp_path: Path) -> None:
    clock = FixedClock()
    uploads, upload = DiskUploads(tmp_path, [b"k" * 32], clock), an_upload(clock)
    assert await uploads.read(upload.store_id, upload.upload_id) is None
    await uploads.receive(upload, b"first")
    await uploads.receive(upload, b"again")
    assert await uploads.read(upload.store_id, upload.upload_id) == b"again"
    assert await uploads.read(uuid4(), upload.upload_id) is None
    old = time.time() - KEPT_SECONDS - 1
    os.utime(tmp_path / upload.store_id.hex / upload.upload_id.hex, (old, old))
    newer = Upload(store_id=upload.store_id, upload_id=uuid4(), mime_type="image/png", size_bytes=5, until=upload.until)
    await uploads.receive(newer, b"newer")
    assert await uploads.read(upload.store_id, upload.upload_id) is None
    assert await uploads.read(newer.store_id, newer.upload_id) == b"newer"
    for _ in range(2):
        await uploads.discard(newer.store_id, newer.upload_id)
    assert await uploads.read(newer.store_id, newer.upload_id) is None


@pytest.mark.parametrize(
    ("format", "mime_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_the_type_of_a_photo_is_read_from_its_bytes(format: str, mime_type: str) -> None:
    assert check_photo(photo(format)) == mime_type


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (lambda: b"", RejectionReason.UNSUPPORTED_FORMAT, "not a photo"),
        (lambda: b"<!doctype html><p>Hi", RejectionReason.UNSUPPORTED_FORMAT, "a web page"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", RejectionReason.UNSUPPORTED_FORMAT, "an SVG drawing"),
        (lambda: photo("GIF"), RejectionReason.UNSUPPORTED_FORMAT, "a GIF"),
        (lambda: photo("JPEG", (199, 400)), RejectionReason.TOO_SMALL, "199 x 400 pixels"),
        (lambda: photo("PNG", (7000, 6000)), RejectionReason.TOO_LARGE, "7000 x 6000 pixels"),
        (lambda: photo("PNG")[:8] + bytes(40), RejectionReason.CORRUPT, "damaged at its beginning"),
        (lambda: bytes(UPLOAD_MOST + 1), RejectionReason.TOO_LARGE, "20 MB is the most"),
    ],
    ids=["empty", "page", "drawing", "animation", "small", "pixels", "damaged", "bytes"],
)
def test_what_is_no_usable_photo_is_refused_and_named(
    data: Callable[[], bytes], reason: RejectionReason, words: str
) -> None:
    with pytest.raises(UnusableImage, match=words) as refused:
        check_photo(data())
    assert refused.value.reason is reason
