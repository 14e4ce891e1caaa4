"""A JPEG of a stored picture: what social networks and messengers show of a link; many of them read no WebP."""

import io

from PIL import Image

LONGEST = 1200
"""Pixels of the longer side, which is what the networks ask for."""
QUALITY = 84


def social_jpeg(data: bytes) -> bytes:
    """Return a picture of the media store as a JPEG on white.

    Raises:
        OSError: the data is not a picture; retrying cannot help.
    """
    with Image.open(io.BytesIO(data)) as opened:
        opened.thumbnail((LONGEST, LONGEST))
        picture = opened.convert("RGBA")
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    made = io.BytesIO()
    ground.save(made, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return made.getvalue()
