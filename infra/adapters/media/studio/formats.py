"""Detects a file's format by its first bytes; names and labels are not reliable."""

from dataclasses import dataclass

FIRST_BYTES = 512
"""How many bytes are enough to detect the format."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format that people submit as a photo."""

    name: str
    """The name with its article: ``a HEIC photo``."""
    is_image: bool = True
    is_readable: bool = False
    """Whether the studio can open it."""


JPEG = FileFormat("a JPEG", is_readable=True)
PNG = FileFormat("a PNG", is_readable=True)
WEBP = FileFormat("a WebP", is_readable=True)
WEB_PAGE = FileFormat("a web page", is_image=False)
PDF = FileFormat("a PDF", is_image=False)
VIDEO = FileFormat("a video", is_image=False)
SVG = FileFormat("an SVG drawing")
HEIC = FileFormat("a HEIC photo")
HEIF = FileFormat("a HEIF photo")
JPEG_XL = FileFormat("a JPEG XL photo")
PHOTOSHOP = FileFormat("a Photoshop file")
AVIF = FileFormat("an AVIF photo", is_readable=True)

_AT_START: tuple[tuple[bytes, FileFormat], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF8", FileFormat("a GIF", is_readable=True)),
    (b"II*\0", FileFormat("a TIFF", is_readable=True)),
    (b"MM\0*", FileFormat("a TIFF", is_readable=True)),
    (b"BM", FileFormat("a BMP", is_readable=True)),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL ", JPEG_XL),
    (b"8BPS", PHOTOSHOP),
    (b"%PDF", PDF),
    (b"\x1a\x45\xdf\xa3", VIDEO),
)
_IN_TEXT: tuple[tuple[bytes, FileFormat], ...] = (
    (b"<!doctype html", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"<svg", SVG),
)

# Brands of the ISO base media file format (ISO/IEC 14496-12); HEIC brands from ISO/IEC 23008-12, annex B.
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})


def format_of(start: bytes) -> FileFormat | None:
    """Return a file's format; None if the first bytes are unknown."""
    if start[4:8] == b"ftyp":
        return _format_of_brands(start)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    for mark, format in _AT_START:
        if start.startswith(mark):
            return format
    text = start[:FIRST_BYTES].lower()
    return next((format for mark, format in _IN_TEXT if mark in text), None)


def _format_of_brands(start: bytes) -> FileFormat:
    # The major brand, its version, then the brands that the file is compatible with.
    end = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, end, 4))}
    for known, format in ((_AVIF_BRANDS, AVIF), (_HEIC_BRANDS, HEIC), (_HEIF_BRANDS, HEIF)):
        if brands & known:
            return format
    return VIDEO
