"""Rebuilds one half of the log from the other: the event store from the topic, or the topic from the event store."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.topic import (
    delete_topics,
    ensure_topics,
    log_end,
    open_reader,
    published_position,
    read_to_end,
)
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.pools import Connection
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.adapters.postgres.vault import delete_forgotten_keys
from infra.log.publisher import (
    TRANSACTIONAL_ID,
    Publisher,
    TopicForeign,
    check_not_lost,
    give_up_leadership,
    take_leadership,
)
from infra.log.verification import Difference, check_chain, name_of
from schemas.envelope import RawEvent, from_record
from schemas.registry import UndecodableEvent
from schemas.topics import EVENTS, WORK, partition_of

logger = logging.getLogger(__name__)

LEADER_SECONDS = 15
"""How long a restoration waits for the leadership. A publisher that finds the halves different releases it sooner."""
SETTLED = 2
"""PostgreSQL's FrozenTransactionId, which precedes every transaction of every cluster."""

_COLUMNS = (
    "position", "transaction_id", "id", "stream_id", "version", "type", "tenant", "correlation_id", "causation_id",
    "recorded_at", "traceparent", "data", "previous_hash", "hash", "command_id", "command_digest", "command_result",
    "actor",
)  # fmt: skip
_COMMANDS = ("command_id", "digest", "result", "token_partition", "token_position", "recorded_at")


