"""Events as they go out: encoded as Kafka records, in batches of one partition each."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import msgspec
from aiokafka.producer.message_accumulator import BatchBuilder

from infra.adapters.kafka_producer import TransactionalProducer
from schemas.envelope import RawEvent, to_headers
from schemas.topics import EVENTS, partition_of, work_topic

YIELD_EVERY = 250
"""Records that are encoded at a time, some milliseconds: a transaction under way needs the event loop too."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch of records of one partition, encoded."""

    topic: str
    partition: int
    batch: BatchBuilder


async def prepare(producer: TransactionalProducer, events: Sequence[RawEvent]) -> list[Prepared]:
    """Return the records of events, encoded; lets others go on meanwhile.

    Those of a partition are in order; partitions take turns, because aiokafka sends one batch of each at a time.
    """
    by_target: defaultdict[tuple[str, int], list[tuple[bytes, RawEvent]]] = defaultdict(list)
    for raw in events:
        by_target[EVENTS.name, partition_of(raw.tenant)].append((str(raw.tenant).encode(), raw))
        work = work_topic(raw.type)
        if work is not None:
            by_target[work.name, partition_of(raw.stream_id)].append((str(raw.stream_id).encode(), raw))
    queues: list[list[Prepared]] = []
    for (topic, partition), records in by_target.items():
        batch = producer.create_batch()
        queue: list[Prepared] = []
        queues.append(queue)
        for number, (key, raw) in enumerate(records, start=1):
            record = {
                "key": key,
                "value": raw.data,
                "timestamp": int(raw.recorded_at.timestamp() * 1000),
                "headers": to_headers(raw, occurred_at(raw)),
            }
            if batch.append(**record) is None:
                queue.append(Prepared(topic, partition, batch))
                batch = producer.create_batch()
                # A batch takes its first record however large it is.
                batch.append(**record)
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        queue.append(Prepared(topic, partition, batch))
    return [prepared for turn in zip_longest(*queues) for prepared in turn if prepared is not None]


class _OccurredAt(msgspec.Struct):
    occurred_at: str = ""


_read_time = msgspec.json.Decoder(_OccurredAt)


def occurred_at(raw: RawEvent) -> str:
    """Return when an event happened, as its body says it."""
    try:
        return _read_time.decode(raw.data).occurred_at or raw.recorded_at.isoformat()
    except msgspec.DecodeError:  # an event of a library application need not be JSON
        return raw.recorded_at.isoformat()
