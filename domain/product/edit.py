"""The merchant's edit of a product: texts and prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.kernel import EventHeader, InvalidInput, next_header
from domain.money import Money
from domain.product.aggregate import Product
from domain.product.events import PriceChanged, ProductDescribed, ProductEvent, ProductMetaWritten, ProductRetitled
from domain.product.prices import lowest_before
from domain.product.texts import META_DESCRIPTION_MAX, META_TITLE_MAX, check_description
from domain.store.events import CopyScores
from domain.text import clean_title


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


def edit_product(product: Product, edit: ProductEdit, *, at: datetime) -> Sequence[ProductEvent]:
    """Apply the merchant's edit: one event for each kind of change.

    Raises:
        InvalidInput: names the field.
        ProductIsArchived: retrying cannot help.
    """
    product.refuse_archived()
    events: list[ProductEvent] = []
    if edit.title is not None and (title := clean_title(edit.title)) != product.title:
        events.append(ProductRetitled(**next_header(product, at), title=title))
    if edit.description is not None:
        events.append(_describe(edit, edit.description, next_header(product, at, 1 + len(events))))
    elif any(part is not None for part in (edit.features, edit.benefits, edit.call_to_action)):
        raise InvalidInput(
            "description", "Features, benefits and callToAction come with a description. Give the description too."
        )
    events.extend(_write_meta(edit, next_header(product, at, 1 + len(events))))
    if edit.price is not None or edit.compare_at is not None or edit.clear_compare_at:
        events.extend(_reprice(product, edit, at, offset=1 + len(events)))
    return events


def _describe(edit: ProductEdit, description: str, header: EventHeader) -> ProductDescribed:
    check_description(description, edit.features or (), edit.benefits or (), edit.call_to_action or "")
    return ProductDescribed(
        **header,
        description=description,
        features=list(edit.features or ()),
        benefits=list(edit.benefits or ()),
        call_to_action=edit.call_to_action or "",
        scores=edit.scores,
    )


def _write_meta(edit: ProductEdit, header: EventHeader) -> Sequence[ProductMetaWritten]:
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


def _reprice(product: Product, edit: ProductEdit, at: datetime, *, offset: int) -> Sequence[ProductEvent]:
    price, compare_at = edit.price or product.price, edit.compare_at
    if price.currency != product.price.currency:
        raise InvalidInput(
            "sellingPrice",
            f"{price} is not in {product.price.currency}, in which the product is priced. Give the price in {product.price.currency}.",
        )
    if price.minor <= 0:
        raise InvalidInput("sellingPrice", f"The price is {price}; it must be above zero.")
    for variant in product.variants.values():
        # Each variant keeps its difference to the product's price.
        moved = variant.price + (price - product.price)
        if moved.minor <= 0:
            raise InvalidInput(
                "sellingPrice",
                f"At {price}, “{variant.title}” would cost {moved}; every variant must cost more than zero.",
            )
    keeps_former_price = not edit.clear_compare_at and product.compare_at is not None
    if keeps_former_price and compare_at is None and price <= product.price:
        compare_at = product.compare_at
    if (price, compare_at) == (product.price, product.compare_at):
        return ()
    _check_compare_at(product, compare_at, price, at)
    return (
        PriceChanged(
            **next_header(product, at, offset),
            price=price,
            compare_at=compare_at,
            compare_at_proven=compare_at is not None,
        ),
    )


def _check_compare_at(product: Product, compare_at: Money | None, price: Money, at: datetime) -> None:
    further_reduction = compare_at == product.compare_at and price <= product.price
    if compare_at is None or further_reduction:
        return
    lowest = lowest_before(product.prices, price, at, on_sale_since=product.on_sale_since)
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
