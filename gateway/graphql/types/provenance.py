"""Where published fields came from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from domain.draft.events import category_id
from domain.merchant.events import SupplierProvider
from gateway.api.field_origins import AcceptedDraft, FieldOrigin, ListingSnapshot, Origin
from gateway.api.provenance import (
    category_origins,
    collection_origins,
    image_origins,
    page_origins,
    product_origins,
    store_origins,
)
from gateway.graphql.context import ReadContext
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.usage import OutsideCall
from projections.jobs.calls import CallView


@strawberry.type(name="ListingSnapshot", description="The supplier's listing that a product was imported from.")
class ListingSnapshotType:
    provider: SupplierProvider
    source_id: str
    url: str | None
    title: str = strawberry.field(description="The supplier's title at the import.")

    @classmethod
    def of(cls, listing: ListingSnapshot) -> Self:
        return cls(provider=listing.provider, source_id=listing.source_id, url=listing.url, title=listing.title)


@strawberry.type(name="AcceptedDraft", description="The draft that the merchant accepted a value from.")
class AcceptedDraftType:
    draft_id: strawberry.ID
    hint: str | None = strawberry.field(description="The merchant's wish. Null if the draft was made without one.")
    written_by: str = strawberry.field(description="`house` or a model's name.")

    @classmethod
    def of(cls, draft: AcceptedDraft) -> Self:
        return cls(draft_id=as_gid(draft.id), hint=draft.hint, written_by=draft.written_by)


@strawberry.type(description="Where the current value of a field came from.")
class FieldProvenance:
    field: str = strawberry.field(description="The field's name, such as `title` or `brandIdentity.colors`.")
    set_by: Origin
    event_id: strawberry.ID = strawberry.field(description="The event in the log that set the value.")
    event_type: str
    position: str = strawberry.field(description="The event's position in the log, for `asOf`.")
    at: datetime
    call: OutsideCall | None = strawberry.field(
        description="The recorded call whose answer is the value, with its prompt and model. "
        "Null if the merchant set it, or it follows from a rule."
    )
    listing: ListingSnapshotType | None
    draft: AcceptedDraftType | None = strawberry.field(
        description="The draft that the merchant accepted the value from. Null if it came in another way."
    )
    approved_at: datetime | None = strawberry.field(
        description="When the merchant set or accepted the value, or approved or published the store or product with it. "
        "Null before that."
    )
    approved_by: strawberry.ID | None = strawberry.field(
        description="The person who set or accepted the value, or approved or published the store or product with it. "
        "Null before that, and for values that were set before the log named people."
    )


async def provenance_of_product(reading: ReadContext, product_id: UUID, store_id: UUID) -> list[FieldProvenance]:
    """Return the provenance of a product's fields."""
    product, store = await reading.loaders.stream.load_many([product_id, store_id])
    drafts = await reading.loaders.accepted_drafts.load(product_id)
    return await _with_calls(reading, product_origins(product, store, drafts))


async def provenance_of_store(reading: ReadContext, store_id: UUID) -> list[FieldProvenance]:
    """Return the provenance of a store's own fields."""
    store = await reading.loaders.stream.load(store_id)
    return await _with_calls(reading, store_origins(store, await reading.loaders.accepted_drafts.load(store_id)))


async def provenance_of_page(reading: ReadContext, page_id: UUID, store_id: UUID) -> list[FieldProvenance]:
    """Return the provenance of a page's fields."""
    store = await reading.loaders.stream.load(store_id)
    return await _with_calls(reading, page_origins(page_id, store, await reading.loaders.accepted_drafts.load(page_id)))


async def provenance_of_image(reading: ReadContext, image_id: UUID, product_id: UUID) -> list[FieldProvenance]:
    """Return the provenance of an image's fields."""
    image, product = await reading.loaders.stream.load_many([image_id, product_id])
    store = await reading.loaders.stream.load(image[0].tenant) if image else ()
    drafts = await reading.loaders.accepted_drafts.load(image_id)
    return await _with_calls(reading, image_origins(image, product, store, drafts))


async def provenance_of_collection(reading: ReadContext, collection_id: UUID, store_id: UUID) -> list[FieldProvenance]:
    """Return the provenance of a collection's fields."""
    store = await reading.loaders.stream.load(store_id)
    drafts = await reading.loaders.accepted_drafts.load(collection_id)
    return await _with_calls(reading, collection_origins(collection_id, store, drafts))


async def provenance_of_category(reading: ReadContext, category: str, store_id: UUID) -> list[FieldProvenance]:
    """Return the provenance of a category page's fields."""
    store = await reading.loaders.stream.load(store_id)
    drafts = await reading.loaders.accepted_drafts.load(category_id(store_id, category))
    return await _with_calls(reading, category_origins(category, store, drafts))


async def _with_calls(reading: ReadContext, origins: Sequence[FieldOrigin]) -> list[FieldProvenance]:
    ids = list({origin.call_id for origin in origins if origin.call_id is not None})
    calls = await reading.loaders.call.load_many(ids)
    by_id = {id: call for id, call in zip(ids, calls, strict=True) if call is not None}
    return [_field(origin, by_id) for origin in origins]


def _field(origin: FieldOrigin, calls: dict[UUID, CallView]) -> FieldProvenance:
    call = None if origin.call_id is None else calls.get(origin.call_id)
    envelope = origin.event
    return FieldProvenance(
        field=origin.name,
        set_by=origin.set_by,
        event_id=as_gid(envelope.id),
        event_type=envelope.event.wire_name,
        position=str(envelope.position),
        at=envelope.event.occurred_at,
        call=None if call is None else OutsideCall.of(call),
        listing=None if origin.listing is None else ListingSnapshotType.of(origin.listing),
        draft=None if origin.draft is None else AcceptedDraftType.of(origin.draft),
        approved_at=origin.approved_at,
        approved_by=None if origin.approved_by is None else as_gid(origin.approved_by),
    )
