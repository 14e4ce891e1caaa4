"""Detects that a topic was deleted and created again while it was read.

In a topic that was refilled, an offset means another event. A consumer that goes on at its old offset misses the events
before it. So the last record of each partition is remembered. After a time without reading, the partition is unverified:
reading starts again with that record, which must be where it was.
"""

from collections.abc import Iterable, Sequence

from consumers.runtime.key_ordered import Partition
from schemas.headers import position_in
from schemas.internal.deliveries import Record


class TopicIdentity:
    """The last record of each partition, and the partitions that are unverified."""

    def __init__(self) -> None:
        self._last: dict[Partition, tuple[int, int | None]] = {}
        self._unverified: set[Partition] = set()

    def remember(self, record: Record) -> None:
        """Remember a record as the last of its partition."""
        self._last[record.topic, record.partition] = record.offset, position_in(record.headers)

    def require_proof(self, partition: Partition) -> int | None:
        """Make a partition unverified and return the offset from which to read it.

        None if there is nothing to verify: no record was read yet, or the partition is unverified already.
        """
        if partition not in self._last or partition in self._unverified:
            return None
        self._unverified.add(partition)
        offset, _ = self._last[partition]
        return offset

    def new_records(self, batch: Sequence[Record]) -> Sequence[Record] | None:
        """Return the new records of a partition's batch; None if the topic is another one."""
        partition = batch[0].topic, batch[0].partition
        if partition not in self._unverified:
            return batch
        if (batch[0].offset, position_in(batch[0].headers)) != self._last[partition]:
            return None
        self._unverified.discard(partition)
        return batch[1:]

    def is_unverified(self, partition: Partition) -> bool:
        """Whether a partition may be another one by now; its offsets must not be committed until it is verified."""
        return partition in self._unverified

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Forget partitions that another process has, or that are read from their beginning."""
        for partition in partitions:
            self._last.pop(partition, None)
            self._unverified.discard(partition)
