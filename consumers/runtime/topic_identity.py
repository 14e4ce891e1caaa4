"""Whether a partition is still the one that was read: a topic may be deleted and made anew under a consumer's hands.

Offsets of a topic that was refilled mean other events, and whoever goes on at an old one misses those before it. So the
last record that was taken is remembered, and after any time in which the partition was not read it has to be where it
was: reading begins with it again.
"""

from collections.abc import Iterable, Sequence

from consumers.runtime.key_ordered import Partition
from schemas.headers import position_in
from schemas.internal.deliveries import Record


class TopicIdentity:
    """The last record taken of each partition, and which partitions are in doubt."""

    def __init__(self) -> None:
        self._last: dict[Partition, tuple[int, int | None]] = {}
        self._doubted: set[Partition] = set()

    def took(self, record: Record) -> None:
        """Remember a record as the last of its partition."""
        self._last[record.topic, record.partition] = record.offset, position_in(record.headers)

    def doubt(self, partition: Partition) -> int | None:
        """Take nothing more of a partition until it is proven; return the offset to read from for that.

        None if there is nothing to prove: nothing was taken yet, or it is in doubt already.
        """
        if partition not in self._last or partition in self._doubted:
            return None
        self._doubted.add(partition)
        offset, _ = self._last[partition]
        return offset

    def new_in(self, batch: Sequence[Record]) -> Sequence[Record] | None:
        """Return what is new in a partition's batch; None if the partition is not the one that was read."""
        partition = batch[0].topic, batch[0].partition
        if partition not in self._doubted:
            return batch
        if (batch[0].offset, position_in(batch[0].headers)) != self._last[partition]:
            return None
        self._doubted.discard(partition)
        return batch[1:]

    def doubts(self, partition: Partition) -> bool:
        """Whether a partition is in doubt; what was done of it is not to be committed, as it may be another by now."""
        return partition in self._doubted

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Forget partitions that somebody else has now, or that are read from their beginning."""
        for partition in partitions:
            self._last.pop(partition, None)
            self._doubted.discard(partition)
