"""Events of an image."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.store.brand import HexColor


class MediaType(StrEnum):
    """The kinds of media asset."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    LOGO = "LOGO"
    BACKGROUND = "BACKGROUND"


class Operation(StrEnum):
    """The studio's operations on an image, in the order in which they run."""

    REMOVE_BACKGROUND = "REMOVE_BACKGROUND"
    PLACE_ON_GROUND = "PLACE_ON_GROUND"
    CORRECT_COLOUR = "CORRECT_COLOUR"
    SHARPEN = "SHARPEN"


class RejectionReason(StrEnum):
    """Why an image cannot be used."""

    NOT_FOUND = "NOT_FOUND"
    UNREACHABLE = "UNREACHABLE"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    TOO_LARGE = "TOO_LARGE"
    TOO_SMALL = "TOO_SMALL"
    CORRUPT = "CORRUPT"
    NO_SUBJECT = "NO_SUBJECT"
    """Removing the background left nothing."""
    FORBIDDEN_ADDRESS = "FORBIDDEN_ADDRESS"
    BUDGET = "BUDGET"
    """The merchant's plan allows no more time in the studio."""


class ImageVersion(StrEnum):
    """The versions of an image that a merchant chooses from."""

    CUTOUT = "CUTOUT"
    """The product on the brand's ground."""
    ORIGINAL = "ORIGINAL"
    """The whole photo, squared and with corrected colors."""


class CutoutReview(Value):
    """The studio's judgment of a cut-out."""

    confidence: float
    """How likely the mask is right, from 0 to 1."""
    shown: ImageVersion
    """The version that shoppers see until the merchant chooses another."""
    needs_review: bool = False
    """Whether the merchant is asked to choose."""
    reason: str = ""
    """What is doubtful, for the merchant; empty if the cut-out is clear."""
    signals: dict[str, float] = {}
    """The measured signals by name, each from 0 (no doubt) to 1: ``{"cut_edges": 0.2}``."""


class Rendition(Value):
    """One exported size of an image."""

    name: str
    """``thumbnail``, ``small``, ``medium`` or ``large``."""
    key: str
    """Content-addressed key in the media store, ``sha256/ab/abcd….webp``."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    size_bytes: int
    mime_type: str = "image/webp"


def version_shown(review: CutoutReview | None, operations: Sequence[Operation]) -> ImageVersion:
    """Return the version that shoppers see first. Folds call this, because their events have fields and no properties."""
    if review is not None:
        return review.shown
    return ImageVersion.CUTOUT if Operation.REMOVE_BACKGROUND in operations else ImageVersion.ORIGINAL


class ImageProcessingRequested(DomainEvent, wire_name="media.image_processing_requested.v1"):
    """An image's processing was requested. The work topic receives the event too, keyed by image."""

    store_id: UUID
    product_id: UUID | None
    """The product that the image shows; null if it shows none."""
    generation_id: UUID | None
    """The generation whose images step requested it; null if the merchant requested it."""
    attempt: int
    """The images step's attempt, or 1 upwards for the merchant's requests."""
    source_url: str
    """The address that the photo is downloaded from."""
    alt_text: str
    position: int
    """The image's place among the product's images, 0 first."""
    operations: list[Operation]
    """The requested operations."""
    ground: HexColor
    """The background color behind the product, chosen to fit the brand."""
    draft_id: UUID | None = None
    """The draft that the image is made for: it waits beside the live one, and shows no product. Null for a live image."""


class ImageProcessed(DomainEvent, wire_name="media.image_processed.v1"):
    """The studio processed an image; the media store holds its renditions."""

    renditions: list[Rendition]
    source_sha256: str
    """SHA-256 of the downloaded photo, in hexadecimal digits."""
    source_width: int
    """Pixels."""
    source_height: int
    """Pixels."""
    operations: list[Operation]
    """The operations that were applied."""
    seconds: float
    """The studio's processing time."""
    review: CutoutReview | None = None
    """Null if no cut-out was requested, and in older events."""
    other_renditions: list[Rendition] = []
    """The version that is not shown; stored only if the merchant is asked to choose."""

    @property
    def shown(self) -> ImageVersion:
        """The version that ``renditions`` has."""
        return version_shown(self.review, self.operations)


class ImageVersionChosen(DomainEvent, wire_name="media.image_version_chosen.v1"):
    """The merchant looked at an image and chose the version that shoppers see."""

    version: ImageVersion


class ImageReplaced(DomainEvent, wire_name="media.image_replaced.v1"):
    """The merchant accepted another picture in the place of this one."""

    picture_id: UUID
    """The image that was made for the draft."""
    renditions: list[Rendition]
    other_renditions: list[Rendition] = []
    """The version that is not shown."""
    shown: ImageVersion
    source_sha256: str
    source_width: int
    """Pixels."""
    source_height: int
    """Pixels."""
    operations: list[Operation]
    review: CutoutReview | None = None
    alt_text: str | None = None
    """What the picture shows, in words; null if that stays as it was."""


class ImageRejected(DomainEvent, wire_name="media.image_rejected.v1"):
    """The image cannot be used; its product keeps its other images."""

    reason: RejectionReason
    message: str
    """For the merchant."""


MediaEvent = ImageProcessingRequested | ImageProcessed | ImageVersionChosen | ImageReplaced | ImageRejected
