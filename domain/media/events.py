"""What can happen to an image."""

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
    """What the studio can do to an image, in the order it does it."""

    REMOVE_BACKGROUND = "REMOVE_BACKGROUND"
    PLACE_ON_GROUND = "PLACE_ON_GROUND"
    CORRECT_COLOUR = "CORRECT_COLOUR"
    SHARPEN = "SHARPEN"


class RejectionReason(StrEnum):
    """Why an image could not be used."""

    NOT_FOUND = "NOT_FOUND"
    UNREACHABLE = "UNREACHABLE"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    TOO_LARGE = "TOO_LARGE"
    TOO_SMALL = "TOO_SMALL"
    CORRUPT = "CORRUPT"
    NO_SUBJECT = "NO_SUBJECT"
    """Nothing was left after the background was removed."""
    FORBIDDEN_ADDRESS = "FORBIDDEN_ADDRESS"


class Rendition(Value):
    """One exported size."""

    name: str
    """``thumbnail``, ``medium`` or ``large``."""
    key: str
    """Content-addressed key in the media store, ``sha256/ab/abcd….webp``."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    size_bytes: int
    mime_type: str = "image/webp"


class ImageProcessingRequested(DomainEvent, wire_name="media.image_processing_requested.v1"):
    """An image is to be processed. Also routed to the work topic, keyed by image."""

    store_id: UUID
    product_id: UUID | None
    """Whose image it is; null for one that belongs to no product."""
    generation_id: UUID | None
    """For which generation; null for requests by hand."""
    attempt: int
    """The generation step's attempt, or 1 upwards for requests by hand."""
    source_url: str
    """Where the photo is fetched from."""
    alt_text: str
    position: int
    """Its place among the product's images, 0 first."""
    operations: list[Operation]
    """What is to be done."""
    ground: HexColor
    """The brand-fitting colour the product is to stand on."""


class ImageProcessed(DomainEvent, wire_name="media.image_processed.v1"):
    """The studio finished an image; its renditions are in the media store."""

    renditions: list[Rendition]
    source_sha256: str
    """Of the photo as it was fetched, in hexadecimal digits."""
    source_width: int
    """Pixels."""
    source_height: int
    """Pixels."""
    operations: list[Operation]
    """What was really done."""
    seconds: float
    """How long the studio took."""


class ImageRejected(DomainEvent, wire_name="media.image_rejected.v1"):
    """The image cannot be used; its product keeps the others."""

    reason: RejectionReason
    message: str
    """For the merchant."""


MediaEvent = ImageProcessingRequested | ImageProcessed | ImageRejected
