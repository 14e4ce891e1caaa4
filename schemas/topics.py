"""Which topics there are, how they are keyed, and what is routed where."""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel import DomainEvent
from domain.media.events import ImageProcessingRequested

PARTITIONS = 8
"""Partitions of the log. Never changed in place: it decides which partition a tenant's events are in."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic and how it is made."""

    name: str
    partitions: int
    config: tuple[tuple[str, str], ...]


EVENTS = Topic("zyenta.events", PARTITIONS, (("retention.ms", "-1"), ("cleanup.policy", "delete")))
"""Every event, keyed by tenant, kept for ever."""
IMAGE_WORK = Topic("zyenta.work.images", PARTITIONS, (("retention.ms", "604800000"),))
"""Images to process, keyed by image, so that one store's images spread over all workers."""
DEAD_LETTERS = Topic("zyenta.dlq", 1, (("retention.ms", "-1"),))
"""What no consumer could digest, with the reason."""

CANARY = Topic("zyenta.canary", PARTITIONS, (("retention.ms", "600000"), ("segment.ms", "600000")))
"""Proofs that the ways are open; see ``schemas.internal.canaries``. Of no use to anybody else."""

TOPICS = (EVENTS, IMAGE_WORK, DEAD_LETTERS)
"""What is published for others to read."""

WORK: dict[str, Topic] = {ImageProcessingRequested.wire_name: IMAGE_WORK}
"""Events that are heavy work besides being facts, and the topic that spreads them, keyed by stream."""


def partition_of(key: UUID) -> int:
    """Return the partition a key's records go to: the id's last four bytes, which are random, modulo ``PARTITIONS``."""
    return (key.int & 0xFFFFFFFF) % PARTITIONS


PARTITION_OF_TENANT = f"((substring(uuid_send(tenant) from 13)::integer::bigint & 4294967295) % {PARTITIONS})"
"""The same of a column ``tenant``, in PostgreSQL's words."""


def work_topic(event: DomainEvent | str) -> Topic | None:
    """Return the work topic an event (or wire name) is routed to as well, if any."""
    return WORK.get(event if isinstance(event, str) else event.wire_name)
