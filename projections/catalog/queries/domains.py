"""Queries about the domains that stores connected. Shoppers see none of it."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from domain.store.domain_events import DomainProblem, DomainStatus
from projections.catalog.views import DomainView
from projections.reading.columns import grouped
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, owned, restrict

_COLUMNS = ", ".join(f"d.{name}" for name in DomainView.__dataclass_fields__)


async def domains_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[DomainView, ...]]:
    """Return each store's domains that were not removed, the first connected first."""
    where = Conditions().add("d.store_id = any({})", list(store_ids)).add("d.status <> 'REMOVED'")
    where = _of(scope, where)
    records = await db.fetch(
        f"select {_COLUMNS} from domains d where {where.sql} order by d.connected_at, d.name", *where.arguments
    )
    return grouped(map(_view, records), store_ids, by=lambda domain: domain.store_id)


async def all_domains(
    db: Reader, *, scope: Scope, name: str | None = None, limit: int = 1_000
) -> tuple[DomainView, ...]:
    """Return domains that were not removed, the newest first.

    Args:
        db: the database.
        scope: whose rows may be returned.
        name: only this domain, of every store that connected it.
        limit: the most domains.
    """
    where = Conditions().add("d.status <> 'REMOVED'")
    if name is not None:
        where = where.add("d.name = {}", name)
    where = _of(scope, where)
    records = await db.fetch(
        f"select {_COLUMNS} from domains d where {where.sql} order by d.connected_at desc, d.name limit {int(limit)}",
        *where.arguments,
    )
    return tuple(map(_view, records))


async def domains_to_check(
    db: Reader, status: DomainStatus, *, scope: Scope, after: tuple[str, UUID] | None = None, limit: int = 100
) -> Sequence[DomainView]:
    """Return domains in a status by name and store.

    Args:
        db: the database.
        status: PENDING or VERIFIED.
        scope: whose rows may be returned.
        after: name and store of the last domain of the page before; None for the first page.
        limit: the most domains.
    """
    where = Conditions().add("d.status = {}", status)
    if after is not None:
        where = where.add("(d.name, d.store_id) > ({}, {})", *after)
    where = _of(scope, where)
    records = await db.fetch(
        f"select {_COLUMNS} from domains d where {where.sql} and d.status in ('PENDING', 'VERIFIED') "
        f"order by d.name, d.store_id limit {int(limit)}",
        *where.arguments,
    )
    return tuple(map(_view, records))


def _of(scope: Scope, where: Conditions) -> Conditions:
    return restrict(where, scope, merchant=owned("d.store_id", owners="stores", id="id"), store=None, team="d.store_id")


def _view(record: asyncpg.Record) -> DomainView:
    problem = record["problem"]
    return DomainView(
        **dict(record)
        | {
            "status": DomainStatus(record["status"]),
            "problem": None if problem is None else DomainProblem(problem),
        }
    )
