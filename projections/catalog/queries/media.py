"""How the catalogue's rows become views: which columns are read, and what is derived from them."""

import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter

from domain.media.events import MediaType, RejectionReason, Rendition
from domain.money import Money
from domain.product.events import ProductStatus
from domain.store.events import CopyScores, PageType, Preferences, StoreStatus
from projections.catalog.views import (
    BrandResult,
    CopyNotes,
    ImageState,
    ImageView,
    MediaAssetView,
    PageView,
    ProductView,
    ScoutingResult,
    Source,
    StoreView,
    StudioNotes,
    VariantView,
)

_renditions = TypeAdapter(list[Rendition])

STORE_COLUMNS = (
    "s.id, s.merchant_id, s.niche, s.name, s.slug, s.description, s.status, s.approved, s.preferences, s.brand, "
    "s.scouting, s.custom_domain, s.created_at, s.updated_at, s.published_at, "
    # A store older than the event that says so sells in what its products are priced in, those on sale first.
    "coalesce(s.currency, (select p.currency from products p where p.store_id = s.id "
    "order by p.status <> 'ACTIVE', p.status = 'ARCHIVED', p.created_at, p.id limit 1)) as currency"
)
PAGE_COLUMNS = (
    "g.id, g.store_id, g.type, g.title, g.slug, g.content, g.scores, g.written_by, g.created_at, g.updated_at"
)
PRODUCT_STATUS = "case when p.status = 'ACTIVE' and k.available <= 0 then 'OUT_OF_STOCK' else p.status end"
PRODUCT_SOURCE = (
    "products p join product_texts t on t.id = p.id cross join lateral ("
    "select coalesce(sum(v.on_hand), 0)::bigint as on_hand, "
    "coalesce(sum(greatest(v.on_hand - v.reserved, 0)), 0)::bigint as available, "
    "coalesce(sum(v.missing + greatest(v.reserved - v.on_hand, 0)), 0)::bigint as short, max(v.updated_at) as counted_at "
    "from variants v where v.product_id = p.id) k"
)
PRODUCT_COLUMNS = (
    f"p.id, p.store_id, {PRODUCT_STATUS} as status, p.title, p.slug, p.category, p.currency, p.price_minor, "
    "p.compare_at_minor, p.cost_minor, p.created_at, greatest(p.updated_at, k.counted_at) as updated_at, t.description, "
    "t.meta_title, t.meta_description, t.copy, t.tags, t.original_title, t.original_description, t.source, "
    "k.on_hand, k.available, k.short"
)
VARIANT_COLUMNS = (
    "v.id, v.product_id, v.position, v.sku, v.title, v.options, p.price_minor + v.price_offset_minor as price_minor, "
    "p.compare_at_minor + v.price_offset_minor as compare_at_minor, v.cost_minor, p.currency, v.on_hand, "
    "greatest(v.on_hand - v.reserved, 0) as available, v.missing + greatest(v.reserved - v.on_hand, 0) as short, "
    "v.created_at, v.updated_at"
)
IMAGE_COLUMNS = (
    "m.id, m.product_id, m.position, m.original_url, m.alt_text, m.status, m.renditions, m.rejection, "
    "m.rejection_message, m.created_at, m.updated_at"
)
MEDIA_COLUMNS = f"{IMAGE_COLUMNS}, m.store_id, m.type, m.content, m.ground, m.studio, m.attempt, m.generation_id"


