"""The product aggregate: copy, price, stock and whether it is for sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.kernel import CorruptStream, InvalidInput, NotFound, StreamKind
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.errors import InsufficientStock, NotForSale, ProductPutAway
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
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
    StockSold,
    WinningScore,
)
from domain.product.listing import Listing
from domain.product.ports import ProductCopy
from domain.store.events import CopyScores
from domain.text import clean_title

META_TITLE_MAX = 60
META_DESCRIPTION_MAX = 155
STOCK_MOST = 1_000_000
"""The most there can be of one variant. More is a slip of the hand, and more than readers of the log can count on to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantState:
    """A variant's price and stock."""

    title: str
    price: Money
    on_hand: int
    reserved: Mapping[UUID, int] = field(default_factory=dict)
    """Order id to the quantity kept for it."""

    @property
    def available(self) -> int:
        return self.on_hand - sum(self.reserved.values())


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
    cost: Money
    variants: Mapping[UUID, VariantState]
    images: tuple[ImportedImage, ...] = ()
    status: ProductStatus = ProductStatus.DRAFT
    original_title: str = ""
    original_description: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    source: tuple[SupplierProvider, str] | None = None
    """Which supplier listed it, and under which id there; None for what the merchant added by hand."""
    shipping_days: tuple[int, int] | None = None
    """Fewest and most days to the shopper, as the supplier said; None for what the merchant added by hand."""
    by_merchant: bool = False
    """Whether some of its text is in the merchant's own words, which no agent writes over."""
    in_hand: bool = False
    """Whether the merchant worked on it: edited, priced or counted it, or had it on sale."""

    def write_copy(self, copy: ProductCopy, *, slug: str, at: datetime) -> Sequence[ProductEvent]:
        """Take on the copywriter's text under a slug that is free in the store."""
        self._refuse_archived()
        return (ProductCopyWritten(**self._next(at), **(copy.model_dump() | {"slug": slug})),)

    def edit(
        self,
        *,
        at: datetime,
        title: str | None = None,
        description: str | None = None,
        features: Sequence[str] | None = None,
        benefits: Sequence[str] | None = None,
        call_to_action: str | None = None,
        scores: CopyScores | None = None,
        meta_title: str | None = None,
        meta_description: str | None = None,
        price: Money | None = None,
        compare_at: Money | None = None,
        clear_compare_at: bool = False,
    ) -> Sequence[ProductEvent]:
        """Let the merchant change what is given; each kind of change is a fact of its own.

        A new description replaces features, benefits and call to action too, which told of the one before. A new price
        alone keeps the compare-at price for as long as that is the higher one.

        Raises:
            InvalidInput: names the field.
        """
        self._refuse_archived()
        events: list[ProductEvent] = []
        if title is not None and (cleaned := clean_title(title)) != self.title:
            events.append(ProductRetitled(**self._next(at, 1), title=cleaned))
        if description is not None:
            _check_description(description)
            events.append(
                ProductDescribed(
                    **self._next(at, 1 + len(events)),
                    description=description,
                    features=list(features or ()),
                    benefits=list(benefits or ()),
                    call_to_action=call_to_action or "",
                    scores=scores,
                )
            )
        elif any(part is not None for part in (features, benefits, call_to_action)):
            raise InvalidInput(
                "description", "Features, benefits and callToAction come with a description. Give the description too."
            )
        if (meta_title is None) != (meta_description is None):
            raise InvalidInput("metaTitle", "Give metaTitle and metaDescription together.")
        if meta_title is not None and meta_description is not None:
            for name, text, most in (
                ("metaTitle", meta_title, META_TITLE_MAX),
                ("metaDescription", meta_description, META_DESCRIPTION_MAX),
            ):
                if len(text) > most:
                    raise InvalidInput(name, f"{name} has {len(text)} characters; {most} is the most.")
            events.append(
                ProductMetaWritten(
                    **self._next(at, 1 + len(events)), meta_title=meta_title, meta_description=meta_description
                )
            )
        if price is not None or compare_at is not None or clear_compare_at:
            keep = not clear_compare_at
            events.extend(self._reprice(price or self.price, compare_at, at, 1 + len(events), keep=keep))
        return events

    def count_stock(self, variant_id: UUID, on_hand: int, *, at: datetime) -> Sequence[ProductEvent]:
        """Set what is on hand of a variant."""
        self._refuse_archived()
        _check_stock(on_hand)
        if self._variant(variant_id).on_hand == on_hand:
            return ()
        return (StockCounted(**self._next(at), variant_id=variant_id, on_hand=on_hand),)

    def reserve(self, variant_id: UUID, quantity: int, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Keep a quantity for an order; nothing if it is kept already.

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
            raise InsufficientStock(self.id, self.title, wanted=quantity, available=variant.available)
        return (StockReserved(**self._next(at), order_id=order_id, variant_id=variant_id, quantity=quantity),)

    def release(self, variant_id: UUID, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Give back what was kept for an order; nothing if nothing was."""
        kept = self._variant(variant_id).reserved.get(order_id)
        if kept is None:
            return ()
        return (StockReleased(**self._next(at), order_id=order_id, variant_id=variant_id, quantity=kept),)

    def sell(self, variant_id: UUID, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Take what was kept for a paid order out of the stock; nothing if that was done."""
        kept = self._variant(variant_id).reserved.get(order_id)
        if kept is None:
            return ()
        return (StockSold(**self._next(at), order_id=order_id, variant_id=variant_id, quantity=kept),)

    def activate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Put it on sale; nothing if it is."""
        self._refuse_archived()
        return () if self.status is ProductStatus.ACTIVE else (ProductActivated(**self._next(at)),)

    def deactivate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Take it off sale; nothing if it is."""
        self._refuse_archived()
        return () if self.status is ProductStatus.DRAFT else (ProductDeactivated(**self._next(at)),)

    def archive(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Put it away for good; nothing if that was done."""
        return () if self.status is ProductStatus.ARCHIVED else (ProductArchived(**self._next(at)),)

    def _reprice(
        self, price: Money, compare_at: Money | None, at: datetime, offset: int, *, keep: bool
    ) -> Sequence[ProductEvent]:
        if price.currency != self.price.currency:
            raise InvalidInput(
                "sellingPrice", f"This product is priced in {self.price.currency}, not {price.currency}."
            )
        if price.minor <= 0:
            raise InvalidInput("sellingPrice", f"The price is {price}; it must be above zero.")
        for variant in self.variants.values():
            # Variants keep their distance to the product's price.
            moved = variant.price + (price - self.price)
            if moved.minor <= 0:
                raise InvalidInput(
                    "sellingPrice",
                    f"At {price}, “{variant.title}” would cost {moved}; every variant must cost something.",
                )
        if keep and compare_at is None and self.compare_at is not None and price < self.compare_at:
            compare_at = self.compare_at
        _check_compare_at(compare_at, price)
        if (price, compare_at) == (self.price, self.compare_at):
            return ()
        return (PriceChanged(**self._next(at, offset), price=price, compare_at=compare_at),)

    def _variant(self, variant_id: UUID) -> VariantState:
        variant = self.variants.get(variant_id)
        if variant is None:
            raise NotFound("variant", variant_id)
        return variant

    def _refuse_archived(self) -> None:
        if self.status is ProductStatus.ARCHIVED:
            raise ProductPutAway(self.id)

    def _next(self, at: datetime, offset: int = 1) -> dict[str, Any]:
        return {"originator_id": self.id, "originator_version": self.version + offset, "occurred_at": at}


def import_listing(
    product_id: UUID,
    listing: Listing,
    *,
    store_id: UUID,
    generation_id: UUID,
    slug: str,
    price: Money,
    compare_at: Money | None,
    images: Sequence[ImportedImage],
    variants: Sequence[ImportedVariant],
    score: WinningScore,
    at: datetime,
) -> Sequence[ProductEvent]:
    """Take a supplier's listing over as a draft; of stock that is more than anybody counts, the most there can be."""
    return (
        ProductImported(
            originator_id=product_id,
            originator_version=1,
            occurred_at=at,
            store_id=store_id,
            generation_id=generation_id,
            source_provider=listing.provider,
            source_id=listing.source_id,
            source_url=listing.url,
            original_title=listing.title,
            original_description=listing.description,
            slug=slug,
            category=listing.category,
            tags=listing.tags,
            cost=listing.cost,
            price=price,
            compare_at=compare_at,
            shipping_days=listing.shipping_days,
            images=list(images),
            variants=[
                variant.model_copy(update={"stock": min(max(variant.stock, 0), STOCK_MOST)}) for variant in variants
            ],
            score=score,
        ),
    )


def add_by_hand(
    product_id: UUID,
    *,
    store_id: UUID,
    title: str,
    slug: str,
    description: str,
    cost: Money,
    price: Money,
    compare_at: Money | None,
    images: Sequence[ImportedImage],
    variant_id: UUID,
    stock: int,
    at: datetime,
) -> Sequence[ProductEvent]:
    """Add a product that no supplier listed, as a draft with one variant.

    Raises:
        InvalidInput: names the field.
    """
    title = clean_title(title)
    _check_description(description)
    if price.minor <= 0:
        raise InvalidInput("sellingPrice", f"The price is {price}; it must be above zero.")
    if cost.minor < 0 or cost.currency != price.currency:
        raise InvalidInput("costPrice", f"The cost is {cost}; it must be in {price.currency} and not below zero.")
    _check_compare_at(compare_at, price)
    _check_stock(stock)
    variant = ImportedVariant(variant_id=variant_id, title="Default", price=price, cost=cost, stock=stock)
    return (
        ProductAdded(
            originator_id=product_id,
            originator_version=1,
            occurred_at=at,
            store_id=store_id,
            title=title,
            slug=slug,
            description=description,
            cost=cost,
            price=price,
            compare_at=compare_at,
            images=list(images),
            variants=[variant],
        ),
    )


def evolve(product: Product | None, event: ProductEvent) -> Product:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match product, event:
        case None, ProductImported() | ProductAdded():
            return _created(event)
        case Product(), ProductCopyWritten():
            return replace(product, version=event.originator_version, title=event.title, slug=event.slug)
        case Product(), ProductRetitled():
            return replace(product, version=event.originator_version, title=event.title, by_merchant=True, in_hand=True)
        case Product(), ProductDescribed() | ProductMetaWritten():
            return replace(product, version=event.originator_version, by_merchant=True, in_hand=True)
        case Product(), PriceChanged():
            shift = event.price - product.price
            variants = {id: replace(variant, price=variant.price + shift) for id, variant in product.variants.items()}
            return replace(
                product,
                version=event.originator_version,
                price=event.price,
                compare_at=event.compare_at,
                variants=variants,
                in_hand=True,
            )
        case Product(), StockCounted(variant_id=id):
            counted = replace(product.variants[id], on_hand=event.on_hand)
            return replace(_with_variant(product, event, id, counted), in_hand=True)
        case Product(), StockReserved(variant_id=id):
            variant = product.variants[id]
            kept = replace(variant, reserved={**variant.reserved, event.order_id: event.quantity})
            return _with_variant(product, event, id, kept)
        case Product(), StockReleased(variant_id=id):
            return _with_variant(product, event, id, _without(product.variants[id], event.order_id))
        case Product(), StockSold(variant_id=id):
            variant = product.variants[id]
            sold = replace(variant, on_hand=variant.on_hand - event.quantity)
            return _with_variant(product, event, id, _without(sold, event.order_id))
        case Product(), ProductActivated():
            return replace(product, version=event.originator_version, status=ProductStatus.ACTIVE, in_hand=True)
        case Product(), ProductDeactivated():
            return replace(product, version=event.originator_version, status=ProductStatus.DRAFT)
        case Product(), ProductArchived():
            return replace(product, version=event.originator_version, status=ProductStatus.ARCHIVED)
        case _:
            raise CorruptStream(event)


def _check_description(description: str) -> None:
    if not description.strip():
        raise InvalidInput("description", "A product needs a description.")


def _check_stock(stock: int) -> None:
    if not 0 <= stock <= STOCK_MOST:
        raise InvalidInput("stockQuantity", f"Stock cannot be {stock:,}; 0 is the least and {STOCK_MOST:,} the most.")


def _check_compare_at(compare_at: Money | None, price: Money) -> None:
    if compare_at is not None and (compare_at.currency != price.currency or compare_at <= price):
        raise InvalidInput("compareAtPrice", f"The compare-at price {compare_at} must be above the price {price}.")


def _created(event: ProductImported | ProductAdded) -> Product:
    variants = {
        variant.variant_id: VariantState(title=variant.title, price=variant.price, on_hand=variant.stock)
        for variant in event.variants
    }
    product = Product(
        id=event.originator_id,
        version=event.originator_version,
        store_id=event.store_id,
        title=event.original_title if isinstance(event, ProductImported) else event.title,
        slug=event.slug,
        price=event.price,
        compare_at=event.compare_at,
        cost=event.cost,
        variants=variants,
        images=tuple(event.images),
    )
    if isinstance(event, ProductAdded):
        return replace(product, original_title=event.title, original_description=event.description)
    return replace(
        product,
        original_title=event.original_title,
        original_description=event.original_description,
        category=event.category,
        tags=tuple(event.tags),
        source=(event.source_provider, event.source_id),
        shipping_days=event.shipping_days,
    )


def _without(variant: VariantState, order_id: UUID) -> VariantState:
    return replace(variant, reserved={id: kept for id, kept in variant.reserved.items() if id != order_id})


def _with_variant(product: Product, event: ProductEvent, id: UUID, variant: VariantState) -> Product:
    return replace(product, version=event.originator_version, variants={**product.variants, id: variant})


PRODUCT = StreamKind("product", Product, evolve)
