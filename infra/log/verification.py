"""Verifies that both halves of the log have the same events in the same order, and that no event was changed."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from domain.kernel import Transient
from infra.adapters.kafka.topic import offsets_of_ends, published_position
from infra.adapters.postgres.settled_log import SettledLog
from projections.engine.rebuild.bulk_reader import BulkReader, Content, open_bulk_reader
from schemas.envelope import GENESIS, RawEvent, from_record
from schemas.internal.provenance import ForeignRecord
from schemas.records import content_of, parts_of
from schemas.registry import UndecodableEvent
from schemas.topics import EVENTS, partition_of

Heads: TypeAlias = dict[UUID, tuple[int, bytes]]
"""Version and hash of each stream's last event so far."""
CATCH_UP_SECONDS = 15
"""How long the publisher may take to reach the store's end."""
VISIBLE_SECONDS = 5
"""How long a transaction's records may take to become visible in all partitions."""
ATTEMPTS = 3
"""Verifications of a topic that is created again while it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """The result of a verification."""

    equal: bool
    events: int
    """How many events were compared."""
    difference: str | None = None
    """The first difference, in words: which event, where, and what is wrong."""
    by_type: dict[str, int] = field(default_factory=dict)
    foreign: tuple[ForeignRecord, ...] = ()
    """All records that are not events of the store, or are copies of some; in order within a partition."""


class TopicReplaced(Exception):
    """The topic was created again while it was read: what was compared before says nothing about it."""


class Difference(Exception):
    """The halves differ, or a chain is broken; the message names the first event concerned."""


async def verify_log(
    log: SettledLog,
    bootstrap_servers: str,
    *,
    partitions: Collection[int] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Parity:
    """Compare the settled store with the committed topic, event by event, and check every hash chain.

    The store is read up to its end at the start, and the publisher gets some seconds to reach that end. Later appends
    are not compared. Memory: one batch per partition, and about 200 bytes per stream.

    Foreign records and copies of events are skipped and listed. A record that may be an event lost by the store is a
    difference: its hash is correct, it continues its stream, and the store does not have it.

    Args:
        log: the store.
        bootstrap_servers: the broker with the topic.
        partitions: compare only events of these partitions; all if left out.
        progress: called with the number of events compared so far.

    Raises:
        Transient: the topic was created again in each of a few verifications.
    """
    for _ in range(ATTEMPTS):
        with suppress(TopicReplaced):
            return await _verify_once(log, bootstrap_servers, partitions, progress)
    raise Transient("the broker", "its topic was created again while it was verified. Verify again once it is filled")


async def _verify_once(
    log: SettledLog, bootstrap_servers: str, partitions: Collection[int] | None, progress: Callable[[int], None]
) -> Parity:
    """See :func:`verify_log`.

    Raises:
        TopicReplaced: the topic was created again.
    """
    counted: Counter[str] = Counter()
    heads: Heads = {}
    foreign: list[ForeignRecord] = []
    end = await log.last_position()
    await _wait_until_published(log, bootstrap_servers, end)
    numbers = range(EVENTS.partitions) if partitions is None else partitions
    ends = await offsets_of_ends(bootstrap_servers)
    try:
        async with open_bulk_reader(bootstrap_servers, EVENTS, dict.fromkeys(numbers, 0)) as reader:
            topic = _Topic(reader, numbers, log, foreign)
            async with aclosing(log.scan(up_to=end, partitions=partitions)) as batches:
                async for batch in batches:
                    for stored in batch:
                        partition = partition_of(stored.tenant)
                        content = content_of(stored)
                        record = topic.fetched(partition) or await topic.expect(partition)
                        same = record is not None and record[1] == content
                        try:
                            check_chain(stored, heads)
                        except Difference:
                            # The cause may be a missing predecessor in the store, which is then the first difference.
                            if not same and not _is_same_event(stored, record):
                                await topic.find(stored, content, partition, record, heads)
                            raise
                        if not same:
                            await topic.find(stored, content, partition, record, heads)
                        counted[stored.type] += 1
                    progress(counted.total())
            await topic.expect_nothing_before(end, ends, heads)
    except Difference as difference:
        return Parity(
            equal=False,
            events=counted.total(),
            difference=str(difference),
            by_type=dict(counted),
            foreign=tuple(foreign),
        )
    return Parity(equal=True, events=counted.total(), by_type=dict(counted), foreign=tuple(foreign))


async def _wait_until_published(log: SettledLog, bootstrap_servers: str, position: int) -> None:
    """Wait some seconds until the publisher has reached a position."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while await published_position(bootstrap_servers, are_own=log.provenance.are_own) < position:
                await asyncio.sleep(0.1)


