"""Tells the platform's own records from foreign ones by a look-up in the event store."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import asyncpg

from domain.kernel import Transient
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.provenance import Database, are_events, note_foreign
from schemas.envelope import RawEvent, from_record
from schemas.internal.provenance import ForeignRecord, claim_in
from schemas.registry import UndecodableEvent
from schemas.topics import partition_of

if TYPE_CHECKING:
    # Gateways and storefronts read no topic, and do without its client.
    from aiokafka import ConsumerRecord

# In the order of RawEvent's fields. The hash covers the bytes, so ``data`` stays empty.
_AT = """
select position, id, type, stream_id, version, tenant, correlation_id, causation_id, recorded_at, traceparent,
       ''::bytea, previous_hash, hash, command_id, command_digest, command_result, actor
from events where position = $1
"""


class PostgresProvenance:
    """Implements :class:`schemas.internal.provenance.Provenance`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def holds(self, event: RawEvent) -> bool:
        if event.computed_hash != event.hash:
            return False
        try:
            row = await self._pool.fetchrow(_AT, event.position)
        except DATABASE_AWAY as error:
            raise Transient("PostgreSQL", f"the event store did not answer ({type(error).__name__})") from error
        return row is not None and all(
            getattr(event, name) == stored
            for name, stored in zip(RawEvent.__struct_fields__, row, strict=True)
            if name != "data"
        )

    async def note(self, records: Sequence[ForeignRecord]) -> None:
        try:
            await note_foreign(records, self._pool)
        except DATABASE_AWAY as error:
            raise Transient("PostgreSQL", f"foreign records could not be recorded ({type(error).__name__})") from error

    async def are_own(self, records: "Sequence[ConsumerRecord]", reader: Database | None = None) -> list[bool]:
        """Return, for each record of the log's topic, whether it is the platform's own."""
        claims = [(record.partition, claim_in(record.headers, record.value)) for record in records]
        return await are_events(claims, reader or self._pool)

    async def lost_event(self, record: "ConsumerRecord") -> RawEvent | None:
        """Return the event of a foreign record that the event store may have lost; None if it cannot have held it.

        It may have held the event if the event's hash is correct, the record is in its tenant's partition, and the
        stream has no event of that version. Hashes have no key, so a client with write access can forge such a record.
        """
        try:
            event = from_record(record.headers, record.value)
        except UndecodableEvent:
            return None
        if event.computed_hash != event.hash or partition_of(event.tenant) != record.partition:
            return None
        taken = await self._pool.fetchval(
            "select exists (select from events where stream_id = $1 and version = $2)", event.stream_id, event.version
        )
        return None if taken else event


async def foreign_records(pool: asyncpg.Pool) -> list[ForeignRecord]:
    """Return the foreign records found so far, in the order of the topics."""
    rows = await pool.fetch(
        "select topic, partition, record_offset, reason from foreign_records order by topic, partition, record_offset"
    )
    return [ForeignRecord(*row) for row in rows]
