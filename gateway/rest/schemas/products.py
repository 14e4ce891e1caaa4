"""Bodies of products, their variants and scores."""

from datetime import datetime
from typing import Self
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.product.events import ProductStatus, WinningScore
from gateway.ports import GatewayDependencies
from gateway.rest.schemas.body import Body
from gateway.rest.schemas.images import ImageBody
from gateway.rest.schemas.money import Amount, MoneyBody
from projections.catalog.views import (
    ImageView,
    ProductView,
    VariantView,
)


class VariantBody(Body):
    """A product's variant."""

    id: UUID
    sku: str | None
    title: str
    price: Amount
    price_money: MoneyBody
    cost_price: Amount
    cost_price_money: MoneyBody
    stock: int
    available: int
    options: dict[str, str]

    @classmethod
    def of(cls, view: VariantView) -> Self:
        return cls(
            id=view.id,
            sku=view.sku,
            title=view.title,
            price=view.price.decimal,
            price_money=MoneyBody.of(view.price),
            cost_price=view.cost.decimal,
            cost_price_money=MoneyBody.of(view.cost),
            stock=view.on_hand,
            available=view.available,
            options=dict(view.options),
        )


class ScoreTermBody(Body):
    """One term of a score."""

    name: str
    value: float
    weight: float


class WinningScoreBody(Body):
    """Why a listing was chosen: terms from 0 to 1, and their weighted sum. The fit is beside the total, not in it."""

    total: float
    reviews: float
    orders: float
    price_point: float
    shipping: float
    image_quality: float
    margin: float
    fit: float | None
    fit_terms: list[ScoreTermBody]
    destination: str | None
    landed_cost: Amount | None
    landed_cost_money: MoneyBody | None
    duty: Amount | None
    duty_money: MoneyBody | None

    @classmethod
    def of(cls, score: WinningScore) -> Self:
        amounts = {"landed_cost": score.landed_cost, "duty": score.duty}
        return cls(
            **score.model_dump(exclude={"fit_terms", *amounts}),
            fit_terms=[ScoreTermBody(name=term.name, value=term.value, weight=term.weight) for term in score.fit_terms],
            **{name: None if amount is None else amount.decimal for name, amount in amounts.items()},
            **{f"{name}_money": MoneyBody.maybe(amount) for name, amount in amounts.items()},
        )


class ProductBody(Body):
    """A product."""

    id: UUID
    store_id: UUID
    status: ProductStatus
    source_provider: SupplierProvider | None
    source_id: str | None
    source_url: str | None
    title: str
    original_title: str
    description: str
    features: list[str]
    benefits: list[str]
    call_to_action: str | None
    slug: str
    category: str | None
    cost_price: Amount
    cost_price_money: MoneyBody
    selling_price: Amount
    selling_price_money: MoneyBody
    compare_at_price: Amount | None
    compare_at_price_money: MoneyBody | None
    currency: str
    stock_quantity: int
    available_quantity: int
    short_quantity: int
    track_inventory: bool
    meta_title: str | None
    meta_description: str | None
    winning_score: WinningScoreBody | None
    images: list[ImageBody]
    variants: list[VariantBody]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls,
        view: ProductView,
        images: tuple[ImageView, ...],
        variants: tuple[VariantView, ...],
        deps: GatewayDependencies,
    ) -> Self:
        return cls(
            id=view.id,
            store_id=view.store_id,
            status=view.status,
            source_provider=view.source_provider,
            source_id=view.source_id,
            source_url=view.source_url,
            title=view.title,
            original_title=view.original_title,
            description=view.description,
            features=list(view.features),
            benefits=list(view.benefits),
            call_to_action=view.call_to_action,
            slug=view.slug,
            category=view.category,
            cost_price=view.cost.decimal,
            cost_price_money=MoneyBody.of(view.cost),
            selling_price=view.price.decimal,
            selling_price_money=MoneyBody.of(view.price),
            compare_at_price=None if view.compare_at is None else view.compare_at.decimal,
            compare_at_price_money=MoneyBody.maybe(view.compare_at),
            currency=view.price.currency,
            stock_quantity=view.on_hand,
            available_quantity=view.available,
            short_quantity=view.short,
            track_inventory=view.track_inventory,
            meta_title=view.meta_title,
            meta_description=view.meta_description,
            winning_score=None if view.score is None else WinningScoreBody.of(view.score),
            images=[ImageBody.of(image, deps) for image in images],
            variants=[VariantBody.of(variant) for variant in variants],
            created_at=view.created_at,
            updated_at=view.updated_at,
        )
