"""What shoppers see of an image, as a value: for drafts and their comparison with the live image."""

from uuid import UUID

from pydantic import JsonValue

from domain.kernel import Value
from domain.media.aggregate import Image
from domain.media.events import CutoutReview, ImageProcessed, ImageVersion, Operation, Rendition


class Picture(Value):
    """A processed picture, whole."""

    picture_id: UUID
    """The image that the studio made."""
    renditions: list[Rendition]
    other_renditions: list[Rendition] = []
    shown: ImageVersion
    source_sha256: str
    source_width: int
    source_height: int
    operations: list[Operation]
    review: CutoutReview | None = None
    alt_text: str | None = None
    """None in proposals of older drafts: the text stays as it is."""

    @classmethod
    def of(cls, event: ImageProcessed, alt_text: str) -> "Picture":
        """Return what the studio made, with the words that describe it."""
        return cls(
            picture_id=event.originator_id,
            renditions=event.renditions,
            other_renditions=event.other_renditions,
            shown=event.shown,
            source_sha256=event.source_sha256,
            source_width=event.source_width,
            source_height=event.source_height,
            operations=event.operations,
            review=event.review,
            alt_text=alt_text,
        )


def picture_value(image: Image) -> JsonValue:
    """Return which picture an image shows: equal as long as shoppers see the same."""
    return {"picture_id": str(image.picture_id or image.id), "attempt": image.attempt, "shown": image.shown}