class NothingToRestore(Exception):
    """A publisher is running, so the store is not behind the topic."""

    def __init__(self) -> None:
        super().__init__(
            "A publisher is running, so the event store is not behind the topic and there is nothing to restore. To "
            "restore a lost store, name its empty database in DATABASE_URL; to refill the topic, use “zyenta log "
            "republish”."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """What a restoration changed."""

    events: int
    """Events added to the store."""
    known: int
    """Events that the store already had, equal to the topic's."""
    commands: int
    """Commands whose outcomes were written back."""
    position: int
    """The last position now."""
    forgotten: int = 0
    """Keys of forgotten people that a backup had brought back and that were deleted again."""
    foreign: int = 0
    """Records of the topic that are not events, or are copies of events."""


async def restore_store(
    pool: asyncpg.Pool, bootstrap_servers: str, *, progress: Callable[[int], None] = lambda _: None
) -> Restoration:
    """Bring an empty or older event store up to the topic's end, in one transaction.

    Positions, ids, hashes and times come from the topic. Every hash chain is checked, and events that the store already
    has are compared. Commands with events get their outcome back, so that their repetition is recognized; for the
    others see ``infra/decisions/0010-restoring-the-store.md``. Appends wait until the end. Keys of forgotten persons are
    deleted; run it again after a backup has brought keys back.

    Memory: the hash of the last event of every stream.

    Args:
        pool: the database, migrated.
        bootstrap_servers: the broker with the topic.
        progress: called with the number of events read so far.

    Raises:
        NothingToRestore: a publisher is running.
        Difference: the topic is damaged, or the store has events that the topic lacks; nothing was written.
        TopicMissing: the broker has no topic to restore from.
        KafkaError, asyncpg.PostgresError: nothing was written; run it again.
    """
    async with pool.acquire() as connection:
        await _lead(connection)
        try:
            await _end_open_transactions(bootstrap_servers)
            async with connection.transaction():
                # The transaction is idle while the topic is read. Nothing is appended or published until it ends.
                await connection.execute("set local idle_in_transaction_session_timeout to 0")
                await connection.execute("lock table events, commands in share row exclusive mode")
                restored = await _restore(connection, bootstrap_servers, progress)
            await connection.execute("analyze events")
            await connection.execute("analyze commands")
        finally:
            await give_up_leadership(connection)
    return restored


class StoreNotEmpty(Exception):
    """The event store has events, so a whole log cannot be written into it. Retrying cannot help."""


async def write_log(pool: asyncpg.Pool, events: Sequence[RawEvent]) -> None:
    """Write a whole log into an empty event store, in one transaction. A publisher fills the topic from it.

    Args:
        pool: the database, migrated.
        events: all events, in the order of their positions. Every hash chain is checked.

    Raises:
        StoreNotEmpty: the event store has events; nothing was written.
        Difference: a hash chain is broken; nothing was written.
    """
    heads: dict[UUID, tuple[int, bytes]] = {}
    for event in events:
        check_chain(event, heads, where="the log to write")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("lock table events, commands in share row exclusive mode")
        if await connection.fetchval("select exists (select from events)"):
            raise StoreNotEmpty
        await _insert(events, connection)
        await connection.execute("select setval('events_position', $1)", events[-1].position)


async def _lead(connection: Connection) -> None:
    try:
        async with asyncio.timeout(LEADER_SECONDS):
            await take_leadership(connection)
    except TimeoutError:
        raise NothingToRestore from None


async def _end_open_transactions(bootstrap_servers: str) -> None:
    """Let the broker end the transaction of a killed publisher, because readers stop at an open transaction."""
    producer = TransactionalProducer(bootstrap_servers=bootstrap_servers, transactional_id=TRANSACTIONAL_ID)
    try:
        async with asyncio.timeout(LEADER_SECONDS):
            await producer.start()
    finally:
        await producer.discard()


async def _restore(connection: Connection, bootstrap_servers: str, progress: Callable[[int], None]) -> Restoration:
    last: int = await connection.fetchval("select coalesce(max(position), 0) from events")
    heads: dict[UUID, tuple[int, bytes]] = {}
    known = added = commands = foreign = 0
    position = last
    async with open_reader(bootstrap_servers, EVENTS) as reader:
        ends = await reader.end_offsets(reader.assignment())
        async for records in read_to_end(reader, ends):
            events = [event for record in records if (event := _event(record, heads)) is not None]
            foreign += len(records) - len(events)
            if not events:
                continue
            await _compare([event for event in events if event.position <= last], connection)
            new = [event for event in events if event.position > last]
            commands += await _insert(new, connection)
            position = max(position, events[-1].position)
            known, added = known + len(events) - len(new), added + len(new)
            progress(known + added)
    if known != await connection.fetchval("select count(*) from events where position <= $1", last):
        raise Difference(await _surplus(connection, heads, last))
    await connection.execute(
        "select setval('events_position', $1) where $1 > (select last_value from events_position)", position
    )
    if added:
        # Read models skipped the events that the store did not have, so they read the topic again from its beginning.
        await connection.execute("update checkpoints set next_offset = 0, owner = owner + 1")
    forgotten = await delete_forgotten_keys(connection)
    return Restoration(
        events=added, known=known, commands=commands, position=position, forgotten=forgotten, foreign=foreign
    )


def _event(record: ConsumerRecord, heads: dict[UUID, tuple[int, bytes]]) -> RawEvent | None:
    """Return a record's event and store it as its stream's last; None for a foreign record or a copy.

    Without a store, only hashes identify events: a record with a wrong hash or in the wrong partition is foreign. If it
    was a changed event, the next event of its stream lacks its predecessor.

    Raises:
        Difference: events of its stream are missing before it.
    """
    try:
        event = from_record(record.headers, record.value)
    except UndecodableEvent:
        event = None
    if event is None or event.computed_hash != event.hash or partition_of(event.tenant) != record.partition:
        logger.warning("record %d of partition %d is foreign; it is not restored", record.offset, record.partition)
        return None
    if event.version <= heads.get(event.stream_id, (0, b""))[0]:
        logger.warning("record %d of partition %d is a copy of an earlier one", record.offset, record.partition)
        return None
    check_chain(event, heads, where="the topic")
    return event


async def _compare(events: Sequence[RawEvent], connection: Connection) -> None:
    if not events:
        return
    rows = await connection.fetch(
        "select position, hash from events where position = any($1::bigint[])", [event.position for event in events]
    )
    stored = {row["position"]: row["hash"] for row in rows}
    for event in events:
        if stored.get(event.position) != event.hash:
            raise Difference(
                f"{name_of(event)} is in the topic, but the event store has "
                f"{'another event' if event.position in stored else 'no event'} at its position: the two have gone "
                "different ways. Restore into an empty database, or an older copy that nothing was appended to."
            )


async def _insert(events: Sequence[RawEvent], connection: Connection) -> int:
    rows = [
        tuple(SETTLED if column == "transaction_id" else getattr(event, column) for column in _COLUMNS)
        for event in events
    ]
    await connection.copy_records_to_table("events", records=rows, columns=_COLUMNS)
    commands = [
        (
            event.command_id,
            event.command_digest,
            event.command_result,
            partition_of(event.tenant),
            event.position,
            event.recorded_at,
        )
        for event in events
        if event.command_id is not None and event.command_digest is not None
    ]
    await connection.copy_records_to_table("commands", records=commands, columns=_COMMANDS)
    return len(commands)


async def _surplus(connection: Connection, heads: dict[UUID, tuple[int, bytes]], last: int) -> str:
    rows: list[Any] = await connection.fetch(
        "select position, type, stream_id, version from events where position <= $1 order by position", last
    )
    for row in rows:
        if row["version"] > heads.get(row["stream_id"], (0, b""))[0]:
            return (
                f"{row['type']} at position {row['position']} (stream {row['stream_id']}, version {row['version']}) is "
                "in the event store but not in the topic"
            )
    return "the event store holds events that the topic does not"


async def republish(
    pool: asyncpg.Pool, events: PostgresEventLog, bootstrap_servers: str, *, even_if_ahead: bool = False
) -> int:
    """Delete the topics of events and fill them again from the store. Return the last event's position.

    A running publisher loses its leadership, and fills the topics once it has it again. Without a running publisher,
    this function fills them. Consumers get every event again from the beginning: they recognize the handled ones, make
    no outside calls and append nothing. The dead-letter topic is unchanged. Foreign records are deleted, and so is the
    list of them.

    Args:
        pool: connections to the event store's database.
        events: the store.
        bootstrap_servers: the broker with the topics.
        even_if_ahead: also delete records that may be events that the store has lost; see
            :meth:`infra.adapters.postgres.provenance.PostgresProvenance.lost_event`.

    Raises:
        TopicAhead: the topic may have events that the store has lost; deleting it would lose them permanently.
        KafkaError, asyncpg.PostgresError, TimeoutError: run it again.
    """
    provenance = PostgresProvenance(pool)
    async with pool.acquire() as connection:
        # Any leader is deposed at once, so it cannot publish between the check and the deletion.
        await take_leadership(connection, wedged_seconds=0)
        try:
            await _end_open_transactions(bootstrap_servers)
            await ensure_topics(bootstrap_servers)
            last = await events.last_position()

            async def refuse_lost(records: Sequence[ConsumerRecord]) -> None:
                with suppress(TopicForeign):  # the store has appended since, which republishing handles
                    await check_not_lost(records, provenance, last)

            if not even_if_ahead:
                await log_end(bootstrap_servers, are_own=provenance.are_own, on_foreign=refuse_lost)
            await delete_topics(bootstrap_servers, (EVENTS, *set(WORK.values())))
            await connection.execute("delete from foreign_records")
            await ensure_topics(bootstrap_servers)
        finally:
            await give_up_leadership(connection)
    publishing = asyncio.create_task(Publisher(pool, events, bootstrap_servers).run())
    try:
        while await published_position(bootstrap_servers, are_own=provenance.are_own) < last:
            await asyncio.sleep(0.1)
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
    return last
