"""Fingerprints of photos, and of files that are none."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageFilter

from domain.kernel import Transient
from domain.media.events import RejectionReason
from domain.media.ports import UnusableImage
from infra.adapters.media.fingerprints import LARGEST_BYTES, HttpFingerprints
from infra.sandbox.sample_supplier.pictures import Shot, render

PHOTO = render(Shot(photo="instant-camera", long_edge=800))


class Web:
    """Serves pages from a table and counts requests."""

    def __init__(self, pages: dict[str, bytes | Exception]) -> None:
        self.pages, self.asked = pages, 0

    async def fetch(self, url: str) -> bytes:
        self.asked += 1
        page = self.pages[url]
        if isinstance(page, Exception):
            raise page
        return page


def _bomb() -> bytes:
    """Return a PNG of a few hundred bytes that says it has 400 million pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")


def _changed(photo: bytes) -> bytes:
    with Image.open(io.BytesIO(photo)) as image:
        out = io.BytesIO()
        image.resize((400, 200)).filter(ImageFilter.GaussianBlur(1)).save(out, "PNG")
        return out.getvalue()


async def test_a_resized_and_blurred_copy_shows_the_same_thing() -> None:
    web = Web({"a": PHOTO, "b": _changed(PHOTO), "c": render(Shot(photo="football", long_edge=800))})
    fingerprints = HttpFingerprints(web.fetch)
    a, b, c = [await fingerprints.fingerprint(url) for url in "abc"]
    assert a is not None
    assert b is not None
    assert c is not None
    assert (a ^ b).bit_count() <= 6 < (a ^ c).bit_count()


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>no picture</html>",
        PHOTO[:2_000],
        _bomb(),
        b"\0" * (LARGEST_BYTES + 1),
        Transient("supplier.test", "did not answer"),
        UnusableImage(RejectionReason.NOT_FOUND, "gone"),
    ],
    ids=["empty", "html", "cut off", "bomb", "too many bytes", "outage", "missing"],
)
async def test_a_page_that_is_no_photo_has_no_fingerprint(page: bytes | Exception) -> None:
    assert await HttpFingerprints(Web({"x": page}).fetch).fingerprint("x") is None


async def test_a_photo_is_fetched_once() -> None:
    web = Web({"a": PHOTO})
    fingerprints = HttpFingerprints(web.fetch)
    assert await fingerprints.fingerprint("a") == await fingerprints.fingerprint("a")
    assert web.asked == 1


async def test_a_failure_is_not_cached() -> None:
    web = Web({"a": Transient("supplier.test", "did not answer")})
    fingerprints = HttpFingerprints(web.fetch)
    assert await fingerprints.fingerprint("a") is None
    web.pages["a"] = PHOTO
    assert await fingerprints.fingerprint("a") is not None
