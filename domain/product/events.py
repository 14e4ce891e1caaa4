"""Events of a product."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.store.events import CopyScores


class ProductStatus(StrEnum):
    """The status of a product. ``OUT_OF_STOCK`` is an active product with no stock."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    ARCHIVED = "ARCHIVED"


class ScoreTerm(Value):
    """One term of a score."""

    name: str
    value: float
    """0 to 1."""
    weight: float
    """Its share in the result, compared with the other terms' weights."""


class WinningScore(Value):
    """The score of a chosen listing: terms from 0 to 1 and their weighted sum."""

    total: float
    reviews: float
    """The rating, weighted by the number of reviews."""
    orders: float
    """The number of orders, on a logarithmic scale."""
    price_point: float
    """How close the price is to the range of impulse purchases."""
    shipping: float
    """Delivery time and shipping cost."""
    image_quality: float
    """Size and number of the photos."""
    margin: float
    """The margin between cost and market price."""
    fit: float | None = None
    """How well the listing fits the niche, from 0 to 1, independent of other listings; null in older events."""
    fit_terms: list[ScoreTerm] = []
    """The terms of the fit: thing, category, audience, style and setting, as far as the niche asks for them."""
    destination: str | None = None
    """ISO 3166-1 code of the country that the landed cost is for; null in older events."""
    landed_cost: Money | None = None
    """What one piece costs the merchant at the destination: price, freight and duty; null in older events."""
    duty: Money | None = None
    """The customs duty in the landed cost; null if it is unknown for the destination, and in older events."""


class ImportedImage(Value):
    """A supplier's photo, not processed yet."""

    image_id: UUID
    url: str
    """The photo's address at the supplier."""
    alt_text: str
    position: int
    """The photo's place among the product's images, 0 first."""


class ImportedVariant(Value):
    """One buyable form of a product."""

    variant_id: UUID
    sku: str | None = None
    title: str
    """``Red / Large``; ``Default`` if there is only one variant."""
    options: dict[str, str] = {}
    """``{"Colour": "Red"}``; empty if there is only one variant."""
    price: Money
    """What the shopper pays."""
    cost: Money
    """What the supplier charges for one piece."""
    stock: int
    """The stock when the product was imported or added."""


class ProductImported(DomainEvent, wire_name="product.product_imported.v1"):
    """A supplier's listing was chosen and imported as a draft."""

    store_id: UUID
    generation_id: UUID
    source_provider: SupplierProvider
    source_id: str
    """The supplier's own id of the listing."""
    source_url: str | None
    original_title: str
    """The supplier's title; the copywriter writes another."""
    original_description: str
    slug: str
    """The product's address within the store; the copywriter may change it."""
    category: str
    tags: list[str]
    cost: Money
    """What the supplier charges for one piece, before shipping."""
    price: Money
    """What the shopper pays."""
    compare_at: Money | None
    """Always null: only the store's own price history gives a former price. Older events hold the supplier's market price,
    which is not shown."""
    shipping_days: tuple[int, int]
    """Fewest and most days to the shopper."""
    images: list[ImportedImage]
    variants: list[ImportedVariant]
    score: WinningScore
    """The score that the listing was chosen by."""
    attributes: dict[str, str] = {}
    """Facts that the supplier states: ``{"Material": "stoneware"}``."""


class ProductAdded(DomainEvent, wire_name="product.product_added.v1"):
    """The merchant added a product by hand, as a draft."""

    store_id: UUID
    title: str
    slug: str
    description: str
    cost: Money
    """What it costs the merchant."""
    price: Money
    """What the shopper pays."""
    compare_at: Money | None = None
    """Always null: only the store's own price history gives a former price. Prices in older events are not shown."""
    images: list[ImportedImage] = []
    variants: list[ImportedVariant]


class ProductCopyWritten(DomainEvent, wire_name="product.product_copy_written.v1"):
    """The copywriter wrote the product's text; a later text replaces it."""

    title: str
    slug: str
    """The product's address within the store."""
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
    """Measurements of the text."""
    written_by: str
    """``house`` or a model's name."""


