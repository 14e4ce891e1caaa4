"""Revisions: which rows of a tenant a read model shows.

A cache keeps the revision with what it read, and compares the two before it shows that again. A revision changes with
every transaction that changes a tenant's rows. Readers add ``projections.built_at``, which a rebuild changes.
"""

from collections.abc import Iterable
from uuid import UUID

from projections.engine.tables import Connection

_MOVE = """
    insert into public.revisions as r (read_model, tenant, revision)
    select $1, tenant, gen_random_uuid() from unnest($2::uuid[]) as changed (tenant)
    on conflict (read_model, tenant) do update set revision = excluded.revision
"""


async def move_revisions(connection: Connection, read_model: str, tenants: Iterable[UUID]) -> None:
    """Give tenants a new revision, within the transaction that changed their rows."""
    await connection.execute(_MOVE, read_model, sorted(set(tenants)))
