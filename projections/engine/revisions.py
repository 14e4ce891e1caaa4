"""Revisions: which rows of a tenant a read model shows.

A cache keeps the revision with what it read, and compares the two before it shows that again. A revision changes with
every transaction that changes a tenant's rows. Readers add ``projections.built_at``, which a rebuild changes.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from projections.engine.tables import Connection

_MOVE = """
    insert into public.revisions as r (read_model, tenant, revision)
    select read_model, tenant, gen_random_uuid() from unnest($1::text[], $2::uuid[]) as changed (read_model, tenant)
    on conflict (read_model, tenant) do update set revision = excluded.revision
"""


async def move_revisions(connection: Connection, changed: Mapping[str, Iterable[UUID]]) -> None:
    """Give tenants a new revision, within the transaction that changed their rows.

    Args:
        connection: in that transaction.
        changed: the tenants by read model.
    """
    pairs = sorted((name, tenant) for name, tenants in changed.items() for tenant in set(tenants))
    await connection.execute(_MOVE, [name for name, _ in pairs], [tenant for _, tenant in pairs])
