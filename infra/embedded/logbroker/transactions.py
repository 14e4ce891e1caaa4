"""Producer ids and transactions.

A transactional id has one active producer. A new producer raises the id's epoch. That aborts the open transaction of its
predecessor, whose later requests are rejected.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.partition import RequestRejected
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.wire import ErrorCode

_LAST_EPOCH = 32_766

GroupOffset = tuple[str, str, int, int, str]
"""Group, topic, partition, offset and metadata."""

_Partition = tuple[str, int]


@dataclass(slots=True)
class _Transactional:
    """One transactional id."""

    producer_id: int
    epoch: int
    timeout_ms: int
    is_open: bool = False
    partitions: set[_Partition] = field(default_factory=set)
    offsets: list[GroupOffset] = field(default_factory=list)
    last_committed: bool | None = None
    """Result of the latest transaction, for the answer to a repeated request. None before the first end."""
    expiry: asyncio.TimerHandle | None = None


class Transactions:
    """The transaction coordinator.

    Every step is appended to the journal first and is not interrupted by other requests. So a kill leaves either an open
    transaction, or a decided one that is completed at the next start.

    Args:
        topics: receives the markers.
        journal: stores the steps.
        commit_offsets: receives the consumer offsets of a committed transaction.
    """

    def __init__(self, topics: Topics, journal: Journal, commit_offsets: Callable[[list[GroupOffset]], None]) -> None:
        self._topics = topics
        self._journal = journal
        self._commit_offsets = commit_offsets
        self._ids: dict[str, _Transactional] = {}
        self._owners: dict[int, str] = {}
        # Random start: a wiped broker must not reuse an id that an older producer still has.
        self._next_producer_id = secrets.randbelow(2**40)
        self._unfinished: dict[str, bool] = {}

    def restore(self, entry: Entry) -> None:
        """Apply one entry of the journal."""
        match entry:
            case {"kind": "producer_id", "next": following}:
                self._next_producer_id = following
            case {"kind": "txn", "id": name, "producer": producer, "epoch": epoch, "timeout_ms": timeout}:
                self._adopt(name, producer, epoch, timeout)
            case {"kind": "txn_add", "id": name, "partitions": added, "offsets": offsets}:
                self._ids[name].is_open = True
                self._ids[name].partitions.update((topic, index) for topic, index in added)
                self._ids[name].offsets += [tuple(offset) for offset in offsets]
            case {"kind": "txn_end", "id": name, "commit": commit}:
                self._unfinished[name] = commit
            case {"kind": "txn_ended", "id": name, "commit": commit}:
                self._unfinished.pop(name, None)
                self._ids[name].is_open = False
                self._ids[name].last_committed = commit
                self._ids[name].partitions.clear()
                self._ids[name].offsets.clear()

    def snapshot(self) -> Iterator[Entry]:
        """Yield the state as journal entries."""
        yield {"kind": "producer_id", "next": self._next_producer_id}
        for name, txn in self._ids.items():
            owner = {"producer": txn.producer_id, "epoch": txn.epoch, "timeout_ms": txn.timeout_ms}
            yield {"kind": "txn", "id": name, **owner}
            if txn.last_committed is not None:
                yield {"kind": "txn_ended", "id": name, "commit": txn.last_committed}
            if txn.is_open:
                added = {"partitions": sorted(txn.partitions), "offsets": txn.offsets}
                yield {"kind": "txn_add", "id": name, **added}
        for name, commit in self._unfinished.items():
            yield {"kind": "txn_end", "id": name, "commit": commit}

    def resume(self) -> None:
        """Complete decided transactions, and restart the timers of open ones."""
        for name, commit in list(self._unfinished.items()):
            self._finish(name, commit=commit)
        self._unfinished.clear()
        for name, txn in self._ids.items():
            if txn.is_open:
                self._watch(name, txn)

    def new_producer(self, name: str | None, timeout_ms: int) -> tuple[int, int]:
        """Return id and epoch for a new producer. With a transactional id it replaces the former producer."""
        if name is None:
            return self._new_producer_id(), 0
        known = self._ids.get(name)
        if known is None:
            self._remember_owner(name, self._new_producer_id(), 0, timeout_ms)
        else:
            # The epoch is raised first, so that the former producer is rejected from here on.
            self._remember_owner(name, known.producer_id, known.epoch + 1, timeout_ms)
            if known.is_open:
                self._end(name, known, commit=False)
        return self._ids[name].producer_id, self._ids[name].epoch

    def add_partitions(
        self, name: str, producer_id: int, epoch: int, requested: list[_Partition]
    ) -> dict[_Partition, ErrorCode]:
        """Add partitions to the producer's transaction, all or none, and open one if necessary."""
        try:
            txn = self._owned(name, producer_id, epoch)
        except RequestRejected as rejection:
            return dict.fromkeys(requested, rejection.code)
        unknown = [(topic, index) for topic, index in requested if not self._exists(topic, index)]
        if unknown:
            answers = dict.fromkeys(requested, ErrorCode.OPERATION_NOT_ATTEMPTED)
            return answers | dict.fromkeys(unknown, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        self._add(name, txn, partitions=requested)
        return dict.fromkeys(requested, ErrorCode.NONE)

    def add_offsets(self, name: str, producer_id: int, epoch: int, offsets: list[GroupOffset]) -> None:
        """Add consumer offsets to the transaction. They take effect when it commits.

        Raises:
            RequestRejected: the producer has been replaced or is unknown.
        """
        self._add(name, self._owned(name, producer_id, epoch), offsets=offsets)

    def end(self, name: str, producer_id: int, epoch: int, *, commit: bool) -> None:
        """Commit or abort the transaction.

        Raises:
            RequestRejected: the producer has been replaced or is unknown, or it has no open transaction.
        """
        txn = self._owned(name, producer_id, epoch)
        if txn.is_open:
            self._end(name, txn, commit=commit)
        elif txn.last_committed != commit:
            raise RequestRejected(ErrorCode.INVALID_TXN_STATE)

    def check_writer(self, producer_id: int, epoch: int, partition: _Partition) -> None:
        """Check that a transactional batch belongs to the open transaction of its active producer.

        Raises:
            RequestRejected: it does not.
        """
        name = self._owners.get(producer_id)
        if name is None:
            raise RequestRejected(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        txn = self._owned(name, producer_id, epoch)
        if not txn.is_open or partition not in txn.partitions:
            raise RequestRejected(ErrorCode.INVALID_TXN_STATE)

    def _owned(self, name: str, producer_id: int, epoch: int) -> _Transactional:
        txn = self._ids.get(name)
        if txn is None or txn.producer_id != producer_id:
            raise RequestRejected(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        if txn.epoch != epoch:
            raise RequestRejected(ErrorCode.INVALID_PRODUCER_EPOCH)
        return txn

    def _exists(self, topic: str, index: int) -> bool:
        return 0 <= index < len(self._topics.of(topic) or ())

    def _add(
        self,
        name: str,
        txn: _Transactional,
        *,
        partitions: list[_Partition] | None = None,
        offsets: list[GroupOffset] | None = None,
    ) -> None:
        self._journal.append("txn_add", id=name, partitions=partitions or [], offsets=offsets or [])
        txn.partitions.update(partitions or ())
        txn.offsets += offsets or ()
        if not txn.is_open:
            txn.is_open = True
            self._watch(name, txn)

    def _end(self, name: str, txn: _Transactional, *, commit: bool) -> None:
        self._journal.append("txn_end", id=name, commit=commit)
        self._finish(name, commit=commit)
        if txn.expiry is not None:
            txn.expiry.cancel()
            txn.expiry = None

    def _finish(self, name: str, *, commit: bool) -> None:
        """Write the missing markers. Markers written before a kill are not repeated."""
        txn = self._ids[name]
        for topic, index in sorted(txn.partitions):
            partitions = self._topics.of(topic)
            if partitions is not None and txn.producer_id in partitions[index].open_producers:
                partitions[index].end_transaction(txn.producer_id, txn.epoch, commit=commit)
        if commit:
            self._commit_offsets(txn.offsets)
        self._journal.append("txn_ended", id=name, commit=commit)
        txn.is_open = False
        txn.last_committed = commit
        txn.partitions.clear()
        txn.offsets.clear()

    def _watch(self, name: str, txn: _Transactional) -> None:
        loop = asyncio.get_running_loop()
        txn.expiry = loop.call_later(txn.timeout_ms / 1000, self._expire, name, txn)

    def _expire(self, name: str, txn: _Transactional) -> None:
        """Abort the transaction of a silent producer and fence the producer."""
        self._remember_owner(name, txn.producer_id, txn.epoch + 1, txn.timeout_ms)
        self._end(name, txn, commit=False)

    def _remember_owner(self, name: str, producer_id: int, epoch: int, timeout_ms: int) -> None:
        is_open = name in self._ids and self._ids[name].is_open
        if epoch > _LAST_EPOCH and not is_open:
            producer_id, epoch = self._new_producer_id(), 0
        self._journal.append("txn", id=name, producer=producer_id, epoch=epoch, timeout_ms=timeout_ms)
        self._adopt(name, producer_id, epoch, timeout_ms)

    def _adopt(self, name: str, producer_id: int, epoch: int, timeout_ms: int) -> None:
        txn = self._ids.setdefault(name, _Transactional(producer_id, epoch, timeout_ms))
        self._owners.pop(txn.producer_id, None)
        txn.producer_id, txn.epoch, txn.timeout_ms = producer_id, epoch, timeout_ms
        self._owners[producer_id] = name

    def _new_producer_id(self) -> int:
        self._next_producer_id += 1
        self._journal.append("producer_id", next=self._next_producer_id)
        return self._next_producer_id
