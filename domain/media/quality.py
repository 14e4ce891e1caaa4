"""How good a picture is for the first places of a shop."""

from domain.media.events import CutoutReview, ImageVersion

COMFORTABLE = 1000
"""Pixels of a photo's shorter side from which more do not count."""
SMALLEST = 200
WHOLE, DOUBTFUL = 0.6, 0.4
"""Quality of a large photo that is kept whole: by choice, and because its cut-out is doubtful."""


def picture_quality(
    source_size: tuple[int, int], *, shown: ImageVersion, review: CutoutReview | None, chosen: bool
) -> float:
    """Return a picture's quality from 0 to 1.

    A clear cut-out counts most, then what the merchant chose, then a whole photo. A small photo counts up to half less.

    Args:
        source_size: width and height of the supplier's photo in pixels.
        shown: the version that shoppers see.
        review: the studio's judgment; None if there is none.
        chosen: whether the merchant chose the version.
    """
    room = (min(source_size) - SMALLEST) / (COMFORTABLE - SMALLEST)
    size = 0.5 + 0.5 * min(1.0, max(0.0, room))
    if shown is ImageVersion.CUTOUT:
        kind = 1.0 if chosen or review is None else 0.7 + 0.3 * review.confidence
    else:
        kind = DOUBTFUL if review is not None and not chosen else WHOLE
    return round(kind * size, 3)
