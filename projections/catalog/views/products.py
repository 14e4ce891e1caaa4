"""A product with its variants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.kernel import Value
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import ProductStatus, WinningScore
from domain.store.events import CopyScores


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
