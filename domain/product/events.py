"""What can happen to a product."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.store.events import CopyScores


class ProductStatus(StrEnum):
    """Where a product stands. ``OUT_OF_STOCK`` is an active product with nothing left to sell."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    ARCHIVED = "ARCHIVED"


class WinningScore(Value):
    """Why a listing was chosen: every term from 0 to 1, and their weighted sum."""

    total: float
    reviews: float
    """Rating, trusted as far as there are reviews behind it."""
    orders: float
    price_point: float
    shipping: float
    image_quality: float
    margin: float


class ImportedImage(Value):
    """A supplier's photo, before the studio."""

    image_id: UUID
    url: str
    alt_text: str
    position: int


class ImportedVariant(Value):
    """One thing that can be bought."""

    variant_id: UUID
    sku: str | None = None
    title: str
    """``Red / Large``; ``Default`` where there is only one."""
    options: dict[str, str] = {}
    price: Money
    cost: Money
    stock: int


class ProductImported(DomainEvent, wire_name="product.product_imported.v1"):
    """A listing was chosen and taken over from a supplier, as a draft."""

    store_id: UUID
    generation_id: UUID
    source_provider: SupplierProvider
    source_id: str
    source_url: str | None
    original_title: str
    original_description: str
    slug: str
    category: str
    tags: list[str]
    cost: Money
    price: Money
    compare_at: Money | None
    shipping_days: tuple[int, int]
    images: list[ImportedImage]
    variants: list[ImportedVariant]
    score: WinningScore


class ProductAdded(DomainEvent, wire_name="product.product_added.v1"):
    """The merchant added a product by hand, as a draft."""

    store_id: UUID
    title: str
    slug: str
    description: str
    cost: Money
    price: Money
    compare_at: Money | None = None
    images: list[ImportedImage] = []
    variants: list[ImportedVariant]


class ProductCopyWritten(DomainEvent, wire_name="product.product_copy_written.v1"):
    """The copywriter wrote what shoppers read; a later one replaces it."""

    title: str
    slug: str
    description: str
    """Markdown: an opening, features, benefits, a call to action."""
    features: list[str]
    benefits: list[str]
    call_to_action: str
    meta_title: str
    """At most 60 characters."""
    meta_description: str
    """At most 155 characters."""
    scores: CopyScores
    written_by: str


class ProductRetitled(DomainEvent, wire_name="product.product_retitled.v1"):
    """The merchant gave it another title."""

    title: str


class ProductDescribed(DomainEvent, wire_name="product.product_described.v1"):
    """The merchant rewrote its description."""

    description: str


class ProductMetaWritten(DomainEvent, wire_name="product.product_meta_written.v1"):
    """The merchant rewrote what search engines show."""

    meta_title: str
    meta_description: str


class PriceChanged(DomainEvent, wire_name="product.price_changed.v1"):
    """It costs something else from now on, in every variant by the same difference."""

    price: Money
    compare_at: Money | None


class StockCounted(DomainEvent, wire_name="product.stock_counted.v1"):
    """What is on hand of a variant was counted anew."""

    variant_id: UUID
    on_hand: int


class StockReserved(DomainEvent, wire_name="product.stock_reserved.v1"):
    """Some of a variant is kept for an order that is not paid yet."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class StockReleased(DomainEvent, wire_name="product.stock_released.v1"):
    """A reservation came back, because its order was not paid."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class StockSold(DomainEvent, wire_name="product.stock_sold.v1"):
    """A reserved quantity left the stock, because its order was paid."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class ProductActivated(DomainEvent, wire_name="product.product_activated.v1"):
    """Shoppers may see and buy it."""


class ProductDeactivated(DomainEvent, wire_name="product.product_deactivated.v1"):
    """It is a draft again."""


class ProductArchived(DomainEvent, wire_name="product.product_archived.v1"):
    """It is put away for good."""


ProductEvent = (
    ProductImported
    | ProductAdded
    | ProductCopyWritten
    | ProductRetitled
    | ProductDescribed
    | ProductMetaWritten
    | PriceChanged
    | StockCounted
    | StockReserved
    | StockReleased
    | StockSold
    | ProductActivated
    | ProductDeactivated
    | ProductArchived
)