class _Topic:
    """Yields each partition's records one by one, and tells events from foreign records."""

    def __init__(
        self, reader: BulkReader, partitions: Iterable[int], log: SettledLog, foreign: list[ForeignRecord]
    ) -> None:
        self._reader = reader
        self._log = log
        self._foreign = foreign
        self._contents: dict[int, deque[Content]] = {number: deque() for number in partitions}
        self._last: dict[int, Content] = {}
        """The last record taken from each partition."""

    def fetched(self, partition: int) -> Content | None:
        """Return the partition's next fetched record; None if there is none."""
        contents = self._contents[partition]
        if not contents:
            contents.extend(self._reader.take(partition))
        if not contents:
            return None
        self._last[partition] = content = contents.popleft()
        return content

    async def expect(self, partition: int) -> Content | None:
        """Return the partition's next record, which is already published; None if it does not become visible.

        Raises:
            TopicReplaced: the topic was created again.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + VISIBLE_SECONDS
        while (found := self.fetched(partition)) is None and loop.time() < deadline:
            await self._reader.fetch([partition], seconds=deadline - loop.time())
            if self._reader.take_interrupted():
                await self._check_same_topic()
        return found

    async def _check_same_topic(self) -> None:
        """Read the last record of each partition again; a topic that was created again has another one there.

        Raises:
            TopicReplaced: a record is missing or another one.
        """
        for number, contents in self._contents.items():
            contents.clear()
            self._reader.seek(number, self._last[number][0] if number in self._last else 0)
        for number, last in self._last.items():
            contents = self._contents[number]
            while not contents:
                if not await self._reader.fetch([number], seconds=VISIBLE_SECONDS):
                    raise TopicReplaced
                contents.extend(self._reader.take(number))
            if contents.popleft() != last:
                raise TopicReplaced

    async def find(self, stored: RawEvent, content: bytes, partition: int, found: Content | None, heads: Heads) -> None:
        """Look for a stored event behind foreign records.

        Raises:
            Difference: the event is missing or was changed, or the store has lost an event before it.
        """
        changed: tuple[RawEvent, int] | None = None
        passed = len(self._foreign)
        while found is not None:
            if found[1] == content:
                return
            event = _event(found)
            if event is not None and _is_same_event(stored, found):
                # A changed event, unless the true one follows.
                changed = changed or (event, len(self._foreign))
                reason = f"it claims to be {name_of(event)}, and is not"
                self._foreign.append(ForeignRecord(EVENTS.name, partition, found[0], reason))
            elif event is not None and event.position > stored.position and await self._is_stored(event, found[1]):
                break
            else:
                self._pass(found, event, partition, heads)
            found = self.fetched(partition) or await self.expect(partition)
        if changed is not None:
            published, index = changed
            del self._foreign[index]
            fields = [name for name in RawEvent.__struct_fields__ if getattr(stored, name) != getattr(published, name)]
            raise Difference(
                f"{name_of(stored)} differs between event store and topic in: {', '.join(fields) or 'its key or headers'}"
            )
        among = f"; {len(self._foreign) - passed} foreign records are in its place" if self._foreign[passed:] else ""
        raise Difference(f"{name_of(stored)} is in the event store but not in the topic{among}")

    def _pass(self, found: Content, event: RawEvent | None, partition: int, heads: Heads) -> None:
        """Record a foreign record or a copy.

        Raises:
            Difference: the record may be an event that the store has lost.
        """
        offset, _ = found
        if event is None:
            reason = "it is not an event"
        else:
            version, previous = heads.get(event.stream_id, (0, GENESIS))
            whole = event.computed_hash == event.hash and partition_of(event.tenant) == partition
            if whole and event.version == version + 1 and event.previous_hash == previous:
                raise Difference(
                    f"{name_of(event)} is in the topic but not in the event store, as record {offset} of partition "
                    f"{partition}: the store has lost it, or another client forged it"
                )
            copied = whole and 0 < event.version <= version
            reason = f"a copy of {name_of(event)}" if copied else f"it claims to be {name_of(event)}, and is not"
        self._foreign.append(ForeignRecord(EVENTS.name, partition, offset, reason))

    async def _is_stored(self, event: RawEvent, content: bytes) -> bool:
        rows = await self._log.read_settled(event.position - 1, 1)
        return bool(rows) and rows[0].position == event.position and content_of(rows[0]) == content

    async def expect_nothing_before(self, position: int, ends: Mapping[int, int], heads: Heads) -> None:
        """Check that the topic's remaining records are foreign or follow ``position``.

        Raises:
            Difference: the topic has an event that the store has lost.
        """
        for partition in self._contents:
            while True:
                found = self.fetched(partition)
                if found is None:
                    if self._reader.position(partition) >= ends.get(partition, 0):
                        break
                    found = await self.expect(partition)
                    if found is None:
                        break
                if found[0] >= ends.get(partition, 0):
                    break
                event = _event(found)
                if event is not None and event.position > position and await self._is_stored(event, found[1]):
                    continue
                self._pass(found, event, partition, heads)


def check_chain(event: RawEvent, heads: Heads, *, where: str = "the event store") -> None:
    """Check an event against its stream's last event, and store it as the last.

    Args:
        event: the next event of its stream.
        heads: version and hash of each stream's last event so far.
        where: the half that it was read from, for the message.

    Raises:
        Difference: events are missing before it, or it was changed.
    """
    version, previous = heads.get(event.stream_id, (None, GENESIS))
    if version is not None and event.version != version + 1:
        raise Difference(f"{name_of(event)} follows version {version} of its stream: events are missing between them")
    if event.previous_hash != previous:
        raise Difference(f"{name_of(event)} does not carry the hash of the event before it in its stream")
    if event.computed_hash != event.hash:
        raise Difference(f"{name_of(event)} was changed in {where}: its bytes do not give its hash")
    heads[event.stream_id] = (event.version, event.hash)


def _event(found: Content) -> RawEvent | None:
    """Return a record's event, whether the store has it or not; None if the record is not an event."""
    try:
        _, value, headers = parts_of(found[1])
        return from_record(headers, value)
    except (UndecodableEvent, IndexError, UnicodeDecodeError):
        return None


def _is_same_event(stored: RawEvent, found: Content | None) -> bool:
    event = None if found is None else _event(found)
    return event is not None and (event.position, event.id) == (stored.position, stored.id)


def name_of(event: RawEvent) -> str:
    """Return an event's name for messages to people."""
    return f"{event.type} at position {event.position} (stream {event.stream_id}, version {event.version})"
