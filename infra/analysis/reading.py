"""Reading of selected events from the topic, in the order of the log, with a bounded number of records in memory."""

import heapq
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from infra.adapters.kafka.topic import OwnRecords, open_reader, read_to_end, trust_headers
from infra.analysis.selection import Selection
from projections.engine.provenance import REASON
from schemas.headers import position_in
from schemas.internal.provenance import ForeignRecord
from schemas.registry import UndecodableEvent, UnknownEvent, lift
from schemas.topics import EVENTS

BATCH = 2000
CLOCK_SLACK = timedelta(minutes=1)
"""A clock may be set back by this much, so a partition is read this far beyond ``until``."""
ReportProgress = Callable[[int, int], None]
"""Receives the number of records read and of all records. An estimate, because transaction markers count too."""


def no_report(_read: int, _total: int) -> None:
    """No-op :data:`ReportProgress`."""


_NEEDED = frozenset(
    {
        "ce_id",
        "ce_type",
        "ce_subject",
        "ce_streamversion",
        "ce_tenant",
        "ce_position",
        "ce_recordedtime",
        "ce_time",
        "ce_correlationid",
        "ce_previoushash",
        "ce_hash",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the log. Its envelope stays text, because most events are only copied."""

    partition: int
    offset: int
    position: int
    type: str
    """The current wire name, to which the body is upcast. Unchanged if this version does not know the event."""
    headers: Mapping[str, str]
    data: str
    """The body as JSON text."""

    def as_json(self) -> dict[str, Any]:
        """Return the event as one JSON object. NaN and infinities become None, because JSON has no numbers for them."""
        headers = self.headers
        return {
            "position": self.position,
            "id": headers["ce_id"],
            "type": self.type,
            "stream_id": headers["ce_subject"],
            "stream_version": int(headers["ce_streamversion"]),
            "tenant": headers["ce_tenant"],
            "correlation_id": headers["ce_correlationid"],
            "causation_id": headers.get("ce_causationid"),
            "occurred_at": headers["ce_time"],
            "recorded_at": headers["ce_recordedtime"],
            "data": json.loads(self.data, parse_constant=lambda _: None),
        }


class LogReader:
    """A reader of the topic for one selection, up to the end that the log had at opening."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        selection: Selection,
        begins: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
        judge: OwnRecords = trust_headers,
        on_foreign: Callable[[ForeignRecord], None] = lambda _: None,
    ) -> None:
        self._consumer = consumer
        self._judge, self._on_foreign = judge, on_foreign
        self._selection = selection
        self._begins, self._ends = begins, ends
        self._past: set[int] = set()
        self._foreign: set[tuple[int, int]] = set()

    @property
    def foreign(self) -> int:
        """Number of records skipped because the platform did not write them, or not at this place."""
        return len(self._foreign)

    async def in_order(self, report: ReportProgress = no_report) -> AsyncIterator[Entry]:
        """Yield the selected events in the order of the log."""
        for partition, begin in self._begins.items():
            self._consumer.seek(partition, begin)
        total = sum(max(0, end - self._begins[partition]) for partition, end in self._ends.items())
        buffers: dict[TopicPartition, deque[ConsumerRecord]] = {partition: deque() for partition in self._ends}
        batches = {
            partition: read_to_end(self._consumer, {partition: end}, batch=BATCH)
            for partition, end in self._ends.items()
        }
        heap: list[tuple[int, int, TopicPartition, ConsumerRecord]] = []
        self._past.clear()
        for partition in self._ends:
            await self._push(heap, buffers, batches, partition)
        while heap:
            *_, partition, record = heapq.heappop(heap)
            entry = self._select(record)
            if entry is not None:
                yield entry
            if not buffers[partition]:
                read = sum([await self._consumer.position(each) - begin for each, begin in self._begins.items()])
                report(min(read, total), total)
            await self._push(heap, buffers, batches, partition)
        report(total, total)

    async def last(self, count: int) -> list[Entry]:
        """Return the last selected events, oldest first. Reads back only as far as necessary."""
        window = max(64, 2 * count)
        while True:
            entries: list[Entry] = []
            trusted_from, whole = 0, True
            for partition, end in self._ends.items():
                begin = max(self._begins[partition], end - window)
                self._consumer.seek(partition, begin)
                first: int | None = None
                newest: deque[Entry] = deque(maxlen=count)
                async for records in read_to_end(self._consumer, {partition: end}):
                    genuine = await self._genuine(records)
                    first = _position(genuine[0]) if first is None and genuine else first
                    newest.extend(entry for record in genuine if (entry := self._select(record)))
                entries.extend(newest)
                if begin > self._begins[partition]:
                    # Older events of this partition were not read, so the result is complete only after its first event.
                    whole = False
                    trusted_from = max(trusted_from, 2**63 if first is None else first)
            entries.sort(key=lambda entry: entry.position)
            trusted = [entry for entry in entries if entry.position >= trusted_from][-count:]
            if whole or len(trusted) == count:
                return trusted
            window *= 8

    async def follow(self) -> AsyncIterator[list[Entry]]:
        """Yield selected events after the end as they arrive, without limit. Empty lists let the caller stop."""
        for partition, end in self._ends.items():
            self._consumer.seek(partition, end)
        while True:
            fetched = await self._consumer.getmany(timeout_ms=250, max_records=BATCH)
            genuine = await self._genuine([record for records in fetched.values() for record in records])
            entries = [entry for record in genuine if (entry := self._select(record))]
            yield sorted(entries, key=lambda entry: entry.position)

    async def _push(
        self,
        heap: list[tuple[int, int, TopicPartition, ConsumerRecord]],
        buffers: Mapping[TopicPartition, deque[ConsumerRecord]],
        batches: Mapping[TopicPartition, AsyncIterator[list[ConsumerRecord]]],
        partition: TopicPartition,
    ) -> None:
        """Push the partition's next record onto the heap; fetch if its buffer is empty."""
        if partition.partition in self._past:
            return
        buffer = buffers[partition]
        while not buffer and (records := await anext(batches[partition], None)) is not None:
            buffer.extend(await self._genuine(records))
        if buffer:
            record = buffer.popleft()
            heapq.heappush(heap, (_position(record), partition.partition, partition, record))

    async def _genuine(self, records: Sequence[ConsumerRecord]) -> list[ConsumerRecord]:
        """Return the records without foreign ones, before their positions are used."""
        judged = zip(records, await self._judge(records), strict=True) if records else ()
        return [record for record, true in judged if true or self._skip(record)]

    def _skip(self, record: ConsumerRecord) -> bool:
        place = record.partition, record.offset
        if place not in self._foreign:
            self._foreign.add(place)
            self._on_foreign(ForeignRecord(record.topic, record.partition, record.offset, REASON))
        return False

    def _select(self, record: ConsumerRecord) -> Entry | None:
        try:
            headers = {name: (value or b"").decode() for name, value in record.headers}
            name, position = headers["ce_type"], position_in(record.headers)
            recorded_at = datetime.fromisoformat(headers["ce_recordedtime"])
        except (KeyError, ValueError):
            position = None
        if position is None:
            self._skip(record)
            return None
        selection = self._selection
        if selection.until is not None and recorded_at >= selection.until + CLOCK_SLACK:
            self._past.add(record.partition)
        if (
            (selection.types is not None and name not in selection.types)
            or (selection.tenant is not None and headers.get("ce_tenant") != str(selection.tenant))
            or (selection.since is not None and recorded_at < selection.since)
            or (selection.until is not None and recorded_at >= selection.until)
            or position < selection.from_position
        ):
            return None
        if record.value is None or not headers.keys() >= _NEEDED:
            self._skip(record)
            return None
        body = record.value
        with suppress(UnknownEvent, UndecodableEvent):  # analysts also see events that this version does not know
            name, body = lift(name, body)
        return Entry(record.partition, record.offset, position, name, headers, body.decode(errors="replace"))


@asynccontextmanager
async def open_log_reader(
    bootstrap_servers: str,
    selection: Selection,
    *,
    judge: OwnRecords = trust_headers,
    on_foreign: Callable[[ForeignRecord], None] = lambda _: None,
) -> AsyncIterator[LogReader]:
    """Open a reader of the topic.

    Args:
        bootstrap_servers: where the broker is.
        selection: the events to yield.
        judge: finds foreign records. By default every record with the headers of an event counts as one.
        on_foreign: receives each foreign record once.

    Raises:
        TopicMissing: the broker has no log yet.
        KafkaError: the broker is out of reach; retrying may help.
    """
    async with open_reader(bootstrap_servers, EVENTS) as consumer:
        partitions = [TopicPartition(EVENTS.name, number) for number in selection.partitions]
        consumer.assign(partitions)
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        if selection.since is not None:
            begins = {**ends, **await _offsets(consumer, partitions, selection.since)}
        yield LogReader(consumer, selection, begins, ends, judge, on_foreign)


async def _offsets(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], at: datetime
) -> dict[TopicPartition, int]:
    """Return each partition's first offset recorded at an instant or later; partitions without one are left out."""
    offsets = await consumer.offsets_for_times(dict.fromkeys(partitions, int(at.timestamp() * 1000)))
    return {partition: place.offset for partition, place in offsets.items() if place is not None}


def _position(record: ConsumerRecord) -> int:
    return position_in(record.headers) or 0
