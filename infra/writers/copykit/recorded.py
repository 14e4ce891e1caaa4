"""The texts of a store as its events recorded them, for the lint: any store, whichever writer wrote it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

from domain.kernel import DomainEvent
from domain.order.delivery import typical_days
from domain.product.events import ProductArchived, ProductCopyWritten, ProductImported
from domain.product.ports import CopyBrief, options_of
from domain.store.events import BrandGenerated, PageWritten, StoreRequested
from domain.store.pages import LEGAL_PAGES
from domain.store.ports import StoreFacts
from infra.writers.copykit.claims import store_evidence
from infra.writers.copykit.lint import ProductTexts, StoreTexts


def recorded_texts(events: Iterable[DomainEvent]) -> StoreTexts | None:
    """Return the latest texts of one store, without archived products; None if it has no brand yet.

    Args:
        events: of the store and of its products, in the order in which they were recorded. Others are left out.
    """
    requested: StoreRequested | None = None
    brand: BrandGenerated | None = None
    imported: dict[UUID, ProductImported] = {}
    copies: dict[UUID, ProductCopyWritten] = {}
    pages: dict[UUID, PageWritten] = {}
    for event in events:
        match event:
            case StoreRequested():
                requested = event
            case BrandGenerated():
                brand = event
            case ProductImported():
                imported[event.originator_id] = event
            case ProductCopyWritten():
                copies[event.originator_id] = event
            case ProductArchived():
                imported.pop(event.originator_id, None)
            case PageWritten():
                pages[event.page_id] = event
            case _:
                continue
    if requested is None or brand is None:
        return None
    facts = _facts(requested, brand, imported)
    voice = brand.brand.voice
    return StoreTexts(
        name=brand.brand.name,
        tagline=voice.tagline,
        story=voice.story,
        categories=facts.products,
        products=[_texts(imported[id], copy, brand) for id, copy in copies.items() if id in imported],
        evidence=store_evidence(facts),
        pages={page.slug: page.content for page in pages.values() if page.type not in LEGAL_PAGES},
    )


def _facts(requested: StoreRequested, brand: BrandGenerated, imported: Mapping[UUID, ProductImported]) -> StoreFacts:
    listings = list(imported.values())
    prices = [listing.price for listing in listings]
    kinds = Counter(listing.category for listing in listings if listing.category)
    return StoreFacts(
        name=brand.brand.name,
        host=brand.slug,
        niche=requested.niche,
        brand=brand.brand,
        contact_email=requested.contact_email,
        products=[kind for kind, _ in kinds.most_common()],
        price_range=(min(prices), max(prices)) if prices else None,
        shipping_days=typical_days([listing.shipping_days for listing in listings]),
        effective_on=requested.occurred_at,
        product_count=len(listings),
    )


def _texts(listing: ProductImported, copy: ProductCopyWritten, brand: BrandGenerated) -> ProductTexts:
    brief = CopyBrief(
        original_title=listing.original_title,
        original_description=listing.original_description,
        category=listing.category,
        tags=listing.tags,
        options=options_of([variant.title for variant in listing.variants]),
        niche="",
        brand=brand.brand,
        seed="",
        attributes=listing.attributes,
        price=listing.price,
    )
    return ProductTexts.of(str(listing.originator_id), copy, brief)
