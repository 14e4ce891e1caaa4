"""How far each consumer group is behind the log."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import TopicPartition

from infra.adapters.kafka.topic import TopicMissing, last_events, open_admin
from schemas.topics import EVENTS, PARTITION_OF_TENANT, Topic

COUNTED_MOST = 100_000
"""The most events counted. A larger lag shows as this number."""

_READ_MODELS = f"""
select schema_name, sum((
    select count(*) from (
        select from events e
        where e.position > c.position and {PARTITION_OF_TENANT} = c.partition
        limit $2
    ) as missing
))::bigint as behind
from checkpoints c where schema_name = any ($1::text[]) group by schema_name
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far one group is behind the end of its topic."""

    group: str
    behind: int | None
    """Events that are not handled yet; None if the group never began.

    For consumers an upper bound unless it is 0, because offsets also count transaction markers.
    """


async def read_model_lags(pool: asyncpg.Pool, names: Sequence[str]) -> list[Lag]:
    """Return how many committed events each live read model has not applied, published or not."""
    rows = await pool.fetch(_READ_MODELS, list(names), COUNTED_MOST)
    behind = {row["schema_name"]: row["behind"] for row in rows}
    return [Lag(group=f"projector-{name}", behind=behind.get(name)) for name in names]


async def consumer_lags(bootstrap_servers: str, groups: Sequence[str], topic: Topic = EVENTS) -> list[Lag]:
    """Return how many records of a topic each consumer group has not handled.

    Raises:
        KafkaError: the broker is out of reach.
    """
    try:
        last = await last_events(bootstrap_servers, topic)
    except TopicMissing:
        last = {}
    async with open_admin(bootstrap_servers) as admin:
        lags = []
        for group in groups:
            committed = await admin.list_consumer_group_offsets(group)
            behind = 0
            for partition, record in last.items():
                offset = committed.get(TopicPartition(topic.name, partition))
                behind += max(0, record.offset + 1 - (0 if offset is None else max(0, offset.offset)))
            lags.append(Lag(group=group, behind=behind if committed or not last else None))
        return lags
