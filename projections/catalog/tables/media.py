"""The rows and tables of photos and logos."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.media.events import MediaType
from projections.catalog.views import ImageState
from projections.engine.tables import Json, Table
from projections.engine.tally import Tally


@dataclass(slots=True)
class MediaRow:
    """A product's image, an image without a product, or a logo."""

    id: UUID
    store_id: UUID
    product_id: UUID | None
    type: MediaType
    status: ImageState
    position: int
    original_url: str | None
    alt_text: str
    content: str | None
    renditions: Json
    ground: str | None
    studio: Json | None
    """``views.StudioNotes``; None until the image is processed."""
    review: Json | None
    """``domain.media.events.CutoutReview``; None if no cut-out was requested."""
    shown: str | None
    """``domain.media.events.ImageVersion``; None until the image is processed."""
    other_renditions: Json
    """The version that is not shown."""
    quality: float | None
    """``domain.media.quality.picture_quality``; None until the image is processed."""
    attempt: int
    generation_id: UUID | None
    draft_id: UUID | None
    """The draft that it was made for; None for an image of the store."""
    rejection: str | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class MediaCountsRow:
    """How many media assets a store has, without those of drafts, so that no query counts them."""

    store_id: UUID
    counts: Tally
    """By type, and in each by status."""


@dataclass(slots=True)
class StudioMonthRow:
    """How long the studio worked for a store in a month, so that no query adds up images."""

    store_id: UUID
    month: date
    """Its first day, in UTC."""
    seconds: float


MEDIA = Table(
    "media",
    MediaRow,
    hot=(
        "product_id",
        "status",
        "position",
        "original_url",
        "alt_text",
        "content",
        "renditions",
        "ground",
        "studio",
        "review",
        "shown",
        "other_renditions",
        "quality",
        "attempt",
        "generation_id",
        "draft_id",
        "rejection",
        "rejection_message",
        "updated_at",
    ),
    indexes=(
        "create index on media (store_id, type, status, created_at, id) where draft_id is null",
        "create index on media (generation_id) where studio is not null",
        "create index on media (product_id) where product_id is not null",
        # Photos of products that can be shown.
        "create index on media (store_id) where product_id is not null and renditions <> '[]'::jsonb",
    ),
)
MEDIA_COUNTS = Table("media_counts", MediaCountsRow, key=("store_id",), hot=("counts",))
STUDIO_MONTHS = Table("studio_months", StudioMonthRow, key=("store_id", "month"), hot=("seconds",))
