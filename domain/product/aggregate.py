"""The product aggregate: copy, price, stock and whether it is for sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.editing import Fingerprints, Parts, fingerprints
from domain.kernel import CorruptStream, InvalidInput, NotFound, StreamKind, next_header
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.errors import InsufficientStock, NotForSale, ProductIsArchived
from domain.product.events import (
    ImportedImage,
    PhotoRemoved,
    PhotosArranged,
    PriceChanged,
    ProductActivated,
    ProductAdded,
    ProductArchived,
    ProductCopyWritten,
    ProductDeactivated,
    ProductDescribed,
    ProductEvent,
    ProductImported,
    ProductMetaWritten,
    ProductRetitled,
    ProductStatus,
    StockCounted,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShort,
    StockSold,
    VariantPriced,
)
from domain.product.ports import ProductCopy
from domain.product.prices import PricePeriod, with_price
from domain.product.texts import product_parts, texts_set_by
from domain.product.variants import VariantState, check_stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product of one store."""

    id: UUID
    version: int
    store_id: UUID
    title: str
    slug: str
    price: Money
    compare_at: Money | None
    """The former price that is struck through, proven by the price history; None if there is none."""
    cost: Money
    variants: Mapping[UUID, VariantState]
    prices: tuple[PricePeriod, ...] = ()
    """The current price and the earlier ones that can be a former price, oldest first."""
    on_sale_since: datetime | None = None
    """Start of the uninterrupted time on sale; None for a draft."""
    images: tuple[ImportedImage, ...] = ()
    photo_order: tuple[UUID, ...] = ()
    """The photos as the merchant arranged them; empty if the merchant did not."""
    removed_photos: frozenset[UUID] = frozenset()
    status: ProductStatus = ProductStatus.DRAFT
    original_title: str = ""
    original_description: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Facts that the supplier states; empty for a product added by hand."""
    source: tuple[SupplierProvider, str] | None = None
    """The supplier and its id of the listing; None for a product added by hand."""
    shipping_days: tuple[int, int] | None = None
    """Fewest and most days to the shopper, as the supplier says; None for a product added by hand."""
    by_merchant: bool = False
    """Whether the merchant wrote some of its text, which agents do not overwrite."""
    touched_by_merchant: bool = False
    """Whether the merchant edited, priced or counted it, or put it on sale."""
    texts: Fingerprints = field(default_factory=dict)
    """Of its texts as they are now. The texts themselves are in the events."""

    @property
    def parts(self) -> Parts:
        """What an editor can change in its texts and prices."""
        return product_parts(self.texts, price=self.price, compare_at=self.compare_at)

    def write_copy(self, copy: ProductCopy, *, slug: str, at: datetime) -> Sequence[ProductEvent]:
        """Apply the copywriter's text under a slug that is free in the store."""
        self.refuse_archived()
        return (ProductCopyWritten(**next_header(self, at), **(copy.model_dump() | {"slug": slug})),)

    def count_stock(self, variant_id: UUID, on_hand: int, *, at: datetime) -> Sequence[ProductEvent]:
        """Set the stock of a variant. A count below the reserved total also records the shortage."""
        self.refuse_archived()
        check_stock(on_hand)
        variant = self._variant(variant_id)
        if variant.on_hand == on_hand:
            return ()
        counted = StockCounted(**next_header(self, at), variant_id=variant_id, on_hand=on_hand)
        if on_hand >= variant.reserved_total:
            return (counted,)
        return counted, StockShort(
            **next_header(self, at, 2), variant_id=variant_id, missing=variant.reserved_total - on_hand
        )

    def reserve(self, variant_id: UUID, quantity: int, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Reserve a quantity for an order. No-op if the order has a reservation.

        Raises:
            NotForSale, InsufficientStock: refused; retrying cannot help.
        """
        if self.status is not ProductStatus.ACTIVE:
            raise NotForSale(self.id, self.title)
        if quantity < 1:
            raise InvalidInput("quantity", f"Quantity cannot be {quantity}; 1 is the least.")
        variant = self._variant(variant_id)
        if order_id in variant.reserved:
            return ()
        if variant.available < quantity:
            raise InsufficientStock(self.id, self.title, requested=quantity, available=variant.available)
        return (StockReserved(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=quantity),)

    def release(self, variant_id: UUID, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Release an order's reservation. No-op if the order has none."""
        quantity = self._variant(variant_id).reserved.get(order_id)
        if quantity is None:
            return ()
        return (StockReleased(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=quantity),)

    def sell(self, variant_id: UUID, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Remove a paid order's reservation from the stock. No-op if the order has none.

        The shopper has paid, so the sale stands even if the stock is too low; the shortage is recorded.
        """
        variant = self._variant(variant_id)
        quantity = variant.reserved.get(order_id)
        if quantity is None:
            return ()
        sold = StockSold(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=quantity)
        if quantity <= variant.on_hand:
            return (sold,)
        missing = quantity - variant.on_hand
        return sold, StockShort(**next_header(self, at, 2), variant_id=variant_id, missing=missing, order_id=order_id)

    def take_back(self, variant_id: UUID, quantity: int, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Put sold pieces of an order back into stock. The caller makes sure that it happens once."""
        self._variant(variant_id)
        return (StockReturned(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=quantity),)

    def activate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Put the product on sale. No-op if it is on sale."""
        self.refuse_archived()
        return () if self.status is ProductStatus.ACTIVE else (ProductActivated(**next_header(self, at)),)

    def deactivate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Take the product off sale. No-op if it is a draft."""
        self.refuse_archived()
        return () if self.status is ProductStatus.DRAFT else (ProductDeactivated(**next_header(self, at)),)

    def archive(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Archive the product permanently. No-op if it is archived."""
        return () if self.status is ProductStatus.ARCHIVED else (ProductArchived(**next_header(self, at)),)

    def price_variant(self, variant_id: UUID, price: Money, *, at: datetime) -> Sequence[ProductEvent]:
        """Set the price of one of several variants. No-op if it is the same.

        A product without a former price can show one only after another 30 days: its variants had other prices before.

        Raises:
            InvalidInput: names the field.
            NotFound: the product has no such variant.
            ProductIsArchived: retrying cannot help.
        """
        self.refuse_archived()
        variant = self._variant(variant_id)
        if len(self.variants) == 1:
            raise InvalidInput("variantId", f"“{self.title}” has one variant. Change the price of the product.")
        if price.currency != self.price.currency:
            raise InvalidInput(
                "price",
                f"{price} is not in {self.price.currency}, in which the product is priced. Give the price in {self.price.currency}.",
            )
        if price.minor <= 0:
            raise InvalidInput("price", f"The price is {price}; it must be above zero.")
        if price == variant.price:
            return ()
        if self.compare_at is not None:
            raise InvalidInput(
                "price", "The product shows a former price, which counts for all variants. Remove it first."
            )
        others = [each.price.minor for id, each in self.variants.items() if id != variant_id]
        lowest, highest = min(*others, price.minor), max(*others, price.minor)
        return (
            VariantPriced(
                **next_header(self, at),
                variant_id=variant_id,
                price=price,
                lowest=Money(minor=lowest, currency=price.currency),
                highest=Money(minor=highest, currency=price.currency),
            ),
        )

    def arrange_photos(self, image_ids: Sequence[UUID], *, at: datetime) -> Sequence[ProductEvent]:
        """Put photos first. The caller makes sure that they are the product's. No-op if nothing changes."""
        self.refuse_archived()
        rest = (image.image_id for image in sorted(self.images, key=lambda image: self.position_of(image.image_id)))
        order = tuple(dict.fromkeys((*image_ids, *rest)))
        return () if order == self.photo_order else (PhotosArranged(**next_header(self, at), image_ids=list(order)),)

    def remove_photo(self, image_id: UUID, *, at: datetime) -> Sequence[ProductEvent]:
        """Remove a photo. The caller makes sure that it was the product's. No-op if it is removed."""
        self.refuse_archived()
        return () if image_id in self.removed_photos else (PhotoRemoved(**next_header(self, at), image_id=image_id),)

    def position_of(self, image_id: UUID) -> int:
        """Return a photo's place among the product's photos, 0 first. A new photo comes last."""
        if image_id in self.photo_order:
            return self.photo_order.index(image_id)
        imported = {image.image_id: image.position for image in self.images}
        return max(imported.get(image_id, len(imported)), len(self.photo_order))

    def has_place_for(self, image_id: UUID) -> bool:
        """Return whether a photo is the product's and has a place that was chosen for it."""
        return image_id not in self.removed_photos and (
            image_id in self.photo_order or any(image.image_id == image_id for image in self.images)
        )

    def _variant(self, variant_id: UUID) -> VariantState:
        variant = self.variants.get(variant_id)
        if variant is None:
            raise NotFound("variant", variant_id)
        return variant

    def refuse_archived(self) -> None:
        """Refuse a change of an archived product.

        Raises:
            ProductIsArchived: retrying cannot help.
        """
        if self.status is ProductStatus.ARCHIVED:
            raise ProductIsArchived(self.id)


def evolve(product: Product | None, event: ProductEvent) -> Product:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match product, event:
        case None, ProductImported() | ProductAdded():
            return _create(event)
        case Product(), ProductCopyWritten() | ProductRetitled() | ProductDescribed() | ProductMetaWritten():
            return _with_text(product, event)
        case Product(), PriceChanged():
            return _with_price(product, event)
        case Product(), VariantPriced():
            variants = {
                **product.variants,
                event.variant_id: replace(product.variants[event.variant_id], price=event.price),
            }
            return replace(
                product,
                version=event.originator_version,
                variants=variants,
                on_sale_since=None if product.on_sale_since is None else event.occurred_at,
                touched_by_merchant=True,
            )
        case Product(), (
            StockCounted() | StockShort() | StockReserved() | StockReleased() | StockSold() | StockReturned()
        ):
            return _with_stock(product, event)
        case Product(), ProductActivated() | ProductDeactivated() | ProductArchived():
            return _with_status(product, event)
        case Product(), PhotosArranged():
            return replace(product, version=event.originator_version, photo_order=tuple(event.image_ids))
        case Product(), PhotoRemoved():
            return replace(
                product,
                version=event.originator_version,
                images=tuple(image for image in product.images if image.image_id != event.image_id),
                photo_order=tuple(id for id in product.photo_order if id != event.image_id),
                removed_photos=product.removed_photos | {event.image_id},
            )
        case _:
            raise CorruptStream(event)


def _with_text(
    product: Product, event: ProductCopyWritten | ProductRetitled | ProductDescribed | ProductMetaWritten
) -> Product:
    product = replace(product, texts={**product.texts, **fingerprints(texts_set_by(event))})
    match event:
        case ProductCopyWritten():
            return replace(product, version=event.originator_version, title=event.title, slug=event.slug)
        case ProductRetitled():
            product = replace(product, title=event.title)
        case ProductDescribed() | ProductMetaWritten():
            pass
    return replace(product, version=event.originator_version, by_merchant=True, touched_by_merchant=True)


def _with_price(product: Product, event: PriceChanged) -> Product:
    shift = event.price - product.price
    return replace(
        product,
        version=event.originator_version,
        price=event.price,
        compare_at=event.compare_at if event.compare_at_proven else None,
        variants={id: replace(variant, price=variant.price + shift) for id, variant in product.variants.items()},
        prices=with_price(product.prices, PricePeriod(since=event.occurred_at, price=event.price)),
        touched_by_merchant=True,
    )


def _with_stock(
    product: Product,
    event: StockCounted | StockShort | StockReserved | StockReleased | StockSold | StockReturned,
) -> Product:
    variant = product.variants.get(event.variant_id)
    match event:
        case StockShort():
            return replace(product, version=event.originator_version)
        case _ if variant is None:
            raise CorruptStream(event)
        case StockCounted():
            counted = replace(variant, on_hand=event.on_hand)
            return replace(_with_variant(product, event, counted), touched_by_merchant=True)
        case StockReserved():
            reserved = {**variant.reserved, event.order_id: event.quantity}
            return _with_variant(product, event, replace(variant, reserved=reserved))
        case StockReleased():
            return _with_variant(product, event, _without(variant, event.order_id))
        case StockSold():
            left = replace(variant, on_hand=max(0, variant.on_hand - event.quantity))
            return _with_variant(product, event, _without(left, event.order_id))
        case StockReturned():
            return _with_variant(product, event, replace(variant, on_hand=variant.on_hand + event.quantity))


def _with_status(product: Product, event: ProductActivated | ProductDeactivated | ProductArchived) -> Product:
    match event:
        case ProductActivated():
            return replace(
                product,
                version=event.originator_version,
                status=ProductStatus.ACTIVE,
                touched_by_merchant=True,
                on_sale_since=product.on_sale_since or event.occurred_at,
            )
        case ProductDeactivated():
            return replace(product, version=event.originator_version, status=ProductStatus.DRAFT, on_sale_since=None)
        case ProductArchived():
            return replace(product, version=event.originator_version, status=ProductStatus.ARCHIVED)


def _create(event: ProductImported | ProductAdded) -> Product:
    variants = {
        variant.variant_id: VariantState(
            title=variant.title, price=variant.price, on_hand=variant.stock, sku=variant.sku, cost=variant.cost
        )
        for variant in event.variants
    }
    product = Product(
        id=event.originator_id,
        version=event.originator_version,
        store_id=event.store_id,
        title=event.original_title if isinstance(event, ProductImported) else event.title,
        slug=event.slug,
        price=event.price,
        compare_at=None,
        cost=event.cost,
        variants=variants,
        prices=(PricePeriod(since=event.occurred_at, price=event.price),),
        images=tuple(event.images),
        texts=fingerprints(texts_set_by(event)),
    )
    if isinstance(event, ProductAdded):
        return replace(product, original_title=event.title, original_description=event.description)
    return replace(
        product,
        original_title=event.original_title,
        original_description=event.original_description,
        category=event.category,
        tags=tuple(event.tags),
        attributes=event.attributes,
        source=(event.source_provider, event.source_id),
        shipping_days=event.shipping_days,
    )


def _without(variant: VariantState, order_id: UUID) -> VariantState:
    return replace(variant, reserved={id: quantity for id, quantity in variant.reserved.items() if id != order_id})


def _with_variant(
    product: Product,
    event: StockCounted | StockReserved | StockReleased | StockSold | StockReturned,
    variant: VariantState,
) -> Product:
    return replace(product, version=event.originator_version, variants={**product.variants, event.variant_id: variant})


PRODUCT = StreamKind("product", Product, evolve)
