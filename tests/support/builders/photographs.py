"""Photos as bytes, valid and invalid."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw


def product_photo(width: int = 600, height: int = 450, *, mode: str = "RGB", ground: str = "#f2f2f0") -> Image.Image:
    """Return a picture of a red pot on a plain ground. Any model recognizes the pot as the product."""
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.3, height * 0.2, width * 0.7, height * 0.5), fill="#7a1f12")
    draw.rectangle((width * 0.3, height * 0.35, width * 0.7, height * 0.85), fill="#b8402a")
    draw.rectangle((width * 0.27, height * 0.33, width * 0.73, height * 0.42), fill="#c8563f")
    return image.convert(mode)


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """Return a picture as a file of that format."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_of(width: int, height: int, *, body: bytes = b"") -> bytes:
    """Return a black PNG with one bit per pixel, which has a few kilobytes even if it is huge."""
    rows = body or zlib.compress((b"\0" + bytes(-(-width // 8))) * height, 9)
    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    """Return the picture in a file, decoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
