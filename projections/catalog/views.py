"""What the catalogue read model tells: stores, pages, products, variants, images and media assets.

All frozen. Times are aware UTC; money is in the product's currency; an absent thing is ``None``, never an empty string.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel import Value
from domain.media.events import MediaType, Operation, RejectionReason, Rendition
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import ProductStatus, WinningScore
from domain.store.brand import BrandIdentity, NameOption
from domain.store.events import CopyScores, PageType, Preferences, StoreStatus, SupplierReport


class BrandResult(Value):
    """A store's brand, and how the brand writer came to it."""

    identity: BrandIdentity
    options: list[NameOption]
    """The five names that were weighed."""
    reason: str
    """Why this name, for the merchant."""
    written_by: str
    """``house`` or a model's name."""
    generation_id: UUID
    attempt: int


class ScoutingResult(Value):
    """What the last scouting of a store found. Each product's score terms are on the product."""

    keywords: list[str]
    suppliers: list[SupplierReport]
    candidates: int
    duplicates: int
    product_ids: list[UUID]
    generation_id: UUID
    attempt: int


class CopyNotes(Value):
    """What was written beside a product's title and description, by a copywriter or the merchant."""

    features: list[str]
    benefits: list[str]
    call_to_action: str
    scores: CopyScores | None
    written_by: str


class Source(Value):
    """Where a product comes from, and why it was chosen."""

    provider: SupplierProvider
    source_id: str
    url: str | None
    generation_id: UUID
    shipping_days: tuple[int, int]
    score: WinningScore


class StudioNotes(Value):
    """What the studio did to an image."""

    operations: list[Operation]
    source_sha256: str
    source_width: int
    source_height: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreView:
    """A store (the product document's ``Store``)."""

    id: UUID
    merchant_id: UUID
    """The owner (``userId``)."""
    name: str
    """The brand's name; before there is one, the name that was asked for, or the niche."""
    slug: str | None
    """Host label of the storefront and ``subdomain``; ``None`` until the brand is chosen."""
    description: str | None
    """The brand's story."""
    niche: str
    status: StoreStatus
    approved: bool
    preferences: Preferences
    """What was asked for beyond the niche (``settings``)."""
    brand: BrandResult | None
    scouting: ScoutingResult | None
    custom_domain: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    """When the storefront was opened last."""
    currency: str | None
    """What it sells in, an ISO 4217 code; ``None`` while it has no products."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A content page (``Page``)."""

    id: UUID
    store_id: UUID
    type: PageType
    title: str
    slug: str
    content: str
    """Markdown."""
    scores: CopyScores
    written_by: str
    """``house``, a model's name, or ``merchant``."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A product (``Product``) without its images and variants, which have loaders of their own."""

    id: UUID
    store_id: UUID
    status: ProductStatus
    """``OUT_OF_STOCK`` when it is active and nothing is available."""
    title: str
    slug: str
    description: str
    """Markdown; the supplier's text until copy is written."""
    features: tuple[str, ...]
    benefits: tuple[str, ...]
    call_to_action: str | None
    meta_title: str | None
    meta_description: str | None
    copy_scores: CopyScores | None
    copy_written_by: str | None
    """``house``, a model's name, or ``merchant``."""
    category: str | None
    tags: tuple[str, ...]

    source_provider: SupplierProvider | None
    """``None`` when the merchant added it by hand; so are the other source fields."""
    source_id: str | None
    source_url: str | None
    original_title: str
    original_description: str
    generation_id: UUID | None
    score: WinningScore | None
    """Why it was chosen, term by term."""
    shipping_days: tuple[int, int] | None
    """Fewest and most days from order to delivery."""

    cost: Money
    price: Money
    compare_at: Money | None
    """The former price: the lowest of the 30 days before the reduction, from the store's own history."""

    on_hand: int
    """Over all variants, what lies in stock (``stockQuantity``)."""
    available: int
    """``on_hand`` less what is kept for unpaid orders; never below zero."""
    short: int
    """How many pieces orders were promised that are not there: missing from paid orders since the last count, or kept by
    unpaid ones beyond what is on hand."""
    track_inventory: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """One thing that can be bought (``ProductVariant``)."""

    id: UUID
    product_id: UUID
    position: int
    sku: str | None
    title: str
    options: Mapping[str, str]
    price: Money
    compare_at: Money | None
    """The former price; it lies as far from the product's as the price does."""
    cost: Money
    on_hand: int
    """``stock`` of the product document."""
    available: int
    short: int
    """See :attr:`ProductView.short`."""
    created_at: datetime
    updated_at: datetime


class ImageState(StrEnum):
    """Where an image stands."""

    ORIGINAL = "ORIGINAL"
    """Only the supplier's photo is known; the studio was not asked yet."""
    REQUESTED = "REQUESTED"
    PROCESSED = "PROCESSED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """A product's image (``ProductImage``). Show it when ``renditions`` is not empty."""

    id: UUID
    product_id: UUID
    position: int
    original_url: str
    """The supplier's photo."""
    alt_text: str
    status: ImageState
    renditions: Mapping[str, Rendition]
    """``thumbnail``, ``medium``, ``large`` to their media store keys; kept while the image is processed anew."""
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def processed_key(self) -> str | None:
        """Media store key of the largest rendition (``processedUrl``)."""
        large = self.renditions.get("large")
        return None if large is None else large.key


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAssetView:
    """A file of a store (``MediaAsset``): every image the studio was given, and the logo."""

    id: UUID
    """For images, the image's own id (also what ``/api/v1/images/jobs/{id}`` names)."""
    store_id: UUID
    product_id: UUID | None
    type: MediaType
    status: ImageState
    """A logo is always ``PROCESSED``."""
    filename: str
    mime_type: str | None
    """``None`` until it is processed; so are size, key, width and height."""
    size_bytes: int | None
    key: str | None
    """Media store key of the largest rendition; ``None`` for a logo, whose file is ``content``."""
    content: str | None
    """A logo's SVG document, inline."""
    original_url: str | None
    alt_text: str
    width: int | None
    height: int | None
    renditions: Mapping[str, Rendition]
    operations: tuple[Operation, ...]
    """What the studio really did."""
    ground: str | None
    """The colour it was put on."""
    source_sha256: str | None
    source_width: int | None
    source_height: int | None
    seconds: float | None
    """How long the studio took."""
    attempt: int
    generation_id: UUID | None
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime


class ProductSort(StrEnum):
    """Orders in which products can be listed; ties go by id."""

    NEWEST = "NEWEST"
    PRICE_LOW = "PRICE_LOW"
    PRICE_HIGH = "PRICE_HIGH"
    TITLE = "TITLE"
    SCORE = "SCORE"
    """Best winning score first; products without one last."""


ON_SALE = frozenset({ProductStatus.ACTIVE, ProductStatus.OUT_OF_STOCK})
"""What shoppers may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Which products are wanted; what is left out does not narrow."""

    statuses: frozenset[ProductStatus] = frozenset()
    category: str | None = None
    price_min: int | None = None
    """Minor units, inclusive."""
    price_max: int | None = None
    """Minor units, inclusive."""
    text: str | None = None
    """Each word is found in title, description, category or tags, whatever its case and accents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCount:
    """A category and how many of the asked-for products are in it."""

    category: str
    products: int
