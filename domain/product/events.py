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
    """How often it was bought, on a logarithmic scale."""
    price_point: float
    """How near its price is to what people pay without much thought."""
    shipping: float
    """The sooner the better."""
    image_quality: float
    """Size and number of the photos."""
    margin: float
    """What is left between the cost and the market's price."""


class ImportedImage(Value):
    """A supplier's photo, before the studio."""

    image_id: UUID
    url: str
    """Where the supplier has it."""
    alt_text: str
    position: int
    """Its place among the product's images, 0 first."""


class ImportedVariant(Value):
    """One thing that can be bought."""

    variant_id: UUID
    sku: str | None = None
    title: str
    """``Red / Large``; ``Default`` where there is only one."""
    options: dict[str, str] = {}
    """``{"Colour": "Red"}``; empty where there is only one."""
    price: Money
    """What the shopper pays."""
    cost: Money
    """What the supplier takes for a piece."""
    stock: int
    """How many could be sold when it was imported or added."""


class ProductImported(DomainEvent, wire_name="product.product_imported.v1"):
    """A listing was chosen and taken over from a supplier, as a draft."""

    store_id: UUID
    generation_id: UUID
    source_provider: SupplierProvider
    source_id: str
    """The supplier's own id of the listing."""
    source_url: str | None
    original_title: str
    """As the supplier wrote it; the copywriter's comes later."""
    original_description: str
    slug: str
    """Its address within the store; the copywriter may give it another."""
    category: str
    tags: list[str]
    cost: Money
    """What the supplier takes for a piece, before shipping."""
    price: Money
    """What the shopper pays."""
    compare_at: Money | None
    """Always null since prices are struck through from the store's own history alone; before that, what the supplier said
    others ask, which is not shown."""
    shipping_days: tuple[int, int]
    """From so many to so many days."""
    images: list[ImportedImage]
    variants: list[ImportedVariant]
    score: WinningScore
    """Why it was chosen."""


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
    """Always null since prices are struck through from the store's own history alone; not shown where it is not."""
    images: list[ImportedImage] = []
    variants: list[ImportedVariant]


class ProductCopyWritten(DomainEvent, wire_name="product.product_copy_written.v1"):
    """The copywriter wrote what shoppers read; a later one replaces it."""

    title: str
    slug: str
    """Its address within the store."""
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
    """How the text measures."""
    written_by: str
    """``house`` or a model's name."""


class ProductRetitled(DomainEvent, wire_name="product.product_retitled.v1"):
    """The merchant gave it another title."""

    title: str


class ProductDescribed(DomainEvent, wire_name="product.product_described.v1"):
    """The merchant rewrote its description, and with it all that was written beside it."""

    description: str
    features: list[str] = []
    benefits: list[str] = []
    call_to_action: str = ""
    scores: CopyScores | None = None
    """How the description measures; null where nobody measured it."""


class ProductMetaWritten(DomainEvent, wire_name="product.product_meta_written.v1"):
    """The merchant rewrote what search engines show."""

    meta_title: str
    meta_description: str


class PriceChanged(DomainEvent, wire_name="product.price_changed.v1"):
    """It costs something else from now on, in every variant by the same difference."""

    price: Money
    """What the shopper pays from now on."""
    compare_at: Money | None
    """The former price that is struck through, if one is."""
    compare_at_proven: bool = False
    """Whether ``compare_at`` is the lowest price of the 30 days before the reduction, as this log shows. False in events
    from before that rule, whose compare-at price is not shown."""


class StockShort(DomainEvent, wire_name="product.stock_short.v1"):
    """Orders were promised more of a variant than there is. The merchant has to restock, or to tell shoppers."""

    variant_id: UUID
    missing: int
    """How many pieces are missing."""
    order_id: UUID | None = None
    """The paid order they are missing from; null where a count is below what unpaid orders keep."""


class StockCounted(DomainEvent, wire_name="product.stock_counted.v1"):
    """What is on hand of a variant was counted anew."""

    variant_id: UUID
    on_hand: int
    """How many there are, reserved ones included."""


class StockReserved(DomainEvent, wire_name="product.stock_reserved.v1"):
    """Some of a variant is kept for an order that is not paid yet."""

    order_id: UUID
    """For whom."""
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
    | StockShort
    | StockReserved
    | StockReleased
    | StockSold
    | ProductActivated
    | ProductDeactivated
    | ProductArchived
)
