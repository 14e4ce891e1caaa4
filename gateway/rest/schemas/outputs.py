"""Bodies of responses, made from the read models' views."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import PlainSerializer

from domain.generation.events import AttentionCode, JobStatus, JobType, Step
from domain.media.events import ImageVersion, MediaType, Operation, RejectionReason
from domain.merchant.events import SupplierProvider
from domain.product.events import ProductStatus, WinningScore
from domain.store.brand import BrandIdentity, FontPair, HexColor, Logo, Voice
from domain.store.events import StoreStatus
from gateway.api.store_address import storefront_address
from gateway.api.validation import settings_of
from gateway.ports import GatewayDependencies
from gateway.rest.schemas.body import Body
from projections.catalog.views import (
    ImageReview,
    ImageState,
    ImageView,
    MediaAssetView,
    ProductView,
    StoreView,
    VariantView,
    largest,
)
from projections.jobs.views import JobLogView, JobView
from projections.reading.paging import Slice

T = TypeVar("T")
V = TypeVar("V")

StepName = Annotated[Step, PlainSerializer(lambda step: step.name, return_type=str)]
"""A step under its GraphQL name. Events have it in lower case."""


class PageOf(Body, Generic[T]):
    """One page of a list. Send ``endCursor`` as ``after`` to get the next page."""

    items: list[T]
    has_next_page: bool
    end_cursor: str | None


def page_of(page: Slice[V], make: Callable[[V], T]) -> PageOf[T]:
    """Return a read model's page as a body."""
    return PageOf(items=[make(node) for node in page.nodes], has_next_page=page.has_next, end_cursor=page.end_cursor)


class PaletteBody(Body):
    """A brand's colors, as ``#rrggbb``."""

    primary: HexColor
    secondary: HexColor
    accent: HexColor
    background: HexColor
    surface: HexColor
    text: HexColor
    on_primary: HexColor
    on_accent: HexColor


class BrandBody(Body):
    """A store's brand."""

    name: str
    logo: Logo
    colors: PaletteBody
    fonts: FontPair
    voice: Voice

    @classmethod
    def of(cls, brand: BrandIdentity) -> Self:
        return cls(
            name=brand.name,
            logo=brand.logo,
            colors=PaletteBody(**brand.palette.model_dump()),
            fonts=brand.fonts,
            voice=brand.voice,
        )


class StoreBody(Body):
    """A store."""

    id: UUID
    user_id: UUID
    name: str
    slug: str | None
    description: str | None
    niche: str
    status: StoreStatus
    approved: bool
    brand_identity: BrandBody | None
    custom_domain: str | None
    subdomain: str | None
    url: str | None
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    currency: str | None
    """Currency of the store. Null while it has no products."""

    @classmethod
    def of(cls, view: StoreView, deps: GatewayDependencies) -> Self:
        brand = view.brand
        return cls(
            id=view.id,
            user_id=view.merchant_id,
            name=view.name,
            slug=view.slug,
            description=view.description,
            niche=view.niche,
            status=view.status,
            approved=view.approved,
            brand_identity=None if brand is None else BrandBody.of(brand.identity),
            custom_domain=view.custom_domain,
            subdomain=view.slug,
            url=storefront_address(view, deps.storefront_url),
            settings=settings_of(view.preferences),
            created_at=view.created_at,
            updated_at=view.updated_at,
            published_at=view.published_at,
            currency=view.currency,
        )


class ImageReviewBody(Body):
    """The studio's judgment of a cut-out."""

    confidence: float
    """From 0 to 1."""
    reason: str | None
    """What is doubtful. Null if the cut-out is clear."""
    shown: ImageVersion
    signals: dict[str, float]

    @classmethod
    def of(cls, view: ImageReview | None) -> Self | None:
        if view is None:
            return None
        return cls(confidence=view.confidence, reason=view.reason or None, shown=view.shown, signals=dict(view.signals))


def _before(view: ImageView | MediaAssetView, deps: GatewayDependencies) -> str | None:
    stored = None if view.review is None else largest(view.review.original)
    if stored is not None:
        return deps.media_url(stored.key)
    return None if view.original_url is None else deps.photo_url(view.original_url)


