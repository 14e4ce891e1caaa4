"""Checks uploaded photos: type, size and pixels, before they are stored."""

import io

from PIL import Image

from domain.media.events import RejectionReason
from domain.media.ports import UPLOAD_MOST, UnusableImage
from infra.adapters.media.studio.formats import FIRST_BYTES, JPEG, PNG, WEBP, format_of
from infra.adapters.media.studio.open_photo import check_size

_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def check_photo(data: bytes) -> str:
    """Return a photo's MIME type, read from its bytes. Only the header is decoded; the studio finds damage.

    Raises:
        UnusableImage: not a JPEG, PNG or WebP, damaged at its beginning, too large, too small, or too many pixels.
    """
    if len(data) > UPLOAD_MOST:
        raise UnusableImage(
            RejectionReason.TOO_LARGE,
            f"The photo has {len(data) / 1024 / 1024:.1f} MB; {UPLOAD_MOST // 1024 // 1024} MB is the most.",
        )
    try:
        opened = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except Image.DecompressionBombError as error:
        raise UnusableImage(RejectionReason.TOO_LARGE, "The photo unpacks to too many pixels.") from error
    except Exception as error:  # decoders may raise any exception for invalid data
        kind = format_of(data[:FIRST_BYTES])
        if kind in {JPEG, PNG, WEBP}:
            message = "The photo is damaged at its beginning. Export it once more."
            raise UnusableImage(RejectionReason.CORRUPT, message) from error
        what = "not a photo" if kind is None else kind.name
        raise UnusableImage(
            RejectionReason.UNSUPPORTED_FORMAT, f"The file is {what}. Send a JPEG, a PNG or a WebP."
        ) from error
    check_size(opened.size)
    return _TYPES[str(opened.format)]
