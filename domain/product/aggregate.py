"""The product aggregate: copy, price, stock and whether it is for sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.editing import Fingerprints, fingerprints
from domain.kernel import CorruptStream, EventHeader, InvalidInput, NotFound, StreamKind, first_header, next_header
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.errors import InsufficientStock, NotForSale, ProductIsArchived
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
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
    WinningScore,
)
from domain.product.ports import ProductCopy
from domain.product.texts import texts_set_by
from domain.sourcing.listing import Listing
from domain.store.events import CopyScores
from domain.text import clean_title

META_TITLE_MAX = 60
META_DESCRIPTION_MAX = 155
FORMER_WITHIN = timedelta(days=30)
"""A former price is the lowest price in this time before a reduction. The product must have been on sale all that time
(Directive 98/6/EC, Article 6a)."""
STOCK_MOST = 1_000_000
"""Highest stock of one variant. More is a typing mistake, and more than some readers of the log can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantState:
    """A variant's price and stock."""

    title: str
    price: Money
    on_hand: int
    sku: str | None = None
    """The supplier's; None if it has none, and for a product added by hand."""
    cost: Money | None = None
    """What one piece cost when the product was imported; None if it is unknown."""
    reserved: Mapping[UUID, int] = field(default_factory=dict)
    """Reserved quantity by order id."""

    @property
    def reserved_total(self) -> int:
        """How many unpaid orders reserve."""
        return sum(self.reserved.values())

    @property
    def available(self) -> int:
        """How many can still be ordered; never below zero, although a count may be below the reserved total."""
        return max(0, self.on_hand - self.reserved_total)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePeriod:
    """A price and the time from which it applies."""

    since: datetime
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEdit:
    """The merchant's changes to a product; None leaves a part as it is.

    A new description also replaces features, benefits and call to action, which described the former one.
    A compare-at price must be the lowest price of the 30 days before the reduction. A further reduction keeps it and
    a raise ends it.
    """

    title: str | None = None
    description: str | None = None
    features: Sequence[str] | None = None
    benefits: Sequence[str] | None = None
    call_to_action: str | None = None
    scores: CopyScores | None = None
    """How the new description measures."""
    meta_title: str | None = None
    meta_description: str | None = None
    price: Money | None = None
    compare_at: Money | None = None
    clear_compare_at: bool = False
    """Whether the compare-at price is removed."""


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

    def write_copy(self, copy: ProductCopy, *, slug: str, at: datetime) -> Sequence[ProductEvent]:
        """Apply the copywriter's text under a slug that is free in the store."""
        self._refuse_archived()
        return (ProductCopyWritten(**next_header(self, at), **(copy.model_dump() | {"slug": slug})),)

    def edit(self, edit: ProductEdit, *, at: datetime) -> Sequence[ProductEvent]:
        """Apply the merchant's edit: one event for each kind of change.

        Raises:
            InvalidInput: names the field.
            ProductIsArchived: retrying cannot help.
        """
        self._refuse_archived()
        events: list[ProductEvent] = []
        if edit.title is not None and (title := clean_title(edit.title)) != self.title:
            events.append(ProductRetitled(**next_header(self, at), title=title))
        if edit.description is not None:
            events.append(self._describe(edit, edit.description, next_header(self, at, 1 + len(events))))
        elif any(part is not None for part in (edit.features, edit.benefits, edit.call_to_action)):
            raise InvalidInput(
                "description", "Features, benefits and callToAction come with a description. Give the description too."
            )
        events.extend(self._write_meta(edit, next_header(self, at, 1 + len(events))))
        if edit.price is not None or edit.compare_at is not None or edit.clear_compare_at:
            events.extend(self._reprice(edit, at, offset=1 + len(events)))
        return events

    def _describe(self, edit: ProductEdit, description: str, header: EventHeader) -> ProductDescribed:
        _check_description(description)
        return ProductDescribed(
            **header,
            description=description,
            features=list(edit.features or ()),
            benefits=list(edit.benefits or ()),
            call_to_action=edit.call_to_action or "",
            scores=edit.scores,
        )

    def _write_meta(self, edit: ProductEdit, header: EventHeader) -> Sequence[ProductMetaWritten]:
        title, description = edit.meta_title, edit.meta_description
        if title is None and description is None:
            return ()
        if title is None or description is None:
            raise InvalidInput("metaTitle", "Give metaTitle and metaDescription together.")
        for name, text, most in (
            ("metaTitle", title, META_TITLE_MAX),
            ("metaDescription", description, META_DESCRIPTION_MAX),
        ):
            if len(text) > most:
                raise InvalidInput(name, f"{name} has {len(text)} characters; {most} is the most.")
        return (ProductMetaWritten(**header, meta_title=title, meta_description=description),)

    def count_stock(self, variant_id: UUID, on_hand: int, *, at: datetime) -> Sequence[ProductEvent]:
        """Set the stock of a variant. A count below the reserved total also records the shortage."""
        self._refuse_archived()
        _check_stock(on_hand)
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
        self._refuse_archived()
        return () if self.status is ProductStatus.ACTIVE else (ProductActivated(**next_header(self, at)),)

    def deactivate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Take the product off sale. No-op if it is a draft."""
        self._refuse_archived()
        return () if self.status is ProductStatus.DRAFT else (ProductDeactivated(**next_header(self, at)),)

    def archive(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Archive the product permanently. No-op if it is archived."""
        return () if self.status is ProductStatus.ARCHIVED else (ProductArchived(**next_header(self, at)),)

    def arrange_photos(self, image_ids: Sequence[UUID], *, at: datetime) -> Sequence[ProductEvent]:
        """Put photos first. The caller makes sure that they are the product's. No-op if nothing changes."""
        self._refuse_archived()
        rest = (image.image_id for image in sorted(self.images, key=lambda image: self.position_of(image.image_id)))
        order = tuple(dict.fromkeys((*image_ids, *rest)))
        return () if order == self.photo_order else (PhotosArranged(**next_header(self, at), image_ids=list(order)),)

    def position_of(self, image_id: UUID) -> int:
        """Return a photo's place among the product's photos, 0 first. A new photo comes last."""
        if image_id in self.photo_order:
            return self.photo_order.index(image_id)
        imported = {image.image_id: image.position for image in self.images}
        return max(imported.get(image_id, len(imported)), len(self.photo_order))

    def _reprice(self, edit: ProductEdit, at: datetime, *, offset: int) -> Sequence[ProductEvent]:
        price, compare_at = edit.price or self.price, edit.compare_at
        if price.currency != self.price.currency:
            raise InvalidInput(
                "sellingPrice", f"This product is priced in {self.price.currency}, not {price.currency}."
            )
        if price.minor <= 0:
            raise InvalidInput("sellingPrice", f"The price is {price}; it must be above zero.")
        for variant in self.variants.values():
            # Each variant keeps its difference to the product's price.
            moved = variant.price + (price - self.price)
            if moved.minor <= 0:
                raise InvalidInput(
                    "sellingPrice",
                    f"At {price}, “{variant.title}” would cost {moved}; every variant must cost more than zero.",
                )
        keeps_former_price = not edit.clear_compare_at and self.compare_at is not None
        if keeps_former_price and compare_at is None and price <= self.price:
            compare_at = self.compare_at
        if (price, compare_at) == (self.price, self.compare_at):
            return ()
        self._check_compare_at(compare_at, price, at)
        return (
            PriceChanged(
                **next_header(self, at, offset),
                price=price,
                compare_at=compare_at,
                compare_at_proven=compare_at is not None,
            ),
        )

    def lowest_price_before(self, price: Money, at: datetime) -> Money | None:
        """Return the lowest price of the 30 days before ``price`` began; None if it was not on sale all that time.

        ``price`` begins ``at`` unless it is the current price.
        """
        begun = self.prices[-1].since if price == self.price and self.prices else at
        if self.on_sale_since is None or begun - self.on_sale_since < FORMER_WITHIN:
            return None
        before = [period for period in self.prices if period.since < begun]
        return min((period.price for period in _within(before, begun)), key=lambda price: price.minor, default=None)

    def _check_compare_at(self, compare_at: Money | None, price: Money, at: datetime) -> None:
        further_reduction = compare_at == self.compare_at and price <= self.price
        if compare_at is None or further_reduction:
            return
        lowest = self.lowest_price_before(price, at)
        if lowest is None:
            raise InvalidInput(
                "compareAtPrice",
                f"compareAtPrice {compare_at} cannot be struck through: that takes 30 days on sale at a higher price, "
                "and this product has not had them. Leave it out.",
            )
        if lowest <= price:
            raise InvalidInput(
                "compareAtPrice",
                f"compareAtPrice {compare_at} cannot be struck through: {price} is not below {lowest}, the lowest price "
                "of the 30 days before. Leave it out.",
            )
        if compare_at != lowest:
            raise InvalidInput(
                "compareAtPrice",
                f"compareAtPrice {compare_at} is not the lowest price of the 30 days before, {lowest}. "
                "Use that one, or leave it out.",
            )

    def _variant(self, variant_id: UUID) -> VariantState:
        variant = self.variants.get(variant_id)
        if variant is None:
            raise NotFound("variant", variant_id)
        return variant

    def _refuse_archived(self) -> None:
        if self.status is ProductStatus.ARCHIVED:
            raise ProductIsArchived(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingDraft:
    """A supplier's listing, and what the store makes of it."""

    listing: Listing
    slug: str
    price: Money
    images: Sequence[ImportedImage]
    variants: Sequence[ImportedVariant]
    score: WinningScore


def import_listing(
    product_id: UUID, draft: ListingDraft, *, store_id: UUID, generation_id: UUID, at: datetime
) -> Sequence[ProductEvent]:
    """Import a supplier's listing as a draft. Stock is limited to ``STOCK_MOST`` a variant."""
    listing = draft.listing
    return (
        ProductImported(
            **first_header(product_id, at),
            store_id=store_id,
            generation_id=generation_id,
            source_provider=listing.provider,
            source_id=listing.source_id,
            source_url=listing.url,
            original_title=listing.title,
            original_description=listing.description,
            slug=draft.slug,
            category=listing.category,
            tags=listing.tags,
            cost=listing.cost,
            price=draft.price,
            compare_at=None,
            shipping_days=listing.shipping_days,
            images=list(draft.images),
            variants=[
                variant.model_copy(update={"stock": min(max(variant.stock, 0), STOCK_MOST)})
                for variant in draft.variants
            ],
            score=draft.score,
            attributes=listing.attributes,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product as the merchant enters it, with one variant."""

    title: str
    slug: str
    description: str
    cost: Money
    price: Money
    compare_at: Money | None
    """Must be None, because a new product has no former price."""
    images: Sequence[ImportedImage]
    variant_id: UUID
    stock: int


def add_by_hand(product_id: UUID, draft: ProductDraft, *, store_id: UUID, at: datetime) -> Sequence[ProductEvent]:
    """Add a product that no supplier listed, as a draft with one variant.

    Raises:
        InvalidInput: names the field.
    """
    title = clean_title(draft.title)
    _check_description(draft.description)
    price, cost = draft.price, draft.cost
    if price.minor <= 0:
        raise InvalidInput("sellingPrice", f"The price is {price}; it must be above zero.")
    if cost.minor < 0 or cost.currency != price.currency:
        raise InvalidInput("costPrice", f"The cost is {cost}; it must be in {price.currency} and not below zero.")
    if draft.compare_at is not None:
        raise InvalidInput(
            "compareAtPrice",
            f"compareAtPrice {draft.compare_at} cannot be struck through: a new product has no former price. "
            "Leave it out.",
        )
    _check_stock(draft.stock)
    variant = ImportedVariant(variant_id=draft.variant_id, title="Default", price=price, cost=cost, stock=draft.stock)
    return (
        ProductAdded(
            **first_header(product_id, at),
            store_id=store_id,
            title=title,
            slug=draft.slug,
            description=draft.description,
            cost=cost,
            price=price,
            images=list(draft.images),
            variants=[variant],
        ),
    )


def evolve(product: Product | None, event: ProductEvent) -> Product:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match product, event:
        case None, ProductImported() | ProductAdded():
            return _create(event)
        case Product(), ProductCopyWritten() | ProductRetitled() | ProductDescribed() | ProductMetaWritten():
            return _with_text(product, event)
        case Product(), PriceChanged():
            return _with_price(product, event)
        case Product(), (
            StockCounted() | StockShort() | StockReserved() | StockReleased() | StockSold() | StockReturned()
        ):
            return _with_stock(product, event)
        case Product(), ProductActivated() | ProductDeactivated() | ProductArchived():
            return _with_status(product, event)
        case Product(), PhotosArranged():
            return replace(product, version=event.originator_version, photo_order=tuple(event.image_ids))
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
        prices=_append_price(product.prices, PricePeriod(since=event.occurred_at, price=event.price)),
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


def _check_description(description: str) -> None:
    if not description.strip():
        raise InvalidInput("description", "A product needs a description.")


def _check_stock(stock: int) -> None:
    if not 0 <= stock <= STOCK_MOST:
        raise InvalidInput("stockQuantity", f"Stock cannot be {stock:,}; 0 is the least and {STOCK_MOST:,} the most.")


def _within(prices: Sequence[PricePeriod], end: datetime) -> Sequence[PricePeriod]:
    """Return the prices that applied at some time in the 30 days before ``end``; all of them began before it."""
    earlier = sum(period.since <= end - FORMER_WITHIN for period in prices)
    return prices[max(0, earlier - 1) :]


def _append_price(prices: tuple[PricePeriod, ...], now: PricePeriod) -> tuple[PricePeriod, ...]:
    if prices and prices[-1].price == now.price:
        return prices
    return (*_within(prices, now.since), now)


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
