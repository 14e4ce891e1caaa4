"""Whether what was read of a tenant is still what the read models show; see :mod:`projections.engine.revisions`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from projections.reading.paging import Reader

Revision = tuple[Any, ...]
"""Equal as long as the rows are; never equal again after they changed."""

_READ = """
    select p.built_at, r.revision from unnest($1::text[]) with ordinality as m (name, place)
    left join projections p on p.name = m.name
    left join revisions r on r.read_model = m.name and r.tenant = $2
    order by m.place
"""


async def revision_of(db: Reader, read_models: Sequence[str], tenant: UUID) -> Revision:
    """Return the revision of a tenant's rows in some read models. Ask before the rows that it is to stand for."""
    return tuple(value for record in await db.fetch(_READ, read_models, tenant) for value in record)
