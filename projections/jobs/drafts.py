"""Queries of drafts."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.draft.aggregate import DraftStatus
from domain.draft.events import FieldChange, TargetKind
from domain.editing import EditField
from projections.jobs.views import DraftSort
from projections.reading.columns import whole_rows
from projections.reading.conditions import Conditions
from projections.reading.cursors import Order
from projections.reading.paging import Reader, Slice, Window, paginate
from projections.reading.scope import Scope, restrict


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A draft as it was recorded. Which fields are out of date follows from the live values."""

    id: UUID
    store_id: UUID
    target_kind: TargetKind
    target_id: UUID
    status: DraftStatus
    wanted: tuple[EditField, ...]
    """Empty for all fields of the target."""
    hint: str | None
    changes: tuple[FieldChange, ...]
    accepted: frozenset[EditField]
    written_by: str | None
    call_id: UUID | None
    cost: int | None
    """In millionths of a US dollar; None if it is not known."""
    note: str | None
    """What became of the hint, or why there is no proposal."""
    created_at: datetime
    updated_at: datetime


_OPEN = "d.status in ('REQUESTED', 'PROPOSED')"
"""Drafts that are being made or wait for a decision; an index has them."""
_OPEN_STATUSES = frozenset({DraftStatus.REQUESTED, DraftStatus.PROPOSED})


async def draft_by_id(db: Reader, id: UUID, *, scope: Scope) -> DraftView | None:
    """Return a draft; None if the scope has none with this id."""
    return (await drafts_by_ids(db, [id], scope=scope)).get(id)


async def drafts_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, DraftView]:
    """Return the drafts with these ids; unknown ids are left out."""
    where = _within(scope, Conditions().add("d.id = any({})", list(ids)))
    records = await db.fetch(f"select {_SELECTION.sql} from drafts d where {where.sql}", *where.arguments)
    return {record["id"]: _draft(record) for record in records}


async def drafts_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    statuses: Collection[DraftStatus] = (),
    sort: DraftSort = DraftSort.NEWEST,
) -> Slice[DraftView]:
    """Return a page of a store's drafts.

    Args:
        db: the database.
        store_id: an unknown id has no drafts.
        window: the page.
        scope: whose rows may be returned.
        statuses: only drafts in one of these; empty means any.
        sort: the order of the list.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    where = _within(scope, Conditions().add("d.store_id = {}", store_id))
    if statuses:
        where.add("d.status = any({})", list(statuses))
        if _OPEN_STATUSES.issuperset(statuses):
            where.add(_OPEN)
    return await paginate(
        db, selection=_SELECTION, table="drafts d", where=where, order=DRAFT_ORDERS[sort], window=window, id="d.id"
    )


async def accepted_drafts(db: Reader, target_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, list[UUID]]:
    """Return the drafts that the merchant accepted fields of, by target, the oldest first."""
    where = _within(scope, Conditions().add("d.target_id = any({})", list(target_ids)))
    where.add("d.accepted <> '[]'")
    records = await db.fetch(
        f"select d.target_id, d.id from drafts d where {where.sql} order by d.created_at, d.id", *where.arguments
    )
    found: dict[UUID, list[UUID]] = {}
    for record in records:
        found.setdefault(record["target_id"], []).append(record["id"])
    return found


def _within(scope: Scope, where: Conditions) -> Conditions:
    return restrict(where, scope, merchant="d.merchant_id = {}", store="d.store_id", team="d.store_id")


def _draft(record: Any) -> DraftView:
    values = {name: record[name] for name in _COLUMNS}
    return DraftView(
        **values
        | {
            "target_kind": TargetKind(values["target_kind"]),
            "status": DraftStatus(values["status"]),
            "wanted": tuple(map(EditField, json.loads(values["wanted"]))),
            "changes": tuple(map(FieldChange.model_validate, json.loads(values["changes"]))),
            "accepted": frozenset(map(EditField, json.loads(values["accepted"]))),
        }
    )


_COLUMNS = tuple(DraftView.__dataclass_fields__)
_SELECTION = whole_rows("d", _COLUMNS, _draft)
_NEWEST = Order(name="drafts", key="d.created_at", type="timestamptz", descending=True)
DRAFT_ORDERS = {DraftSort.NEWEST: _NEWEST, DraftSort.OLDEST: _NEWEST.reverse("drafts-oldest")}
