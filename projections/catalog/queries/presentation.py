"""Queries about collections, category texts and former addresses."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from domain.store.collection_events import AddressKind, CollectionRule
from projections.catalog.queries.scoped import of_store, within
from projections.catalog.views import CategoryTextView, CollectionView
from projections.reading.columns import grouped
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope

_COLLECTION = ", ".join(f"c.{name}" for name in CollectionView.__dataclass_fields__)
_CATEGORY = ", ".join(f"t.{name}" for name in CategoryTextView.__dataclass_fields__)
_PRESENT = {
    AddressKind.PRODUCT: "select slug from products where store_id = f.store_id and id = f.target::uuid",
    AddressKind.PAGE: "select slug from pages where store_id = f.store_id and id = f.target::uuid and not removed",
    AddressKind.COLLECTION: "select slug from collections where store_id = f.store_id and id = f.target::uuid and not removed",
    AddressKind.CATEGORY: "select slug from category_texts where store_id = f.store_id and category = f.target",
}


async def collections_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[CollectionView, ...]]:
    """Return each store's collections by title."""
    where = within(scope, Conditions().add("c.store_id = any({})", list(store_ids)), "c.store_id")
    records = await db.fetch(
        f'select {_COLLECTION} from collections c where {where.sql} and not c.removed order by c.title collate "C", c.id',
        *where.arguments,
    )
    return grouped(map(_collection, records), store_ids, by=lambda one: one.store_id)


async def collection_by_slug(db: Reader, store_id: UUID, slug: str, *, scope: Scope) -> CollectionView | None:
    """Return a store's collection by its slug."""
    where = of_store(scope, "c.store_id", store_id).add("c.slug = {}", slug)
    return await _one_collection(db, where)


async def collection_by_id(db: Reader, collection_id: UUID, *, scope: Scope) -> CollectionView | None:
    """Return a collection."""
    return await _one_collection(db, within(scope, Conditions().add("c.id = {}", collection_id), "c.store_id"))


async def collections_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, CollectionView]:
    """Return the collections with these ids; unknown and removed ones are left out."""
    where = within(scope, Conditions().add("c.id = any({})", list(ids)), "c.store_id")
    records = await db.fetch(
        f"select {_COLLECTION} from collections c where {where.sql} and not c.removed", *where.arguments
    )
    return {one.id: one for one in map(_collection, records)}


async def category_texts_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[CategoryTextView, ...]]:
    """Return the texts and addresses of each store's categories, by category."""
    where = within(scope, Conditions().add("t.store_id = any({})", list(store_ids)), "t.store_id")
    records = await db.fetch(
        f'select {_CATEGORY} from category_texts t where {where.sql} order by t.category collate "C"', *where.arguments
    )
    return grouped((CategoryTextView(**dict(record)) for record in records), store_ids, by=lambda one: one.store_id)


async def present_address(db: Reader, store_id: UUID, kind: AddressKind, slug: str, *, scope: Scope) -> str | None:
    """Return the present slug of what a store had at a former address; None if nothing was there, or it is gone."""
    where = Conditions().add("f.store_id = {}", store_id).add("f.kind = {}", kind).add("f.slug = {}", slug)
    where = within(scope, where, "f.store_id")
    present: str | None = await db.fetchval(
        f"select ({_PRESENT[kind]}) from former_addresses f where {where.sql}", *where.arguments
    )
    return None if present == slug else present


async def _one_collection(db: Reader, where: Conditions) -> CollectionView | None:
    record = await db.fetchrow(
        f"select {_COLLECTION} from collections c where {where.sql} and not c.removed", *where.arguments
    )
    return None if record is None else _collection(record)


def _collection(record: asyncpg.Record) -> CollectionView:
    rule = record["rule"]
    return CollectionView(
        **dict(record)
        | {
            "rule": None if rule is None else CollectionRule.model_validate_json(rule),
            "product_ids": tuple(msgspec.json.decode(record["product_ids"], type=list[UUID])),
        }
    )
