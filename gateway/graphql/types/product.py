"""Products, their variants, and their scores."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, Self

import strawberry
from strawberry.scalars import JSON

from domain.editing import EditField, Parts, fingerprints, revision_of
from domain.merchant.events import SupplierProvider
from domain.money import Money, exponent
from domain.product.events import ProductStatus
from domain.product.events import WinningScore as Score
from domain.product.texts import described, meta, product_parts
from domain.shipping.weights import grams_of
from domain.store.events import CopyScores as Scores
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, Source, derived, made, of_view, resolved
from gateway.graphql.fields import field
from gateway.graphql.refs import StoreRef, load_store
from gateway.graphql.types.image import ProductImage
from gateway.graphql.types.money import MoneyType, money_of
from gateway.graphql.types.node import Node
from gateway.graphql.types.provenance import FieldProvenance, provenance_of_product
from projections.catalog.queries.products import PRODUCTS, VARIANTS
from projections.catalog.views import ProductView, VariantView
from projections.reading.columns import column_of


def amount_of(attribute: str) -> Source:
    """Return the source of a price, in major units. Rows give its text without a detour."""
    minor, _ = PRODUCTS.attributes[attribute].columns

    def one(value: int | None, currency: str) -> str | None:
        return None if value is None else str(Money(minor=value, currency=currency).decimal)

    def of_rows(rows: list[Any]) -> list[str | None]:
        amounts, currencies = column_of(rows, minor), column_of(rows, "currency")
        if set(map(exponent, set(currencies))) <= {2}:
            return list(map(_with_cents, amounts))
        return list(map(one, amounts, currencies))

    return replace(of_view(attribute, attrgetter("decimal")), of_rows=of_rows)


@lru_cache(maxsize=10_000)
def _with_cents(minor: int | None) -> str | None:
    """Return an amount of a currency with two decimal places. Prices of a shop are few different numbers."""
    if minor is None:
        return None
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"


CURRENCY = replace(of_view("price", attrgetter("currency")), of_rows=lambda rows: column_of(rows, "currency"))
"""The source of the currency of a price."""


@strawberry.type(description="One term of a score, from 0 to 1, and its weight among the terms.")
class ScoreTerm:
    name: str
    value: float
    weight: float


@strawberry.type(description="Why a listing was chosen: terms from 0 to 1, and their weighted sum.")
class WinningScore:
    total: float
    reviews: float = strawberry.field(description="Rating, weighted by the number of reviews.")
    orders: float
    price_point: float
    shipping: float
    image_quality: float
    margin: float
    fit: float | None = strawberry.field(
        description="How well the listing fits the niche, from 0 to 1, independent of other listings. "
        "It is not part of the total. Null for products imported before fit was measured."
    )
    fit_terms: list[ScoreTerm] = strawberry.field(
        description="The terms of the fit, as far as the niche asks for them: thing, category, audience, style and setting."
    )
    destination: str | None = strawberry.field(
        description="The country that the landed cost is for, as an ISO 3166-1 code. Null for older products."
    )
    landed_cost: Decimal | None = strawberry.field(
        description="What one piece costs at the destination: price, freight and customs duty. Price and margin include it."
    )
    landed_cost_money: MoneyType | None
    duty: Decimal | None = strawberry.field(
        description="The customs duty in the landed cost. Null if it is unknown for the destination: then the cost has none in it."
    )
    duty_money: MoneyType | None

    @classmethod
    def of(cls, score: Score) -> Self:
        return cls(
            **score.model_dump(exclude={"fit_terms", "landed_cost", "duty"}),
            fit_terms=[ScoreTerm(name=term.name, value=term.value, weight=term.weight) for term in score.fit_terms],
            landed_cost=None if score.landed_cost is None else score.landed_cost.decimal,
            landed_cost_money=MoneyType.maybe(score.landed_cost),
            duty=None if score.duty is None else score.duty.decimal,
            duty_money=MoneyType.maybe(score.duty),
        )


@strawberry.type(description="Measurements of a text.")
class CopyScores:
    reading_ease: float = strawberry.field(description="Flesch reading ease, about 0 (hard) to 100 (easy).")
    words: int
    keyword_density: JSON = strawberry.field(description="Each keyword's share of all words, from 0 to 1.")

    @classmethod
    def of(cls, scores: Scores) -> Self:
        return cls(
            reading_ease=scores.reading_ease, words=scores.words, keyword_density=JSON(dict(scores.keyword_density))
        )


@strawberry.type(description="Delivery time in days, from the order to the delivery.")
class ShippingDays:
    fewest: int
    most: int

    @classmethod
    def of(cls, days: tuple[int, int]) -> Self:
        return cls(fewest=days[0], most=days[1])


@strawberry.type(description="A variant of a product. Shoppers buy variants.")
class ProductVariant(Derived, Node):
    id: strawberry.ID
    product_id: strawberry.ID
    sku: str | None
    title: str = strawberry.field(
        description="The option values, such as “Red / Large”. “Default” if the product has one variant."
    )
    price: Decimal
    price_money: MoneyType
    cost_price: Decimal
    cost_price_money: MoneyType
    currency: str
    stock: int = strawberry.field(description="Units on hand.")
    available: int = strawberry.field(description="Units on hand minus units reserved for unpaid orders; at least 0.")
    short: int = strawberry.field(description="Units that orders need and that are not in stock.")
    compare_at_price: Decimal | None = strawberry.field(
        description="The variant's former price. It differs from the product's former price as the current prices do."
    )
    compare_at_price_money: MoneyType | None
    options: JSON
    position: int
    created_at: datetime
    updated_at: datetime

    view: strawberry.Private[VariantView]

    columns = VARIANTS
    sources = {
        "id": of_view("id", str),
        "product_id": of_view("product_id", str),
        "price": amount_of("price"),
        "price_money": money_of("price"),
        "cost_price": amount_of("cost"),
        "cost_price_money": money_of("cost"),
        "currency": CURRENCY,
        "stock": of_view("on_hand"),
        "compare_at_price": amount_of("compare_at"),
        "compare_at_price_money": money_of("compare_at"),
        "options": of_view("options", dict),
    }

    @classmethod
    def of(cls, view: VariantView) -> Self:
        return made(cls, view)


def _parts(view: ProductView) -> Parts:
    """Return what an editor can change, as the aggregate has it."""
    text = described(view.description, view.features, view.benefits, view.call_to_action or "")
    values = {
        EditField.TITLE: view.title,
        EditField.DESCRIPTION: text,
        EditField.META: meta(view.meta_title or "", view.meta_description or ""),
    }
    return product_parts(fingerprints(values), price=view.price, compare_at=view.compare_at)


@strawberry.type(description="A product of a store.")
class Product(Derived, Node):
    id: strawberry.ID
    store_id: strawberry.ID
    status: ProductStatus
    source_provider: SupplierProvider | None = strawberry.field(description="Null for a product added by hand.")
    source_id: str | None
    source_url: str | None
    title: str
    original_title: str = strawberry.field(description="The supplier's title.")
    description: str = strawberry.field(description="Markdown.")
    original_description: str
    features: list[str]
    benefits: list[str]
    call_to_action: str | None
    slug: str
    category: str | None
    tags: list[str]
    cost_price: Decimal
    cost_price_money: MoneyType
    selling_price: Decimal
    selling_price_money: MoneyType
    compare_at_price: Decimal | None = strawberry.field(
        description="The former price, shown struck through: the lowest price in the 30 days before the reduction, "
        "from the store's price history. Null if no former price is shown."
    )
    compare_at_price_money: MoneyType | None
    currency: str
    weight: int | None = strawberry.field(
        description="Grams of one piece, read from the supplier's facts. Null if they state none; see Shipping.unknownWeight."
    )
    stock_quantity: int = strawberry.field(description="Units on hand, over all variants.")
    available_quantity: int = strawberry.field(
        description="Units on hand minus units reserved for unpaid orders; at least 0."
    )
    short_quantity: int = strawberry.field(
        description="Units that orders need and that are not in stock: missing from paid orders since the last count, "
        "or reserved for unpaid orders beyond the units on hand. Restock, or tell the shoppers."
    )
    track_inventory: bool
    meta_title: str | None
    meta_description: str | None
    copy_scores: CopyScores | None
    copy_written_by: str | None
    winning_score: WinningScore | None = strawberry.field(
        description="Why the product was chosen. Null for a product added by hand."
    )
    shipping_days: ShippingDays | None
    revision: str = strawberry.field(
        description="What an editor saw of texts and prices: send it as `expectedRevision` with an edit."
    )
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[ProductView]
    reading: strawberry.Private[ReadContext]

    columns = PRODUCTS
    sources = {
        "id": of_view("id", str),
        "store_id": of_view("store_id", str),
        "features": of_view("features", list),
        "benefits": of_view("benefits", list),
        "tags": of_view("tags", list),
        "cost_price": amount_of("cost"),
        "cost_price_money": money_of("cost"),
        "selling_price": amount_of("price"),
        "selling_price_money": money_of("price"),
        "compare_at_price": amount_of("compare_at"),
        "compare_at_price_money": money_of("compare_at"),
        "currency": CURRENCY,
        "weight": derived(lambda product: grams_of(product.view.attributes), "attributes"),
        "stock_quantity": of_view("on_hand"),
        "available_quantity": of_view("available"),
        "short_quantity": of_view("short"),
        "copy_scores": of_view("copy_scores", CopyScores.of),
        "winning_score": of_view("score", WinningScore.of),
        "shipping_days": of_view("shipping_days", ShippingDays.of),
        "revision": derived(
            lambda product: revision_of(_parts(product.view)),
            *("title", "description", "features", "benefits", "call_to_action"),
            *("meta_title", "meta_description", "price", "compare_at"),
        ),
        "images": resolved("id"),
        "variants": resolved("id"),
        "waiting_shoppers": resolved("id"),
        "provenance": resolved("id", "store_id"),
        "store": resolved("store_id"),
    }

    @field("The product's photos, in display order.")
    async def images(self) -> list[ProductImage]:
        return [ProductImage.of(view, self.reading) for view in await self.reading.loaders.images.load(self.view.id)]

    @field("The variants that shoppers can buy.")
    async def variants(self) -> list[ProductVariant]:
        return [ProductVariant.of(view) for view in await self.reading.loaders.variants.load(self.view.id)]

    @field("How many shoppers confirmed that they wait for a mail when the product is back in stock.")
    async def waiting_shoppers(self) -> int:
        return await self.reading.loaders.waiting.load(self.view.id)

    @field("Where each field of the product came from: event, call, prompt, listing, and approval.")
    async def provenance(self) -> list[FieldProvenance]:
        return await provenance_of_product(self.reading, self.view.id, self.view.store_id)

    @strawberry.field
    async def store(self) -> StoreRef | None:
        return await load_store(self.view.store_id, self.reading)

    @classmethod
    def of(cls, view: ProductView, reading: ReadContext) -> Self:
        return made(cls, view, reading)
