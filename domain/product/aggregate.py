"""The product aggregate: copy, price, stock and whether it is for sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.kernel import CorruptStream, InvalidInput, NotFound, StreamKind, first_header, next_header
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.errors import InsufficientStock, NotForSale, ProductIsArchived
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
    StockShort,
    StockSold,
    WinningScore,
)
from domain.product.ports import ProductCopy
from domain.sourcing.listing import Listing
from domain.store.events import CopyScores
from domain.text import clean_title

META_TITLE_MAX = 60
META_DESCRIPTION_MAX = 155
FORMER_WITHIN = timedelta(days=30)
"""A former price is the lowest of this long before a reduction, and the product was on sale for as long (Directive
98/6/EC, Article 6a)."""
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
    def kept(self) -> int:
        """What unpaid orders keep."""
        return sum(self.reserved.values())

    @property
    def available(self) -> int:
        """What can still be ordered; never below zero, although a count may be below what orders keep."""
        return max(0, self.on_hand - self.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePeriod:
    """A price, and since when it is asked."""

    since: datetime
    price: Money


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
    """The former price that is struck through, from the history of prices; None if none is."""
    cost: Money
    variants: Mapping[UUID, VariantState]
    prices: tuple[PricePeriod, ...] = ()
    """The price of now and those before it that a former price may come from, the oldest first."""
    on_sale_since: datetime | None = None
    """Since when it is on sale without a break; None while it is a draft."""
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
    touched_by_merchant: bool = False
    """Whether the merchant worked on it: edited, priced or counted it, or had it on sale."""

    def write_copy(self, copy: ProductCopy, *, slug: str, at: datetime) -> Sequence[ProductEvent]:
        """Take on the copywriter's text under a slug that is free in the store."""
        self._refuse_archived()
        return (ProductCopyWritten(**next_header(self, at), **(copy.model_dump() | {"slug": slug})),)

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

        A new description replaces features, benefits and call to action too, which told of the one before. A compare-at
        price must be the lowest price of the 30 days before the reduction. A further reduction keeps it; a raise ends it.

        Raises:
            InvalidInput: names the field.
        """
        self._refuse_archived()
        events: list[ProductEvent] = []
        if title is not None and (cleaned := clean_title(title)) != self.title:
            events.append(ProductRetitled(**next_header(self, at, 1), title=cleaned))
        if description is not None:
            _check_description(description)
            events.append(
                ProductDescribed(
                    **next_header(self, at, 1 + len(events)),
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
                    **next_header(self, at, 1 + len(events)), meta_title=meta_title, meta_description=meta_description
                )
            )
        if price is not None or compare_at is not None or clear_compare_at:
            keep = not clear_compare_at
            events.extend(self._reprice(price or self.price, compare_at, at, 1 + len(events), keep=keep))
        return events

    def count_stock(self, variant_id: UUID, on_hand: int, *, at: datetime) -> Sequence[ProductEvent]:
        """Set what is on hand of a variant; where that is less than unpaid orders keep, the shortage is a fact too."""
        self._refuse_archived()
        _check_stock(on_hand)
        variant = self._variant(variant_id)
        if variant.on_hand == on_hand:
            return ()
        counted = StockCounted(**next_header(self, at), variant_id=variant_id, on_hand=on_hand)
        if on_hand >= variant.kept:
            return (counted,)
        return counted, StockShort(**next_header(self, at, 2), variant_id=variant_id, missing=variant.kept - on_hand)

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
        return (StockReserved(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=quantity),)

    def release(self, variant_id: UUID, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Give back what was kept for an order; nothing if nothing was."""
        kept = self._variant(variant_id).reserved.get(order_id)
        if kept is None:
            return ()
        return (StockReleased(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=kept),)

    def sell(self, variant_id: UUID, *, order_id: UUID, at: datetime) -> Sequence[ProductEvent]:
        """Take what was kept for a paid order out of the stock; nothing if that was done.

        The shopper has paid, so the sale stands even if less is on hand; what is missing is a fact too.
        """
        variant = self._variant(variant_id)
        kept = variant.reserved.get(order_id)
        if kept is None:
            return ()
        sold = StockSold(**next_header(self, at), order_id=order_id, variant_id=variant_id, quantity=kept)
        if kept <= variant.on_hand:
            return (sold,)
        missing = kept - variant.on_hand
        return sold, StockShort(**next_header(self, at, 2), variant_id=variant_id, missing=missing, order_id=order_id)

    def activate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Put it on sale; nothing if it is."""
        self._refuse_archived()
        return () if self.status is ProductStatus.ACTIVE else (ProductActivated(**next_header(self, at)),)

    def deactivate(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Take it off sale; nothing if it is."""
        self._refuse_archived()
        return () if self.status is ProductStatus.DRAFT else (ProductDeactivated(**next_header(self, at)),)

    def archive(self, *, at: datetime) -> Sequence[ProductEvent]:
        """Put it away for good; nothing if that was done."""
        return () if self.status is ProductStatus.ARCHIVED else (ProductArchived(**next_header(self, at)),)

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
        if keep and compare_at is None and self.compare_at is not None and price <= self.price:
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
        """Return the lowest price of the 30 days before ``price`` began, now or in the past; None if it was not on sale
        for as long.
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


def import_listing(
    product_id: UUID,
    listing: Listing,
    *,
    store_id: UUID,
    generation_id: UUID,
    slug: str,
    price: Money,
    images: Sequence[ImportedImage],
    variants: Sequence[ImportedVariant],
    score: WinningScore,
    at: datetime,
) -> Sequence[ProductEvent]:
    """Take a supplier's listing over as a draft; of stock that is more than anybody counts, the most there can be."""
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
            slug=slug,
            category=listing.category,
            tags=listing.tags,
            cost=listing.cost,
            price=price,
            compare_at=None,
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
    if compare_at is not None:
        raise InvalidInput(
            "compareAtPrice",
            f"compareAtPrice {compare_at} cannot be struck through: a new product has no former price. Leave it out.",
        )
    _check_stock(stock)
    variant = ImportedVariant(variant_id=variant_id, title="Default", price=price, cost=cost, stock=stock)
    return (
        ProductAdded(
            **first_header(product_id, at),
            store_id=store_id,
            title=title,
            slug=slug,
            description=description,
            cost=cost,
            price=price,
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
            return replace(
                product, version=event.originator_version, title=event.title, by_merchant=True, touched_by_merchant=True
            )
        case Product(), ProductDescribed() | ProductMetaWritten():
            return replace(product, version=event.originator_version, by_merchant=True, touched_by_merchant=True)
        case Product(), PriceChanged():
            shift = event.price - product.price
            variants = {id: replace(variant, price=variant.price + shift) for id, variant in product.variants.items()}
            return replace(
                product,
                version=event.originator_version,
                price=event.price,
                compare_at=event.compare_at if event.compare_at_proven else None,
                variants=variants,
                prices=_followed_by(product.prices, PricePeriod(since=event.occurred_at, price=event.price)),
                touched_by_merchant=True,
            )
        case Product(), StockCounted(variant_id=id):
            counted = replace(product.variants[id], on_hand=event.on_hand)
            return replace(_with_variant(product, event, id, counted), touched_by_merchant=True)
        case Product(), StockShort():
            return replace(product, version=event.originator_version)
        case Product(), StockReserved(variant_id=id):
            variant = product.variants[id]
            kept = replace(variant, reserved={**variant.reserved, event.order_id: event.quantity})
            return _with_variant(product, event, id, kept)
        case Product(), StockReleased(variant_id=id):
            return _with_variant(product, event, id, _without(product.variants[id], event.order_id))
        case Product(), StockSold(variant_id=id):
            variant = product.variants[id]
            sold = replace(variant, on_hand=max(0, variant.on_hand - event.quantity))
            return _with_variant(product, event, id, _without(sold, event.order_id))
        case Product(), ProductActivated():
            return replace(
                product,
                version=event.originator_version,
                status=ProductStatus.ACTIVE,
                touched_by_merchant=True,
                on_sale_since=product.on_sale_since or event.occurred_at,
            )
        case Product(), ProductDeactivated():
            return replace(product, version=event.originator_version, status=ProductStatus.DRAFT, on_sale_since=None)
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


def _within(prices: Sequence[PricePeriod], end: datetime) -> Sequence[PricePeriod]:
    """Return the prices that were asked at some time in the 30 days before ``end``; all of them began before it."""
    earlier = sum(period.since <= end - FORMER_WITHIN for period in prices)
    return prices[max(0, earlier - 1) :]


def _followed_by(prices: tuple[PricePeriod, ...], now: PricePeriod) -> tuple[PricePeriod, ...]:
    if prices and prices[-1].price == now.price:
        return prices
    return (*_within(prices, now.since), now)


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
        compare_at=None,
        cost=event.cost,
        variants=variants,
        prices=(PricePeriod(since=event.occurred_at, price=event.price),),
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
