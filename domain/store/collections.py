"""A store's collections, category texts and changed addresses: their state, and how events change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.editing import fingerprint
from domain.store.collection_events import (
    AddressKind,
    AddressMoved,
    CategoryDescribed,
    CollectionEvent,
    CollectionRemoved,
    CollectionWritten,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assortment:
    """How a store presents its products, apart from the products themselves."""

    collections: Mapping[UUID, CollectionWritten] = field(default_factory=dict)
    """Each collection as it was last written."""
    own_categories: frozenset[str] = frozenset()
    """Categories whose text the merchant wrote; writers do not overwrite it."""
    described: Mapping[str, CategoryDescribed] = field(default_factory=dict)
    """The latest text of each category that has one."""
    slugs: Mapping[tuple[AddressKind, str], str] = field(default_factory=dict)
    """The present slug of each thing whose address the merchant changed, and of each collection."""

    def owner_of(self, kind: AddressKind, slug: str) -> str | None:
        """Return what has an address now; None if it is free or was never changed."""
        return next((target for (of, target), taken in self.slugs.items() if of is kind and taken == slug), None)


def category_text(title: str | None, text: str | None) -> str:
    """Return the fingerprint of the texts of a category's page; None for a page without its own."""
    return fingerprint([title or "", text or ""])


def with_event(assortment: Assortment, event: CollectionEvent) -> Assortment:
    """Return the assortment after an event."""
    match event:
        case CollectionWritten():
            id = event.collection_id
            # A written collection keeps the address that it has.
            slugs = {(AddressKind.COLLECTION, str(id)): event.slug} | dict(assortment.slugs)
            return replace(assortment, collections={**assortment.collections, id: event}, slugs=slugs)
        case CollectionRemoved():
            key = (AddressKind.COLLECTION, str(event.collection_id))
            return replace(
                assortment,
                collections={id: one for id, one in assortment.collections.items() if id != event.collection_id},
                slugs={one: slug for one, slug in assortment.slugs.items() if one != key},
            )
        case CategoryDescribed():
            own = assortment.own_categories | ({event.category} if event.written_by == BY_MERCHANT else frozenset())
            return replace(assortment, own_categories=own, described={**assortment.described, event.category: event})
        case AddressMoved():
            return replace(assortment, slugs={**assortment.slugs, (event.kind, event.target): event.slug})


BY_MERCHANT = "merchant"
"""The author of what the merchant wrote."""
