"""The topics, their keys, and which events go to which."""

from dataclasses import dataclass
from uuid import UUID

from domain.generation.events import NicheChosen
from domain.kernel import DomainEvent
from domain.media.events import ImageProcessingRequested
from domain.store.events import StoreRequested

PARTITIONS = 8
"""Partitions of the log. It must not change: it decides the partition of each tenant's events."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic and its settings."""

    name: str
    partitions: int
    config: tuple[tuple[str, str], ...]


EVENTS = Topic("zyenta.events", PARTITIONS, (("retention.ms", "-1"), ("cleanup.policy", "delete")))
"""Every event, keyed by tenant, kept without limit."""
IMAGE_WORK = Topic("zyenta.work.images", PARTITIONS, (("retention.ms", "604800000"),))
"""Images to process, keyed by image, so that one store's images spread over all workers. Events that announce images go
there too."""
DEAD_LETTERS = Topic("zyenta.dlq", 1, (("retention.ms", "-1"),))
"""Records that a consumer group gave up, with the reason."""

CANARY = Topic("zyenta.canary", PARTITIONS, (("retention.ms", "600000"), ("segment.ms", "600000")))
"""Records that prove that the log is being read; see ``schemas.internal.canaries``. Not published."""

TOPICS = (EVENTS, IMAGE_WORK, DEAD_LETTERS)
"""The topics that other programs may read."""

WORK: dict[str, Topic] = {
    event.wire_name: IMAGE_WORK for event in (StoreRequested, NicheChosen, ImageProcessingRequested)
}
"""By wire name: the topic to which an event that announces or causes heavy work goes as well, keyed by stream."""


def partition_of(key: UUID) -> int:
    """Return the partition a key's records go to: the id's last four bytes, which are random, modulo ``PARTITIONS``."""
    return (key.int & 0xFFFFFFFF) % PARTITIONS


def partition_of_text(key: bytes) -> int:
    """Return the partition of a key that is given as text."""
    return int(key[-8:], 16) % PARTITIONS


PARTITION_OF_TENANT = f"((substring(uuid_send(tenant) from 13)::integer::bigint & 4294967295) % {PARTITIONS})"
"""The partition of a column ``tenant``, as a PostgreSQL expression."""


def work_topic(event: DomainEvent | str) -> Topic | None:
    """Return the work topic to which an event (or wire name) goes as well, or None."""
    return WORK.get(event if isinstance(event, str) else event.wire_name)
