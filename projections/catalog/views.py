"""What queries of the catalog return: stores, pages, products, variants, images and media assets.

All frozen. Times are in UTC; money is in the product's currency; a missing value is None, never an empty string.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain.kernel import Value
from domain.media.events import ImageVersion, MediaType, Operation, RejectionReason
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import ProductStatus, WinningScore
from domain.shipping.rates import ShippingRates
from domain.store.aggregate import PROMISE_DAYS
from domain.store.brand import BrandIdentity, NameOption
from domain.store.collection_events import CollectionRule
from domain.store.domain_events import DomainProblem, DomainStatus
from domain.store.events import CopyScores, PageType, Preferences, StoreStatus, SupplierReport
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings


class BrandResult(Value):
    """A store's brand and why it was chosen."""

    identity: BrandIdentity
    options: list[NameOption]
    """The five candidate names."""
    reason: str
    """Why this name, for the merchant."""
    written_by: str
    """``house`` or a model's name."""
    generation_id: UUID
    attempt: int


class ScoutingResult(Value):
    """The result of a store's last scouting. The terms of each product's score are in the product."""

    keywords: list[str]
    suppliers: list[SupplierReport]
    candidates: int
    duplicates: int
    fitting: int | None = None
    """The number of different candidates that fit the niche; None for scoutings that did not measure it."""
    rejected: dict[str, int] = {}
    product_ids: list[UUID]
    generation_id: UUID
    attempt: int


class CopyNotes(Value):
    """The copy of a product besides title and description, from a copywriter or the merchant."""

    features: list[str]
    benefits: list[str]
    call_to_action: str
    scores: CopyScores | None
    written_by: str


class Source(Value):
    """The supplier of a product, and why the product was chosen."""

    provider: SupplierProvider
    source_id: str
    url: str | None
    generation_id: UUID
    shipping_days: tuple[int, int]
    score: WinningScore
    attributes: dict[str, str] = {}
    """Facts that the supplier states: ``{"Manufacturer": "Acme Ltd, Shenzhen"}``."""


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
    """The brand's name; until the brand exists, the requested name or the niche."""
    slug: str | None
    """The storefront's host label (``subdomain``); None until the brand is chosen."""
    description: str | None
    """The brand's story."""
    niche: str
    status: StoreStatus
    approved: bool
    preferences: Preferences
    """What the merchant requested besides the niche (``settings``)."""
    brand: BrandResult | None
    scouting: ScoutingResult | None
    custom_domain: str | None
    """The verified domain that is its canonical address; None for the address below the platform's domain."""
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    """When the storefront was last published."""
    currency: str | None
    """The ISO 4217 code of its prices; None while the store has no products."""
    contact_email: str | None = None
    """The address that shoppers write to; None if the merchant gave none with the store."""
    delivery_promise_days: int = PROMISE_DAYS
    """The most calendar days from an order to the shopper's door."""
    time_zone: str = "UTC"
    """The IANA time zone of the store's dates."""
    shipping: ShippingRates | None = None
    """Where it delivers and for how much; None until the merchant sets it."""
    returns: ReturnPolicy | None = None
    """The rules for returns; None until the merchant sets them."""
    taxes: TaxSettings | None = None
    """How taxes are known; None until the merchant sets it."""
    orders_at_suppliers: bool = False
    """Whether paid orders are placed at suppliers without asking."""
    business_country: str | None = None
    """ISO 3166-1 alpha-2 code of the merchant's business; None until it is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainView:
    """A domain that a store connected."""

    store_id: UUID
    name: str
    """In the ASCII form of DNS, in lower case."""
    status: DomainStatus
    token: str
    problem: DomainProblem | None
    """What the last check found wrong; None if nothing."""
    connected_at: datetime
    check_until: datetime
    """When the search for the proof ends."""
    verified_at: datetime | None
    off_at: datetime | None
    """When it is switched off, because its proof is lost; None unless that is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionView:
    """A merchant's own list of products."""

    id: UUID
    store_id: UUID
    title: str
    slug: str
    """Its address within the store, ``/collections/<slug>``."""
    text: str
    """Markdown; empty for none."""
    image_id: UUID | None
    rule: CollectionRule | None
    """Which products it has; None if the merchant lists them."""
    product_ids: tuple[UUID, ...]
    """In the merchant's order; empty with a rule."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryTextView:
    """The title, text and address of a category's page, as far as it has its own."""

    store_id: UUID
    category: str
    """The category's own slug, which its name makes."""
    slug: str
    """Its address within the store, ``/c/<slug>``."""
    title: str | None
    text: str | None
    """Markdown."""
    written_by: str | None
    """``house``, a model's name, or ``merchant``."""
    updated_at: datetime | None


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
    version: int = 1
    """The number of this text; see :class:`PageVersionView`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVersionView:
    """The text that a page had at one time."""

    page_id: UUID
    number: int
    """1 for the first text."""
    type: PageType
    title: str
    content: str
    """Markdown."""
    written_by: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A product (``Product``) without its images and variants, which have their own queries."""

    id: UUID
    store_id: UUID
    status: ProductStatus
    """``OUT_OF_STOCK`` if the product is active and nothing is available."""
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
    """None if the merchant added the product by hand; so are the other source fields."""
    source_id: str | None
    source_url: str | None
    original_title: str
    original_description: str
    generation_id: UUID | None
    score: WinningScore | None
    """Why the product was chosen, term by term."""
    shipping_days: tuple[int, int] | None
    """Fewest and most days from order to delivery."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    """Facts that the supplier states."""

    cost: Money
    price: Money
    compare_at: Money | None
    """The former price: the store's lowest price of the 30 days before the reduction."""
    price_range: tuple[Money, Money]
    """The lowest and the highest price of its variants."""

    on_hand: int
    """Pieces in stock over all variants (``stockQuantity``)."""
    available: int
    """``on_hand`` minus the pieces reserved by unpaid orders; never below zero."""
    short: int
    """How many ordered pieces are missing: from paid orders since the last count, or reserved by unpaid orders beyond
    ``on_hand``."""
    track_inventory: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """A variant of a product (``ProductVariant``), which is what shoppers buy."""

    id: UUID
    product_id: UUID
    position: int
    sku: str | None
    title: str
    options: Mapping[str, str]
    price: Money
    compare_at: Money | None
    """The former price, as far from the product's former price as the price is from the product's."""
    cost: Money
    on_hand: int
    """``stock`` of the product document."""
    available: int
    short: int
    """See :attr:`ProductView.short`."""
    created_at: datetime
    updated_at: datetime


class ImageState(StrEnum):
    """The state of an image."""

    ORIGINAL = "ORIGINAL"
    """The image is the supplier's photo; no processing was requested."""
    REQUESTED = "REQUESTED"
    PROCESSED = "PROCESSED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    """The image is processed and shown whole: its cut-out is doubtful, and the merchant is asked to choose."""
    REJECTED = "REJECTED"


FINISHED = frozenset({ImageState.PROCESSED, ImageState.NEEDS_REVIEW})
"""The states of images that the studio has finished."""


class RenditionView(msgspec.Struct, frozen=True, kw_only=True):
    """One exported size of an image; see :class:`domain.media.events.Rendition`."""

    name: str
    key: str
    width: int
    height: int
    size_bytes: int
    mime_type: str = "image/webp"


def largest(renditions: Mapping[str, RenditionView]) -> RenditionView | None:
    """Return the largest rendition; None if there is none."""
    return max(renditions.values(), key=lambda rendition: rendition.width * rendition.height, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReview:
    """The judgment of an image's cut-out, with both versions."""

    confidence: float
    reason: str
    """What is doubtful, for the merchant; empty if the cut-out is clear."""
    signals: Mapping[str, float]
    shown: ImageVersion
    original: Mapping[str, RenditionView]
    """The whole photo; empty if it is not stored."""
    cutout: Mapping[str, RenditionView]
    """The cut-out; empty if it is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """A product's image (``ProductImage``). Show it only if ``renditions`` is not empty."""

    id: UUID
    product_id: UUID
    position: int
    original_url: str
    """The supplier's photo."""
    alt_text: str
    status: ImageState
    renditions: Mapping[str, RenditionView]
    """``thumbnail``, ``small``, ``medium`` and ``large``; kept while the image is processed again."""
    review: ImageReview | None
    """None until the image is processed, or if no cut-out was requested."""
    quality: float | None
    """From 0 to 1, for the choice of the first pictures; None until the image is processed."""
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
    """A file of a store (``MediaAsset``): an image or the logo."""

    id: UUID
    """Of an image, the image's id, which ``/api/v1/images/jobs/{id}`` takes."""
    store_id: UUID
    product_id: UUID | None
    type: MediaType
    status: ImageState
    """A logo is always ``PROCESSED``."""
    filename: str
    mime_type: str | None
    """None until the image is processed; so are size, key, width and height."""
    size_bytes: int | None
    key: str | None
    """Media store key of the largest rendition; None for a logo, whose file is ``content``."""
    content: str | None
    """A logo's SVG document, inline."""
    original_url: str | None
    alt_text: str
    width: int | None
    height: int | None
    renditions: Mapping[str, RenditionView]
    operations: tuple[Operation, ...]
    """What the studio did."""
    ground: str | None
    """The background color."""
    source_sha256: str | None
    source_width: int | None
    source_height: int | None
    seconds: float | None
    """How long processing took."""
    review: ImageReview | None
    """See :attr:`ImageView.review`."""
    quality: float | None
    """See :attr:`ImageView.quality`."""
    attempt: int
    generation_id: UUID | None
    draft_id: UUID | None
    """The draft that it was made for; None for an image of the store."""
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime


class StoreSort(StrEnum):
    """The sort orders of lists of stores."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    NAME = "NAME"


class MediaSort(StrEnum):
    """The sort orders of lists of media files."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


class ProductSort(StrEnum):
    """The sort orders of product lists; equal products are sorted by id."""

    NEWEST = "NEWEST"
    PRICE_LOW = "PRICE_LOW"
    PRICE_HIGH = "PRICE_HIGH"
    TITLE = "TITLE"
    SCORE = "SCORE"
    """The best winning score first, products without a score last."""
    RELEVANCE = "RELEVANCE"
    """The best match of a search first; without a search, by score."""


ON_SALE = frozenset({ProductStatus.ACTIVE, ProductStatus.OUT_OF_STOCK})
"""The statuses of products that shoppers may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Which products to return; a field at its default does not filter."""

    statuses: frozenset[ProductStatus] = frozenset()
    category: str | None = None
    categories: frozenset[str] = frozenset()
    """Products in one of these."""
    price_min: int | None = None
    """Minor units, inclusive."""
    price_max: int | None = None
    """Minor units, inclusive."""
    tags: frozenset[str] = frozenset()
    """Products with one of these tags, whatever the case; in lower case."""
    text: str | None = None
    """What to search title, description, category and tags for; see ``projections.catalog.queries.search``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCount:
    """A category and how many of the filtered products are in it."""

    category: str
    products: int
