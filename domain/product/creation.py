"""How a product starts by the merchant's hand. ``domain.sourcing.importing`` starts one from a listing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel import InvalidInput, first_header
from domain.money import Money
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
    ProductAdded,
    ProductEvent,
)
from domain.product.texts import check_description
from domain.product.variants import check_stock
from domain.text import clean_title


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
    check_description(draft.description)
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
    check_stock(draft.stock)
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
