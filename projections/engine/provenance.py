"""Asks the event store which records of the topic it holds: one index look-up a record, one query a batch."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from operator import attrgetter
from typing import Any, Protocol

from schemas.internal.provenance import Claim, ForeignRecord
from schemas.topics import partition_of

REASON = "the event store has no such event there"
_position = attrgetter("position")
NOTED_MOST = 10_000
"""How many foreign records are recorded at most; a flooded topic must not fill the database."""

DIGEST_SQL = """
    select sha256(string_agg(hash || uuid_send(tenant), ''::bytea order by position)) from events where position = any ({})
"""
"""The digest of the store's events at these positions, to compare with :func:`digest_of`."""
_DIGEST = DIGEST_SQL.format("$1")

# The planner estimates the arrays at a hundred rows and uses the primary key, which is right for a thousand too.
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
        claims: the partition each record lies in, and the event it claims to be.
        database: of the event store.
    """
    genuine = [claim is not None and partition_of(claim.tenant) == partition for partition, claim in claims]
    candidates = [claim for (_, claim), is_own in zip(claims, genuine, strict=True) if is_own and claim is not None]
    if candidates and not await _all_are_events(candidates, database):
        checked = [index for index, each in enumerate(genuine) if each]
        for row in await database.fetch(
            _FALSE,
            [each.position for each in candidates],
            [each.hash for each in candidates],
            [each.tenant for each in candidates],
        ):
            genuine[checked[row[0]]] = False
    return genuine


async def _all_are_events(claims: Sequence[Claim], database: Database) -> bool:
    """Whether the event store has every claimed event; one digest is compared, which costs less than every claim."""
    expected = digest_of(claims)
    if expected is None:
        return False
    positions, digest = expected
    rows = await database.fetch(_DIGEST, positions)
    return bool(rows[0][0] == digest)


def digest_of(claims: Iterable[Claim]) -> tuple[list[int], bytes] | None:
    """Return the claimed positions, and the digest of the claimed events; None if two claim the same position."""
    ordered = sorted(claims, key=_position)
    positions = [each.position for each in ordered]
    if len(set(positions)) < len(positions):
        return None
    return positions, sha256(b"".join([each.hash + each.tenant.bytes for each in ordered])).digest()


async def note_foreign(records: Sequence[ForeignRecord], database: Database) -> None:
    """Record foreign records for ``zyenta doctor``."""
    records = records[:NOTED_MOST]
    await database.execute(
        _NOTE,
        [each.topic for each in records],
        [each.partition for each in records],
        [each.offset for each in records],
        [each.reason for each in records],
        NOTED_MOST,
    )
