"""Checks files of evidence: type, damage and pages, before they are kept."""

import io
import re
import zlib
from collections.abc import Iterator

from PIL import Image

from domain.order.evidence.files import PAGES_MOST, SIZE_MOST, CheckedFile, UnusableEvidence
from infra.adapters.media.studio.formats import FIRST_BYTES, JPEG, PNG, format_of

_PICTURES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png"}
_PIXELS_MOST = 100_000_000
_DAMAGED = "The picture is damaged. Export it once more."
_UNPACKED_MOST = 20_000_000
"""Most bytes that all object streams of a PDF may unpack to."""
# ISO 32000-1: the root of the page tree (7.7.3.2) counts all pages, and objects may be packed in streams (7.5.7).
_TREE = re.compile(rb"/Type\s*/Pages\b")
_COUNT = re.compile(rb"/Count\s+(\d{1,6})\b")
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_ENCRYPTED = re.compile(rb"/Encrypt\s+\d+\s+\d+\s+R\b|/Encrypt\s*<<")
_PACKED = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
_NEAR = 20_000
"""How far from its type the entries of a page tree's node are."""


def check_evidence(data: bytes) -> CheckedFile:
    """Return what a file is, read from its bytes.

    Raises:
        UnusableEvidence: not a PDF, JPEG or PNG, damaged, locked by a password, too large, or too many pages.
    """
    if len(data) > SIZE_MOST:
        raise UnusableEvidence(f"The file has {len(data):,} bytes. Banks take {SIZE_MOST:,} at most. Make it smaller.")
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return CheckedFile(mime_type="application/pdf", pages=_pages(data))
    return CheckedFile(mime_type=_picture(data), pages=1)


def _picture(data: bytes) -> str:
    try:
        opened = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except Image.DecompressionBombError as error:
        raise UnusableEvidence("The picture has too many pixels. Make it smaller.") from error
    except Exception as error:  # decoders may raise any exception for invalid data
        kind = format_of(data[:FIRST_BYTES])
        if kind in {JPEG, PNG}:
            raise UnusableEvidence(_DAMAGED) from error
        what = "of another type" if kind is None else kind.name
        raise UnusableEvidence(f"The file is {what}. Banks take a PDF, a JPEG or a PNG.") from error
    width, height = opened.size
    if width * height > _PIXELS_MOST:
        raise UnusableEvidence(f"The picture has {width} x {height} pixels. Make it smaller.")
    mime_type = _PICTURES[str(opened.format)]
    try:
        # Checks the checksums of a PNG. Nothing is decoded, so that no picture takes a gateway's memory.
        opened.verify()
    except Exception as error:
        raise UnusableEvidence(_DAMAGED) from error
    return mime_type


def _pages(data: bytes) -> int:
    """Return a PDF's pages.

    The provider counts again and refuses what is wrong, so this need not be a whole reader of PDFs: it finds the page tree's
    count, and takes the pages that it sees if there is none.
    """
    if _ENCRYPTED.search(data):
        raise UnusableEvidence("The PDF is locked by a password. Banks cannot open it. Save it without one.")
    tree, seen = 0, 0
    for part in (data, *_unpacked(data)):
        for found in _TREE.finditer(part):
            begin = max(part.rfind(b" obj", 0, found.start()), found.start() - _NEAR, 0)
            end = part.find(b"endobj", found.end(), found.end() + _NEAR)
            node = part[begin : end if end >= 0 else found.end() + _NEAR]
            tree = max([tree, *(int(count[1]) for count in _COUNT.finditer(node))])
        seen += sum(1 for _ in _PAGE.finditer(part))
    # A document that was edited holds former pages too, and bookmarks have a count of their own: the smaller one is true.
    pages = min(filter(None, (tree, seen)), default=0)
    if pages == 0:
        raise UnusableEvidence("The PDF has no page that can be read. Export it once more.")
    if pages > PAGES_MOST:
        raise UnusableEvidence(
            f"The PDF has {pages} pages. Banks take {PAGES_MOST} at most. Keep the pages that matter."
        )
    return pages


def _unpacked(data: bytes) -> Iterator[bytes]:
    left = _UNPACKED_MOST
    for found in _PACKED.finditer(data):
        unpacker = zlib.decompressobj()
        try:
            part = unpacker.decompress(data[found.end() :], left)
        except zlib.error:
            continue
        left -= len(part)
        yield part
        if left <= 0:
            return
