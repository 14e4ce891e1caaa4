"""Revisions: which rows of a tenant a read model shows.

A cache keeps the revision with what it read, and compares the two before it shows that again. A revision changes with
every transaction that changes a tenant's rows. Readers add ``projections.built_at``, which a rebuild changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from projections.engine.tables import Connection

MOVE_SQL = """
    insert into public.revisions as r (read_model, tenant, revision)
    select read_model, tenant, gen_random_uuid() from unnest({}::text[], {}::uuid[]) as changed (read_model, tenant)
    on conflict (read_model, tenant) do update set revision = excluded.revision
"""
"""Gives tenants a new revision; a brace pair for each array of :func:`values_of`."""
_MOVE = MOVE_SQL.format("$1", "$2")


async def move_revisions(connection: Connection, changed: Mapping[str, Iterable[UUID]]) -> None:
    """Give tenants a new revision, within the transaction that changed their rows.

    Args:
        connection: in that transaction.
        changed: the tenants by read model.
    """
    await connection.execute(_MOVE, *values_of(changed))


def values_of(changed: Mapping[str, Iterable[UUID]]) -> tuple[Sequence[Any], ...]:
    """Return the read models and tenants of :data:`MOVE_SQL`."""
    pairs = sorted((name, tenant) for name, tenants in changed.items() for tenant in set(tenants))
    return [name for name, _ in pairs], [tenant for _, tenant in pairs]
