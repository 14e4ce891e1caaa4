"""Whether what was read of a tenant is still what the read models show; see :mod:`projections.engine.revisions`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.reading.paging import Reader

Revision = tuple[Any, ...]
"""Equal as long as the rows are; never equal again after they changed."""

_READ = """
    select p.built_at, r.revision from unnest($1::text[], $2::uuid[]) with ordinality as m (name, tenant, place)
    left join projections p on p.name = m.name
    left join revisions r on r.read_model = m.name and r.tenant = m.tenant
    order by m.place
"""


async def revision_of(db: Reader, tenants: Sequence[tuple[str, UUID]]) -> Revision:
    """Return the revision of the rows of some tenants. Ask before the rows that it is to stand for.

    Args:
        db: the database.
        tenants: each with the read model whose rows are meant.
    """
    records = await db.fetch(_READ, *map(list, zip(*tenants, strict=True)))
    return tuple(value for record in records for value in record)
