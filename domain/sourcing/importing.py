"""How a product starts from a supplier's listing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel import first_header
from domain.money import Money
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
    ProductEvent,
    ProductImported,
    WinningScore,
)
from domain.product.variants import STOCK_MOST
from domain.sourcing.listing import Listing
from domain.sourcing.untrusted import clean_attributes, clean_category, clean_options, clean_tags, clean_variant


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
    """Import a supplier's listing as a draft. Stock is limited to ``STOCK_MOST`` a variant.

    Shoppers read category, tags, variants and options as they are, so what is not a label is left out of them.
    """
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
            category=clean_category(listing.category),
            tags=clean_tags(listing.tags),
            cost=listing.cost,
            price=draft.price,
            compare_at=None,
            shipping_days=listing.shipping_days,
            images=list(draft.images),
            variants=[
                variant.model_copy(
                    update={
                        "title": clean_variant(variant.title, number),
                        "options": clean_options(variant.options),
                        "stock": min(max(variant.stock, 0), STOCK_MOST),
                    }
                )
                for number, variant in enumerate(draft.variants, 1)
            ],
            score=draft.score,
            attributes=clean_attributes(listing.attributes),
        ),
    )