class ProductRetitled(DomainEvent, wire_name="product.product_retitled.v1"):
    """The merchant changed the product's title."""

    title: str


class ProductDescribed(DomainEvent, wire_name="product.product_described.v1"):
    """The merchant rewrote the description, and with it features, benefits and call to action."""

    description: str
    features: list[str] = []
    benefits: list[str] = []
    call_to_action: str = ""
    scores: CopyScores | None = None
    """Measurements of the description; null in events from before it was measured."""


class ProductMetaWritten(DomainEvent, wire_name="product.product_meta_written.v1"):
    """The merchant rewrote the title and description for search engines."""

    meta_title: str
    meta_description: str


class PriceChanged(DomainEvent, wire_name="product.price_changed.v1"):
    """The price changed, in every variant by the same difference."""

    price: Money
    """The new price for the shopper."""
    compare_at: Money | None
    """The former price that is struck through; null if there is none."""
    compare_at_proven: bool = False
    """Whether ``compare_at`` is the lowest price of the 30 days before the reduction, as this log shows. False in events
    from before that rule, whose compare-at price is not shown."""


class VariantPriced(DomainEvent, wire_name="product.variant_priced.v1"):
    """The price of one variant changed. The product's price and the other variants stay."""

    variant_id: UUID
    price: Money
    """What the shopper pays for the variant."""
    lowest: Money
    """The lowest price of the product's variants from now on."""
    highest: Money


class StockShort(DomainEvent, wire_name="product.stock_short.v1"):
    """Orders need more of a variant than there is. The merchant must restock or inform the shoppers."""

    variant_id: UUID
    missing: int
    """How many pieces are missing."""
    order_id: UUID | None = None
    """The paid order with the missing pieces; null if a count is below what unpaid orders reserve."""


class StockCounted(DomainEvent, wire_name="product.stock_counted.v1"):
    """The stock of a variant was counted."""

    variant_id: UUID
    on_hand: int
    """The stock, reserved pieces included."""


class StockReserved(DomainEvent, wire_name="product.stock_reserved.v1"):
    """An unpaid order reserved pieces of a variant."""

    order_id: UUID
    """The order that reserved them."""
    variant_id: UUID
    quantity: int


class StockReleased(DomainEvent, wire_name="product.stock_released.v1"):
    """A reservation was released, because its order was not paid."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class StockSold(DomainEvent, wire_name="product.stock_sold.v1"):
    """Reserved pieces left the stock, because their order was paid."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class StockReturned(DomainEvent, wire_name="product.stock_returned.v1"):
    """Sold pieces went back into stock: their order was cancelled, or the shopper sent them back."""

    order_id: UUID
    variant_id: UUID
    quantity: int


class ProductActivated(DomainEvent, wire_name="product.product_activated.v1"):
    """The product is on sale: shoppers may see and buy it."""


class ProductDeactivated(DomainEvent, wire_name="product.product_deactivated.v1"):
    """The product was taken off sale and is a draft again."""


class ProductArchived(DomainEvent, wire_name="product.product_archived.v1"):
    """The product is archived permanently."""


class PhotosArranged(DomainEvent, wire_name="product.photos_arranged.v1"):
    """The merchant put the product's photos in an order. The first one stands for the product in lists."""

    image_ids: list[UUID]
    """The first photos, in their order. Photos that the merchant added and did not name come after them."""


class PhotoRemoved(DomainEvent, wire_name="product.photo_removed.v1"):
    """The merchant removed a photo from the product. The picture stays in the store's media."""

    image_id: UUID


ProductEvent = (
    ProductImported
    | ProductAdded
    | ProductCopyWritten
    | ProductRetitled
    | ProductDescribed
    | ProductMetaWritten
    | PriceChanged
    | VariantPriced
    | StockCounted
    | StockShort
    | StockReserved
    | StockReleased
    | StockSold
    | StockReturned
    | ProductActivated
    | ProductDeactivated
    | ProductArchived
    | PhotosArranged
    | PhotoRemoved
)
