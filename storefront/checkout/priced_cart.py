"""The cart with current prices and stock, and with the lines that can no longer be bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.cart.contents import CartEntry, ShopperCart
from domain.discount.terms import DiscountedLine
from domain.money import Money
from domain.order.delivery import ArrivalWindow, DeliveryDays, arrival_window
from domain.order.quote import AppliedCode, Quote, quote
from domain.shipping.rates import ShippingRates
from domain.shipping.weights import grams_of
from projections.catalog.views import ON_SALE, ProductView, StoreView
from storefront.checkout.unpaid_order import UnpaidOrder
from storefront.ports import StorefrontQueries
from storefront.rendering.delivery import rates_of
from storefront.rendering.formatting import MediaUrl, Picture, pictures
from storefront.visit.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One line of the cart as the page shows it."""

    entry: CartEntry
    title: str
    variant_title: str | None
    """None where a product has only one variant."""
    url: str
    picture: Picture | None
    unit_price: Money
    grams: int | None
    """The weight of one piece; None if it is unknown."""
    delivery: DeliveryDays | None
    """The product's delivery days; None if its supplier states none."""
    available: int
    """Stock for this shopper, including the stock reserved by the open order of this cart."""

    @property
    def total(self) -> Money:
        return self.unit_price * self.entry.quantity

    @property
    def former_price(self) -> Money | None:
        """The price of one piece that the shopper saw; None if it is the present one, or unknown."""
        seen = self.entry.seen_price
        return None if seen is None or seen == self.unit_price or seen.currency != self.unit_price.currency else seen

    @property
    def problem(self) -> str | None:
        """Why this line cannot be bought as it is; None if it can."""
        if self.available <= 0:
            return "This is sold out now."
        if self.available < self.entry.quantity:
            return f"Only {self.available} left."
        return None


@dataclass(frozen=True, slots=True)
class PricedCart:
    """The cart as the page shows it."""

    lines: Sequence[PricedLine]
    gone: Sequence[UUID]
    """Variants in the cart that this store no longer sells, or not in its currency."""
    rates: ShippingRates

    @property
    def count(self) -> int:
        return sum(line.entry.quantity for line in self.lines)

    @property
    def total(self) -> Money:
        """The sum of all lines, without delivery."""
        return Money.total(
            (line.total for line in self.lines), self.lines[0].unit_price.currency if self.lines else "USD"
        )

    def quote(self, country: str, code: AppliedCode | None = None) -> Quote:
        """Return what the lines cost in a country. The command computes the same from the products themselves.

        Raises:
            DomainError: the store does not deliver there, the code does not fit, or the price is too small to pay.
        """
        return quote(
            [DiscountedLine(product_id=line.entry.product_id, total=line.total) for line in self.lines],
            grams=sum(line.entry.quantity * (line.grams or self.rates.unknown_weight) for line in self.lines),
            rates=self.rates,
            country=country,
            code=code,
        )

    def arrival(self, today: date) -> ArrivalWindow | None:
        """Return when all of it arrives if it is ordered today; None if a supplier states no days."""
        return arrival_window((line.delivery for line in self.lines), ordered_on=today)

    @property
    def ready(self) -> bool:
        """Whether it can be ordered as it is."""
        return bool(self.lines) and not self.gone and all(line.problem is None for line in self.lines)

    @property
    def prices(self) -> Mapping[UUID, Money]:
        """The present price of one piece of each variant."""
        return {line.entry.variant_id: line.unit_price for line in self.lines}

    def tidied(self, cart: ShopperCart) -> ShopperCart:
        """Return the cart with quantities reduced to the stock, and without variants that are gone."""
        for entry in cart:
            line = next((one for one in self.lines if one.entry.variant_id == entry.variant_id), None)
            if line is not None and line.available < entry.quantity:
                cart = cart.set(entry.variant_id, line.available)
        return cart.without(self.gone).with_prices(self.prices)


def is_sold_by(store: StoreView, product: ProductView) -> bool:
    """Whether a store sells a product."""
    return product.store_id == store.id and product.status in ON_SALE


def is_foreign_money(store: StoreView, product: ProductView) -> bool:
    """Whether a product has another currency than its store; only stores from before that rule have such products."""
    return store.currency not in {None, product.price.currency}


async def price_cart(
    visit: Visit, queries: StorefrontQueries, link: MediaUrl, waiting: UnpaidOrder | None
) -> PricedCart:
    """Return the visit's cart with current prices and stock; products of other stores or currencies count as gone."""
    cart, store = visit.cart, visit.store
    reserved = {} if waiting is None else waiting.reserved
    ids = list({entry.product_id for entry in cart})
    if not ids:
        return PricedCart((), (), rates_of(store))
    products = await queries.products_by_ids(store.id, ids)
    images, variants = await queries.images(store.id, ids), await queries.variants(store.id, ids)
    lines: list[PricedLine] = []
    gone: list[UUID] = []
    for entry in cart:
        product = products.get(entry.product_id)
        known = variants.get(entry.product_id, ())
        variant = next((one for one in known if one.id == entry.variant_id), None)
        if product is None or variant is None or not is_sold_by(store, product) or is_foreign_money(store, product):
            gone.append(entry.variant_id)
            continue
        photos = pictures(images.get(product.id, ()), product.title, link)
        lines.append(
            PricedLine(
                entry=entry,
                title=product.title,
                variant_title=variant.title if len(known) > 1 else None,
                url=f"/products/{product.slug}",
                picture=photos[0] if photos else None,
                unit_price=variant.price,
                grams=grams_of(product.attributes),
                delivery=product.shipping_days,
                available=variant.available + reserved.get(variant.id, 0),
            )
        )
    return PricedCart(lines, gone, rates_of(store))
