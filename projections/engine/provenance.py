"""Asks the event store which records of the topic are its own: one index look-up a record, one query a batch."""

from collections.abc import Sequence
from typing import Any, Protocol

from schemas.internal.provenance import Claim, ForeignRecord
from schemas.topics import partition_of

REASON = "the event store has no such event there"
NOTED_MOST = 10_000
"""Foreign records that are remembered; whoever floods the topic must not fill the database."""

# The planner takes the arrays for a hundred rows, and so follows the primary key: what is wanted for a thousand too.
_FALSE = """
select c.n - 1 from unnest($1::bigint[], $2::bytea[], $3::uuid[]) with ordinality as c (position, hash, tenant, n)
where not exists (
    select from events e where e.position = c.position and e.hash = c.hash and e.tenant = c.tenant
)
"""

_NOTE = """
insert into foreign_records (topic, partition, record_offset, reason)
select * from unnest($1::text[], $2::integer[], $3::bigint[], $4::text[])
where (select count(*) from foreign_records) < $5
on conflict do nothing
"""


class Database(Protocol):
    """A connection or a pool."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Return the rows of a query."""
        ...

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement."""
        ...


async def are_events(claims: Sequence[tuple[int, Claim | None]], database: Database) -> list[bool]:
    """Return, for each record, whether the event store has it and it lies in its tenant's partition.

    Args:
        claims: the partition each record lies in, and what it says it is.
        database: of the event store.
    """
    right = [claim is not None and partition_of(claim.tenant) == partition for partition, claim in claims]
    asked = [index for index, each in enumerate(right) if each]
    if asked:
        wanted = [claim for index in asked if (claim := claims[index][1]) is not None]
        for row in await database.fetch(
            _FALSE, [each.position for each in wanted], [each.hash for each in wanted], [each.tenant for each in wanted]
        ):
            right[asked[row[0]]] = False
    return right


async def note_foreign(found: Sequence[ForeignRecord], database: Database) -> None:
    """Remember foreign records for ``zyenta doctor``."""
    kept = found[:NOTED_MOST]
    await database.execute(
        _NOTE,
        [each.topic for each in kept],
        [each.partition for each in kept],
        [each.offset for each in kept],
        [each.reason for each in kept],
        NOTED_MOST,
    )
