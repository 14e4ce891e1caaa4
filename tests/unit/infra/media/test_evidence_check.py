"""A file for a bank is what its bytes say, and small enough."""

import io
import struct
import zlib

import pytest
from PIL import Image

from domain.order.evidence.files import PAGES_MOST, SIZE_MOST, CheckedFile, UnusableEvidence
from infra.adapters.media.evidence_check import check_evidence


def picture(format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(file, format)
    return file.getvalue()


def huge_png() -> bytes:
    """A small file whose header names 1.6 billion pixels."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0), b"IDAT", b"IEND"]
    written = (struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def pdf(pages: int, *, extra: bytes = b"") -> bytes:
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(pages))
    objects = [
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"2 0 obj\n<< /Type /Pages /Kids [%s] /Count %d >>\nendobj\n" % (kids, pages),
        *(b"%d 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n" % (number + 3) for number in range(pages)),
    ]
    return b"%PDF-1.7\n" + b"".join(objects) + extra + b"trailer << /Root 1 0 R >>\n%%EOF\n"


def packed_pdf(pages: int) -> bytes:
    """A PDF whose page tree is in a compressed stream of objects, as most programs write it today."""
    objects = b"<< /Type /Pages /Kids [] /Count %d >>" % pages + b"<< /Type /Page /Parent 2 0 R >>" * pages
    stream = zlib.compress(objects)
    head = b"9 0 obj\n<< /Type /ObjStm /N 2 /First 8 /Length %d >>\nstream\n" % len(stream)
    return b"%PDF-1.7\n" + head + stream + b"\nendstream\nendobj\n%%EOF\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (picture("PNG"), CheckedFile(mime_type="image/png", pages=1)),
        (picture("JPEG"), CheckedFile(mime_type="image/jpeg", pages=1)),
        (pdf(3), CheckedFile(mime_type="application/pdf", pages=3)),
        (packed_pdf(7), CheckedFile(mime_type="application/pdf", pages=7)),
        (pdf(PAGES_MOST), CheckedFile(mime_type="application/pdf", pages=PAGES_MOST)),
    ],
)
def test_type_and_pages_are_read_from_the_content(data: bytes, expected: CheckedFile) -> None:
    assert check_evidence(data) == expected


def test_former_pages_of_an_edited_pdf_and_its_bookmarks_do_not_count() -> None:
    former = b"".join(b"%d 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n" % (number + 90) for number in range(60))
    assert check_evidence(pdf(4, extra=former)).pages == 4
    bookmarks = b"80 0 obj\n<< /Type /Outlines /Count 300 >>\nendobj\n"
    assert check_evidence(pdf(4, extra=bookmarks)).pages == 4


def test_a_pdf_that_the_library_of_pictures_wrote_is_read() -> None:
    file = io.BytesIO()
    pages = [Image.new("RGB", (40, 30), color) for color in ("navy", "gray", "white")]
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    assert check_evidence(file.getvalue()) == CheckedFile(mime_type="application/pdf", pages=3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is of another type. Banks take a PDF, a JPEG or a PNG"),
        (b"<!doctype html><p>Hello", "is a web page"),
        (picture("WEBP"), "is a WebP"),
        (picture("GIF"), "is a GIF"),
        (b"%PDF-1.7\nnothing here", "no page that can be read"),
        (pdf(PAGES_MOST + 1), "has 50 pages. Banks take 49"),
        (packed_pdf(500), "has 500 pages"),
        (pdf(1, extra=b"trailer << /Encrypt 9 0 R >>"), "locked by a password"),
        (picture("PNG")[:60], "is damaged"),
        (picture("PNG")[:8] + bytes(40), "is damaged"),
        (picture("JPEG")[:12], "is damaged"),
        (huge_png(), "too many pixels"),
        (b"%PDF-1.7" + bytes(SIZE_MOST), "4,500,000 at most"),
    ],
)
def test_what_a_bank_does_not_take_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(UnusableEvidence, match=said):
        check_evidence(data)


def test_a_pdf_that_unpacks_without_end_is_read_in_bounds() -> None:
    bomb = zlib.compress(bytes(60_000_000), 9)
    head = b"9 0 obj\n<< /Type /ObjStm >>\nstream\n"
    with pytest.raises(UnusableEvidence, match="no page"):
        check_evidence(b"%PDF-1.7\n" + (head + bomb + b"\nendstream\nendobj\n") * 8)
