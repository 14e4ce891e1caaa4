"""Processes one photo, from its bytes to the renditions."""

import io
from collections.abc import Sequence

from PIL import Image, ImageFilter, ImageOps

from domain.media.events import ImageVersion, Operation
from domain.media.ports import RenderedImage, StudioResult
from infra.adapters.media.studio.color_correction import apply_table, correction
from infra.adapters.media.studio.compositing import compose
from infra.adapters.media.studio.cutout import Cutout, cut_out
from infra.adapters.media.studio.mask import Predict
from infra.adapters.media.studio.open_photo import LARGEST, Photo, open_photo
from infra.adapters.media.studio.plain_background import extend_to_square

SIZES = {"thumbnail": 320, "small": 640, "medium": 800, "large": LARGEST}
"""Sides in pixels. ``small`` is for a phone's whole width; half a phone needs a thumbnail."""
QUALITY = {"thumbnail": 74, "small": 74, "medium": 82, "large": 82}
"""Of WebP. Phones show two or three pixels of the small sizes in the place of one, which hides what they lose."""
NEARLY_SQUARE = 1.15
"""Ratio of the sides up to which a photo is cropped to a square."""
COARSE, BLUR = 8, 0.04
"""Bands are blurred at this fraction of the size, with this share of the side as radius."""
EFFORT = {"thumbnail": 4, "small": 4, "medium": 2, "large": 2}
"""WebP's method: 4 takes twice the time for a few percent, which only small photos are worth."""


def process_photo(data: bytes, *, operations: Sequence[Operation], ground: str, predict: Predict) -> StudioResult:
    """Produce all renditions of a photo, and of its other version if the merchant is asked to choose.

    Args:
        data: the file as it was downloaded.
        operations: the requested operations. An operation that cannot be done well is skipped; the result lists the others.
        ground: the background color, ``#rrggbb``.
        predict: the network.

    Raises:
        UnusableImage: not an image, corrupt, too small, or a decompression bomb.
    """
    photo = open_photo(data)
    cut, review = cut_out(photo, predict) if Operation.REMOVE_BACKGROUND in operations else (None, None)
    shown = cut if review is not None and review.shown is ImageVersion.CUTOUT else None
    picture, done = _picture(photo, shown, operations, ground)
    other: tuple[RenderedImage, ...] = ()
    if cut is not None and review is not None and review.needs_review:
        other = render_sizes(_picture(photo, cut, operations, ground)[0], sharpen=Operation.SHARPEN in operations)
    return StudioResult(
        renditions=render_sizes(picture, sharpen=Operation.SHARPEN in operations),
        source_size=photo.source_size,
        operations=tuple(operation for operation in Operation if operation in done),
        review=review,
        other_renditions=other,
    )


def _picture(
    photo: Photo, cut: Cutout | None, operations: Sequence[Operation], ground: str
) -> tuple[Image.Image, list[Operation]]:
    """Return the square picture of a cut-out, or of the whole photo, and the operations that were applied."""
    picture = photo.image if cut is None else cut.image
    done = [] if cut is None else [Operation.REMOVE_BACKGROUND]
    table = (
        correction(photo.image, None if cut is None else cut.image) if Operation.CORRECT_COLOUR in operations else None
    )
    if table is not None:
        picture = apply_table(picture, table)
        done.append(Operation.CORRECT_COLOUR)
    if Operation.SHARPEN in operations:
        picture = sharpen_picture(picture)
        done.append(Operation.SHARPEN)
    if cut is None:
        return _square(picture), done
    if Operation.PLACE_ON_GROUND in operations:
        done.append(Operation.PLACE_ON_GROUND)
        return compose(Cutout(picture, cut.cropped), ground, at_most=max(photo.source_size)), done
    return _on_plain(picture, ground), done


def sharpen_picture(picture: Image.Image) -> Image.Image:
    """Return a slightly sharper picture; the threshold keeps plain grounds free of noise."""
    result = picture.convert("RGB").filter(ImageFilter.UnsharpMask(radius=1.1, percent=45, threshold=2))
    if picture.mode == "RGBA":
        result.putalpha(picture.getchannel("A"))
    return result


def _square(image: Image.Image) -> Image.Image:
    """Return an uncut photo as a square that shows all of it.

    A plain background continues. Else a nearly square photo loses its margins, and another one gets blurred bands of
    itself: its middle alone may lack a part of the product.
    """
    extended = extend_to_square(image)
    if extended is not None:
        return extended
    if max(image.size) <= NEARLY_SQUARE * min(image.size):
        return ImageOps.fit(image, (min(image.size),) * 2, Image.Resampling.LANCZOS)
    side = max(image.size)
    coarse = ImageOps.fit(image, (max(1, side // COARSE),) * 2).filter(ImageFilter.GaussianBlur(BLUR * side / COARSE))
    square = coarse.resize((side, side), Image.Resampling.BICUBIC)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def _on_plain(cut: Image.Image, ground: str) -> Image.Image:
    """Return a cut-out in the middle of a plain square."""
    side = max(cut.size)
    canvas = Image.new("RGB", (side, side), ground)
    canvas.paste(cut.convert("RGB"), ((side - cut.width) // 2, (side - cut.height) // 2), cut.getchannel("A"))
    return canvas


def render_sizes(picture: Image.Image, *, sharpen: bool) -> tuple[RenderedImage, ...]:
    """Return the renditions, small to large. Each is scaled from the next larger one; none is enlarged."""
    renditions: list[RenderedImage] = []
    scaled = picture
    for name, most in reversed(SIZES.items()):
        side = min(most, picture.width)
        shown = scaled
        if side < scaled.width:
            scaled = scaled.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            # After scaling, which softens.
            shown = sharpen_picture(scaled) if sharpen else scaled
        buffer = io.BytesIO()
        shown.save(buffer, "WEBP", quality=QUALITY[name], method=EFFORT[name])
        renditions.append(
            RenderedImage(name=name, data=buffer.getvalue(), width=side, height=side, mime_type="image/webp")
        )
    return tuple(reversed(renditions))
