"""Proves that the two halves of the log hold the same events in the same order, and that nothing in them was changed."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from infra.adapters.event_store import PostgresEventLog
from infra.adapters.topic import offsets_of_ends, published_position
from projections.bulk_reader import BulkReader, Content, open_bulk_reader
from schemas.envelope import GENESIS, RawEvent, chain_hash, from_record
from schemas.records import content_of, parts_of
from schemas.registry import UndecodableEvent
from schemas.topics import EVENTS, partition_of

Heads: TypeAlias = dict[UUID, tuple[int, bytes]]
"""Version and hash of each stream's last event so far."""
CATCH_UP_SECONDS = 15
"""How long the publisher may take to reach where the store ends."""
VISIBLE_SECONDS = 5
"""How long a transaction's records may take to come into sight in the last of its partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """What a verification found."""

    equal: bool
    events: int
    """How many events were compared."""
    difference: str | None = None
    """The first difference, in words: which event, where, and what is wrong."""
    by_type: dict[str, int] = field(default_factory=dict)


class Difference(Exception):
    """The halves differ, or a chain is broken; the message names the first event concerned."""


async def verify_log(
    log: PostgresEventLog,
    bootstrap_servers: str,
    *,
    partitions: Collection[int] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Parity:
    """Compare the settled store with the committed topic, event by event, and check every hash chain.

    The store is read up to where it ends at the start; the publisher is given some seconds to get there. What is
    appended meanwhile is left for the next time. Memory: one batch per partition, and some 200 bytes for each stream.

    Args:
        log: the store.
        bootstrap_servers: where the topic is.
        partitions: look at the events of these partitions only; all if left out.
        progress: told how many events were compared so far.
    """
    counted: Counter[str] = Counter()
    heads: Heads = {}
    end = await log.last_position()
    await _published(bootstrap_servers, end)
    numbers = range(EVENTS.partitions) if partitions is None else partitions
    ends = await offsets_of_ends(bootstrap_servers)
    try:
        async with open_bulk_reader(bootstrap_servers, EVENTS, dict.fromkeys(numbers, 0)) as reader:
            topic = _Topic(reader, numbers)
            async with aclosing(log.scan(up_to=end, partitions=partitions)) as batches:
                async for batch in batches:
                    for stored in batch:
                        partition = partition_of(stored.tenant)
                        found = topic.at_hand(partition) or await topic.expect(partition)
                        try:
                            check_chain(stored, heads)
                        except Difference:
                            # Perhaps only because the event before it is not in the store: then that is the first.
                            _published_at(stored, partition, found, heads)
                            raise
                        _compare(stored, partition, found, heads)
                        counted[stored.type] += 1
                    progress(counted.total())
            await topic.expect_nothing_before(end, ends, heads)
    except Difference as difference:
        return Parity(equal=False, events=counted.total(), difference=str(difference), by_type=dict(counted))
    return Parity(equal=True, events=counted.total(), by_type=dict(counted))


async def _published(bootstrap_servers: str, position: int) -> None:
    """Wait, bounded, until the publisher has reached a position."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while await published_position(bootstrap_servers) < position:
                await asyncio.sleep(0.1)


class _Topic:
    """Hands out each partition's records one by one."""

    def __init__(self, reader: BulkReader, partitions: Iterable[int]) -> None:
        self._reader = reader
        self._contents: dict[int, deque[Content]] = {number: deque() for number in partitions}

    def at_hand(self, partition: int) -> Content | None:
        """Return the partition's next record if it was fetched already."""
        contents = self._contents[partition]
        if not contents:
            contents.extend(self._reader.take(partition))
        return contents.popleft() if contents else None

    async def expect(self, partition: int) -> Content | None:
        """Return the partition's next record, which was published already; None if it does not come into sight."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + VISIBLE_SECONDS
        while (found := self.at_hand(partition)) is None and loop.time() < deadline:
            await self._reader.fetch([partition], seconds=deadline - loop.time())
        return found

    async def expect_nothing_before(self, position: int, ends: Mapping[int, int], heads: Heads) -> None:
        """Check that what is left in the topic came after ``position``.

        Raises:
            Difference: an event is in the topic that the store does not have, or something that is no event.
        """
        for partition in self._contents:
            found = self.at_hand(partition)
            while found is None and self._reader.position(partition) < ends.get(partition, 0):
                found = await self.expect(partition)
            if found is not None:
                event = _event(found, partition, "after its last event")
                if event.position <= position:
                    raise Difference(_surplus(event, partition, found, heads))


def check_chain(event: RawEvent, heads: Heads, *, where: str = "the event store") -> None:
    """Check an event against its stream's last one, and remember it as the last.

    Args:
        event: the next of its stream.
        heads: version and hash of each stream's last event so far.
        where: which half it was read from, for the message.

    Raises:
        Difference: events are missing before it, or it was changed.
    """
    version, previous = heads.get(event.stream_id, (None, GENESIS))
    if version is not None and event.version != version + 1:
        raise Difference(f"{name_of(event)} follows version {version} of its stream: events are missing between them")
    if event.previous_hash != previous:
        raise Difference(f"{name_of(event)} does not carry the hash of the event before it in its stream")
    computed = chain_hash(
        event.previous_hash,
        id=event.id,
        type=event.type,
        stream_id=event.stream_id,
        version=event.version,
        data=event.data,
    )
    if computed != event.hash:
        raise Difference(f"{name_of(event)} was changed in {where}: its bytes do not give its hash")
    heads[event.stream_id] = (event.version, event.hash)


def _compare(stored: RawEvent, partition: int, found: Content | None, heads: Heads) -> None:
    if found is not None and found[1] == content_of(stored):
        return
    published = _published_at(stored, partition, found, heads)
    fields = [name for name in RawEvent.__struct_fields__ if getattr(stored, name) != getattr(published, name)]
    raise Difference(
        f"{name_of(stored)} differs between event store and topic in: {', '.join(fields) or 'its key or headers'}"
    )


def _published_at(stored: RawEvent, partition: int, found: Content | None, heads: Heads) -> RawEvent:
    """Return the event that the topic has where a stored one should be.

    Raises:
        Difference: it is none, or that of another position; the smaller of the two is named.
    """
    if found is not None:
        published = _event(found, partition, f"where {name_of(stored)} should be")
        if published.position < stored.position:
            raise Difference(_surplus(published, partition, found, heads))
        if published.position == stored.position:
            return published
    raise Difference(f"{name_of(stored)} is in the event store but not in the topic")


def _surplus(published: RawEvent, partition: int, found: Content, heads: Heads) -> str:
    version, _ = heads.get(published.stream_id, (0, b""))
    if published.version <= version:
        return f"{name_of(published)} is in the topic again, as record {found[0]} of partition {partition}"
    return f"{name_of(published)} is in the topic but not in the event store"


def _event(found: Content, partition: int, where: str) -> RawEvent:
    offset, content = found
    try:
        _, value, headers = parts_of(content)
        return from_record(headers, value)
    except (UndecodableEvent, IndexError, UnicodeDecodeError) as error:
        raise Difference(f"record {offset} of partition {partition}, {where}: {error}") from error


def name_of(event: RawEvent) -> str:
    """Return how a person finds an event."""
    return f"{event.type} at position {event.position} (stream {event.stream_id}, version {event.version})"
