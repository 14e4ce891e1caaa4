"""Perceptual fingerprints of photos on the web."""

import asyncio
import io
import logging
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from PIL import Image

from domain.kernel import Transient
from domain.media.ports import UnusableImage
from infra.adapters.media.studio.open_photo import FORMATS, MAX_PIXELS

logger = logging.getLogger(__name__)

LARGEST_BYTES = 15_000_000
AT_ONCE = 6
"""Downloads in flight."""
CACHED = 2_000
"""Fingerprints kept in memory, so that similar searches do not download the same photos again."""


class HttpFingerprints:
    """Implements :class:`domain.sourcing.ports.ImageFingerprints`: pHash (DCT, 64 bits) of the photo at a URL.

    Args:
        fetch: downloads a URL with time-outs and address checks, such as ``ImageFetcher.fetch``.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]]) -> None:
        self._fetch = fetch
        self._cache: OrderedDict[str, int] = OrderedDict()
        self._downloads = asyncio.Semaphore(AT_ONCE)

    async def fingerprint(self, url: str) -> int | None:
        """Return the hash; None if the photo cannot be fetched or read, so that it is not compared."""
        if url in self._cache:
            self._cache.move_to_end(url)
            return self._cache[url]
        try:
            async with self._downloads:
                # The first photo of a process loads the library while it is downloaded.
                photo, _ = await asyncio.gather(self._fetch(url), asyncio.to_thread(_load))
                fingerprint = await asyncio.to_thread(_perceptual_hash, photo)
        except (Transient, UnusableImage, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as trouble:
            # Pillow raises SyntaxError for some broken PNGs.
            logger.info("No fingerprint of a supplier's photo: %s", trouble)
            return None
        self._cache[url] = fingerprint
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return fingerprint


def _load() -> None:
    """Import what hashes photos: twenty megabytes that a process without a generation does not need."""
    import imagehash  # noqa: F401, PLC0415
    import scipy.fftpack  # noqa: F401, PLC0415 - imagehash imports it with the first hash


def _perceptual_hash(photo: bytes) -> int:
    import imagehash  # noqa: PLC0415

    if len(photo) > LARGEST_BYTES:
        raise ValueError(f"{len(photo)} bytes are more than {LARGEST_BYTES}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # The same limits as the studio: no decompression bombs, and no formats with rarely audited decoders.
        with Image.open(io.BytesIO(photo), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels are more than {MAX_PIXELS}")
            # JPEGs decode cheaply at a fraction of their size; the hash uses only 32 x 32 pixels.
            image.draft("L", (256, 256))
            return int(str(imagehash.phash(image.convert("L"))), 16)
