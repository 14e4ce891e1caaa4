"""All topics with their partitions."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.partition import Partition, RequestRejected
from infra.embedded.logbroker.wire import ErrorCode

_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")
_MOST_PARTITIONS = 1_000


class Topics:
    """All topics of the broker; each partition is a file in ``directory``.

    Args:
        directory: folder of the files.
        journal: stores the topics.
        deleted: receives the name of each deleted topic.
    """

    def __init__(self, directory: Path, journal: Journal, *, deleted: Callable[[str], None]) -> None:
        self._directory = directory
        self._journal = journal
        self._deleted = deleted
        self._sizes: dict[str, int] = {}
        self._partitions: dict[str, list[Partition]] = {}

    def restore(self, entry: Entry) -> None:
        """Apply one entry of the journal."""
        match entry:
            case {"kind": "topic", "name": name, "partitions": count}:
                self._sizes[name] = count
            case {"kind": "topic_deleted", "name": name}:
                self._sizes.pop(name, None)

    def snapshot(self) -> Iterator[Entry]:
        """Yield the state as journal entries."""
        for name, count in self._sizes.items():
            yield {"kind": "topic", "name": name, "partitions": count}

    def open(self) -> None:
        """Open every log, and delete files of topics whose deletion was interrupted."""
        expected = {self._path(name, index) for name, count in self._sizes.items() for index in range(count)}
        for path in self._directory.glob("*.log"):
            if path not in expected:
                path.unlink()
        for name, count in self._sizes.items():
            self._partitions[name] = [Partition(self._path(name, index)) for index in range(count)]

    def close(self) -> None:
        """Close every log."""
        for partition in self.partitions():
            partition.close()

    def names(self) -> list[str]:
        """Return the names of all topics."""
        return list(self._sizes)

    def of(self, name: str) -> list[Partition] | None:
        """Return a topic's partitions; None if the topic does not exist."""
        return self._partitions.get(name)

    def partitions(self) -> Iterator[Partition]:
        """Yield the partitions of all topics."""
        for partitions in self._partitions.values():
            yield from partitions

    def partition(self, name: str, index: int) -> Partition:
        """Return one partition.

        Raises:
            RequestRejected: the partition does not exist.
        """
        partitions = self._partitions.get(name, [])
        if not 0 <= index < len(partitions):
            raise RequestRejected(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return partitions[index]

    def create(self, name: str, count: int, *, validate_only: bool) -> None:
        """Create a topic.

        Raises:
            RequestRejected: the name is taken or invalid, or the number of partitions is invalid.
        """
        if not _NAME.fullmatch(name) or name in {".", ".."}:
            raise RequestRejected(ErrorCode.INVALID_TOPIC_EXCEPTION)
        if name in self._sizes:
            raise RequestRejected(ErrorCode.TOPIC_ALREADY_EXISTS)
        if not 0 < count <= _MOST_PARTITIONS:
            raise RequestRejected(ErrorCode.INVALID_PARTITIONS)
        if not validate_only:
            self._journal.append("topic", name=name, partitions=count)
            self._sizes[name] = count
            self._partitions[name] = [Partition(self._path(name, index)) for index in range(count)]

    def delete(self, name: str) -> None:
        """Delete a topic and its records.

        Raises:
            RequestRejected: the topic does not exist.
        """
        if name not in self._sizes:
            raise RequestRejected(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        self._journal.append("topic_deleted", name=name)
        del self._sizes[name]
        for index, partition in enumerate(self._partitions.pop(name)):
            partition.close()
            self._path(name, index).unlink()
        self._deleted(name)

    def _path(self, name: str, index: int) -> Path:
        return self._directory / f"{name}-{index}.log"