def store_view(record: Any) -> StoreView:
    brand, scouting = record["brand"], record["scouting"]
    return StoreView(
        id=record["id"],
        merchant_id=record["merchant_id"],
        name=record["name"],
        slug=record["slug"],
        description=record["description"],
        niche=record["niche"],
        status=StoreStatus(record["status"]),
        approved=record["approved"],
        preferences=Preferences.model_validate_json(record["preferences"]),
        brand=None if brand is None else BrandResult.model_validate_json(brand),
        scouting=None if scouting is None else ScoutingResult.model_validate_json(scouting),
        custom_domain=record["custom_domain"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
        published_at=record["published_at"],
        currency=record["currency"],
    )


def page_view(record: Any) -> PageView:
    return PageView(
        id=record["id"],
        store_id=record["store_id"],
        type=PageType(record["type"]),
        title=record["title"],
        slug=record["slug"],
        content=record["content"],
        scores=CopyScores.model_validate_json(record["scores"]),
        written_by=record["written_by"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


def product_view(record: Any) -> ProductView:
    currency, compare_at = record["currency"], record["compare_at_minor"]
    copy = None if record["copy"] is None else CopyNotes.model_validate_json(record["copy"])
    source = None if record["source"] is None else Source.model_validate_json(record["source"])
    return ProductView(
        id=record["id"],
        store_id=record["store_id"],
        status=ProductStatus(record["status"]),
        title=record["title"],
        slug=record["slug"],
        description=record["description"],
        features=() if copy is None else tuple(copy.features),
        benefits=() if copy is None else tuple(copy.benefits),
        call_to_action=None if copy is None else copy.call_to_action or None,
        meta_title=record["meta_title"],
        meta_description=record["meta_description"],
        copy_scores=None if copy is None else copy.scores,
        copy_written_by=None if copy is None else copy.written_by,
        category=record["category"],
        tags=tuple(json.loads(record["tags"])),
        source_provider=None if source is None else source.provider,
        source_id=None if source is None else source.source_id,
        source_url=None if source is None else source.url,
        original_title=record["original_title"],
        original_description=record["original_description"],
        generation_id=None if source is None else source.generation_id,
        score=None if source is None else source.score,
        shipping_days=None if source is None else source.shipping_days,
        cost=Money(minor=record["cost_minor"], currency=currency),
        price=Money(minor=record["price_minor"], currency=currency),
        compare_at=None if compare_at is None else Money(minor=compare_at, currency=currency),
        on_hand=record["on_hand"],
        available=record["available"],
        short=record["short"],
        track_inventory=True,
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


def variant_view(record: Any) -> VariantView:
    currency, compare_at = record["currency"], record["compare_at_minor"]
    return VariantView(
        id=record["id"],
        product_id=record["product_id"],
        position=record["position"],
        sku=record["sku"],
        title=record["title"],
        options=json.loads(record["options"]),
        price=Money(minor=record["price_minor"], currency=currency),
        compare_at=None if compare_at is None else Money(minor=compare_at, currency=currency),
        cost=Money(minor=record["cost_minor"], currency=currency),
        on_hand=record["on_hand"],
        available=record["available"],
        short=record["short"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


def _by_name(renditions: str) -> dict[str, Rendition]:
    return {rendition.name: rendition for rendition in _renditions.validate_json(renditions)}


def _rejection(record: Any) -> RejectionReason | None:
    return None if record["rejection"] is None else RejectionReason(record["rejection"])


def image_view(record: Any) -> ImageView:
    return ImageView(
        id=record["id"],
        product_id=record["product_id"],
        position=record["position"],
        original_url=record["original_url"],
        alt_text=record["alt_text"],
        status=ImageState(record["status"]),
        renditions=_by_name(record["renditions"]),
        rejection=_rejection(record),
        rejection_message=record["rejection_message"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


def _filename(url: str | None) -> str:
    """Return what a file is called: after the photo it was made from."""
    if url is None:
        return "logo.svg"
    try:
        stem = PurePosixPath(unquote(urlsplit(url).path)).stem
    except ValueError:
        stem = ""
    return f"{stem[:100] or 'image'}.webp"


def media_view(record: Any) -> MediaAssetView:
    renditions, content = _by_name(record["renditions"]), record["content"]
    studio = None if record["studio"] is None else StudioNotes.model_validate_json(record["studio"])
    largest = max(renditions.values(), key=lambda rendition: rendition.width * rendition.height, default=None)
    if content is not None:
        file: tuple[str | None, int | None] = "image/svg+xml", len(content.encode())
    else:
        file = (None, None) if largest is None else (largest.mime_type, largest.size_bytes)
    return MediaAssetView(
        id=record["id"],
        store_id=record["store_id"],
        product_id=record["product_id"],
        type=MediaType(record["type"]),
        status=ImageState(record["status"]),
        filename=_filename(record["original_url"]),
        mime_type=file[0],
        size_bytes=file[1],
        key=None if largest is None else largest.key,
        content=content,
        original_url=record["original_url"],
        alt_text=record["alt_text"],
        width=None if largest is None else largest.width,
        height=None if largest is None else largest.height,
        renditions=renditions,
        operations=() if studio is None else tuple(studio.operations),
        ground=record["ground"],
        source_sha256=None if studio is None else studio.source_sha256,
        source_width=None if studio is None else studio.source_width,
        source_height=None if studio is None else studio.source_height,
        seconds=None if studio is None else studio.seconds,
        attempt=record["attempt"],
        generation_id=record["generation_id"],
        rejection=_rejection(record),
        rejection_message=record["rejection_message"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )
