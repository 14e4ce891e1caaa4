"""Perceptual fingerprints of photos on the web."""

import asyncio
import io
import logging
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import imagehash
from PIL import Image

from domain.kernel import Transient
from domain.media.ports import UnusableImage
from infra.adapters.media.studio.open_photo import FORMATS, MAX_PIXELS

logger = logging.getLogger(__name__)

LARGEST_BYTES = 15_000_000
AT_ONCE = 6
"""Downloads in flight."""
REMEMBERED = 2_000
"""Addresses whose fingerprint is kept, so that near searches do not fetch the same photos again."""


class HttpFingerprints:
    """Implements :class:`domain.sourcing.ports.ImageFingerprints`: pHash (DCT, 64 bits) of what an address serves.

    Args:
        fetch: downloads an address, with time-outs and address rules; ``ImageFetcher.fetch`` fits.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]]) -> None:
        self._fetch = fetch
        self._known: OrderedDict[str, int] = OrderedDict()
        self._downloads = asyncio.Semaphore(AT_ONCE)

    async def fingerprint(self, url: str) -> int | None:
        """Return the hash, or None for whatever trouble: a photo nobody can compare is merely not compared."""
        if url in self._known:
            self._known.move_to_end(url)
            return self._known[url]
        try:
            async with self._downloads:
                found = await asyncio.to_thread(_perceptual_hash, await self._fetch(url))
        except (Transient, UnusableImage, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as trouble:
            # Pillow raises SyntaxError for some broken PNGs.
            logger.info("No fingerprint of a supplier's photo: %s", trouble)
            return None
        self._known[url] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found


def _perceptual_hash(photo: bytes) -> int:
    if len(photo) > LARGEST_BYTES:
        raise ValueError(f"{len(photo)} bytes are more than {LARGEST_BYTES}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # What the studio would refuse is not decoded here either: a bomb, or a format with a decoder less looked at.
        with Image.open(io.BytesIO(photo), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels are more than {MAX_PIXELS}")
            # JPEGs decode at a fraction of their size for free; the hash looks at 32 x 32 pixels anyway.
            image.draft("L", (256, 256))
            return int(str(imagehash.phash(image.convert("L"))), 16)