def _after(view: ImageView | MediaAssetView, deps: GatewayDependencies) -> str | None:
    stored = None if view.review is None else largest(view.review.cutout)
    return None if stored is None else deps.media_url(stored.key)


class ImageBody(Body):
    """A product's image."""

    id: UUID
    original_url: str
    processed_url: str | None
    alt_text: str
    position: int
    status: ImageState
    before: str | None
    """Address of the whole photo."""
    after: str | None
    """Address of the cut-out, also while it is not shown. Null if there is none."""
    review: ImageReviewBody | None
    """Null until the photo is processed, or if no cut-out was requested."""
    quality: float | None
    """From 0 to 1. Null until the photo is processed."""
    rejection: RejectionReason | None

    @classmethod
    def of(cls, view: ImageView, deps: GatewayDependencies) -> Self:
        key = view.processed_key
        return cls(
            id=view.id,
            original_url=deps.photo_url(view.original_url),
            processed_url=None if key is None else deps.media_url(key),
            alt_text=view.alt_text,
            position=view.position,
            status=view.status,
            before=_before(view, deps),
            after=_after(view, deps),
            review=ImageReviewBody.of(view.review),
            quality=view.quality,
            rejection=view.rejection,
        )


class VariantBody(Body):
    """A product's variant."""

    id: UUID
    sku: str | None
    title: str
    price: Decimal
    cost_price: Decimal
    stock: int
    available: int
    options: dict[str, str]

    @classmethod
    def of(cls, view: VariantView) -> Self:
        return cls(
            id=view.id,
            sku=view.sku,
            title=view.title,
            price=view.price.decimal,
            cost_price=view.cost.decimal,
            stock=view.on_hand,
            available=view.available,
            options=dict(view.options),
        )


class ScoreTermBody(Body):
    """One term of a score."""

    name: str
    value: float
    weight: float


class WinningScoreBody(Body):
    """Why a listing was chosen: terms from 0 to 1, and their weighted sum. The fit is beside the total, not in it."""

    total: float
    reviews: float
    orders: float
    price_point: float
    shipping: float
    image_quality: float
    margin: float
    fit: float | None
    fit_terms: list[ScoreTermBody]
    destination: str | None
    landed_cost: Decimal | None
    duty: Decimal | None

    @classmethod
    def of(cls, score: WinningScore) -> Self:
        amounts = {"landed_cost": score.landed_cost, "duty": score.duty}
        return cls(
            **score.model_dump(exclude={"fit_terms", *amounts}),
            fit_terms=[ScoreTermBody(name=term.name, value=term.value, weight=term.weight) for term in score.fit_terms],
            **{name: None if amount is None else amount.decimal for name, amount in amounts.items()},
        )


class ProductBody(Body):
    """A product."""

    id: UUID
    store_id: UUID
    status: ProductStatus
    source_provider: SupplierProvider | None
    source_id: str | None
    source_url: str | None
    title: str
    original_title: str
    description: str
    features: list[str]
    benefits: list[str]
    call_to_action: str | None
    slug: str
    category: str | None
    cost_price: Decimal
    selling_price: Decimal
    compare_at_price: Decimal | None
    currency: str
    stock_quantity: int
    available_quantity: int
    short_quantity: int
    track_inventory: bool
    meta_title: str | None
    meta_description: str | None
    winning_score: WinningScoreBody | None
    images: list[ImageBody]
    variants: list[VariantBody]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls,
        view: ProductView,
        images: tuple[ImageView, ...],
        variants: tuple[VariantView, ...],
        deps: GatewayDependencies,
    ) -> Self:
        return cls(
            id=view.id,
            store_id=view.store_id,
            status=view.status,
            source_provider=view.source_provider,
            source_id=view.source_id,
            source_url=view.source_url,
            title=view.title,
            original_title=view.original_title,
            description=view.description,
            features=list(view.features),
            benefits=list(view.benefits),
            call_to_action=view.call_to_action,
            slug=view.slug,
            category=view.category,
            cost_price=view.cost.decimal,
            selling_price=view.price.decimal,
            compare_at_price=None if view.compare_at is None else view.compare_at.decimal,
            currency=view.price.currency,
            stock_quantity=view.on_hand,
            available_quantity=view.available,
            short_quantity=view.short,
            track_inventory=view.track_inventory,
            meta_title=view.meta_title,
            meta_description=view.meta_description,
            winning_score=None if view.score is None else WinningScoreBody.of(view.score),
            images=[ImageBody.of(image, deps) for image in images],
            variants=[VariantBody.of(variant) for variant in variants],
            created_at=view.created_at,
            updated_at=view.updated_at,
        )


class AvailableCategoryBody(Body):
    """A category that the suppliers have, and how many of the listings they returned are in it."""

    category: str
    count: int


class AttentionBody(Body):
    """What a job asks the merchant."""

    code: AttentionCode
    message: str
    suggestions: list[str]
    """Niches to choose from with the GraphQL mutation ``chooseNiche``."""
    available: list[AvailableCategoryBody]
    """What the suppliers do have, the most frequent first. Empty unless too few products fit."""


class JobBody(Body):
    """An agent's job, or a generation as a whole (then ``type`` and ``step`` are null)."""

    id: UUID
    store_id: UUID
    generation_id: UUID
    type: JobType | None
    step: StepName | None
    status: JobStatus
    priority: int
    attempt: int
    input: dict[str, Any]
    output: dict[str, Any] | None
    summary: str | None
    error: str | None
    attention: AttentionBody | None
    """Null unless the status is NEEDS_ATTENTION."""
    progress: int
    current_step: str | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: JobView) -> Self:
        return cls(
            id=view.id,
            store_id=view.store_id,
            generation_id=view.generation_id,
            type=view.type,
            step=view.step,
            status=view.status,
            priority=view.priority,
            attempt=view.attempt,
            input=dict(view.input),
            output=None if view.output is None else dict(view.output),
            summary=view.summary,
            error=view.error,
            attention=None if view.attention is None else AttentionBody.model_validate(view.attention.model_dump()),
            progress=view.progress,
            current_step=view.current_step,
            started_at=view.started_at,
            completed_at=view.completed_at,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )


class JobLogBody(Body):
    """One line of a job's log."""

    number: int
    job_id: UUID | None
    at: datetime
    level: str
    message: str

    @classmethod
    def of(cls, view: JobLogView) -> Self:
        return cls(number=view.number, job_id=view.job_id, at=view.at, level=view.level, message=view.message)


class ImageJobBody(Body):
    """The state of an image that was sent to the studio."""

    id: UUID
    store_id: UUID
    product_id: UUID | None
    draft_id: UUID | None
    """The draft that the picture was made for: shoppers see it once that is accepted. Null for a picture of the store."""
    type: MediaType
    status: ImageState
    attempt: int
    original_url: str | None
    urls: dict[str, str]
    """Addresses of ``thumbnail``, ``medium`` and ``large``. Empty until the image is processed."""
    operations: list[Operation]
    metadata: dict[str, Any]
    before: str | None
    """Address of the whole photo."""
    after: str | None
    """Address of the cut-out, also while it is not shown. Null if there is none."""
    review: ImageReviewBody | None
    """Null until the photo is processed, or if no cut-out was requested."""
    quality: float | None
    """From 0 to 1. Null until the photo is processed."""
    rejection: RejectionReason | None
    rejection_message: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: MediaAssetView, deps: GatewayDependencies) -> Self:
        known = {
            "width": view.width,
            "height": view.height,
            "size": view.size_bytes,
            "mimeType": view.mime_type,
            "ground": view.ground,
            "seconds": view.seconds,
        }
        return cls(
            id=view.id,
            store_id=view.store_id,
            product_id=view.product_id,
            draft_id=view.draft_id,
            type=view.type,
            status=view.status,
            attempt=view.attempt,
            original_url=None if view.original_url is None else deps.photo_url(view.original_url),
            urls={name: deps.media_url(one.key) for name, one in view.renditions.items()},
            operations=list(view.operations),
            metadata={name: value for name, value in known.items() if value is not None},
            before=_before(view, deps),
            after=_after(view, deps),
            review=ImageReviewBody.of(view.review),
            quality=view.quality,
            rejection=view.rejection,
            rejection_message=view.rejection_message,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )
