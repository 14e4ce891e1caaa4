"""Recovery of the embedded broker after a kill at the worst moment."""

import asyncio
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from infra.embedded.logbroker import batches
from infra.embedded.logbroker.groups import Groups
from infra.embedded.logbroker.journal import Entry, Journal
from infra.embedded.logbroker.partition import Partition, RequestRejected
from infra.embedded.logbroker.topics import Topics
from infra.embedded.logbroker.transactions import Transactions
from infra.embedded.logbroker.wire import ErrorCode
from schemas import record_batches
from schemas.record_batches import Batch


def batch(*values: bytes, producer: int = -1, epoch: int = 0, sequence: int = 0, txn: bool = False) -> bytes:
    """Return one batch as a client would send it."""
    builder = DefaultRecordBatchBuilder(2, 0, int(txn), producer, epoch, sequence, 100_000)
    for offset, value in enumerate(values):
        builder.append(offset, 1_000 + offset, b"key", value, [])
    return bytes(builder.build())


def anything(_batch: Batch) -> None:
    """Let every transaction pass."""


def values(partition: Partition, *, committed_only: bool = False) -> list[bytes]:
    """Return the values of all visible records, without markers."""
    data = partition.read(0, 10**9, committed_only=committed_only).data
    found: list[bytes] = []
    while data:
        size = record_batches.parse(data).size
        one, data = DefaultRecordBatch(data[:size]), data[size:]
        assert one.validate_crc()
        if not one.is_control_batch:
            found += [record.value for record in one]
    return found


class Restarting:
    """The states of a broker in one directory, reopened as after a kill, without closing."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.open()

    def open(self) -> None:
        """Recover from disk."""
        self.journal = Journal(self.directory / "state.jsonl", self._snapshot)
        self.groups = Groups(self.journal)
        self.topics = Topics(self.directory, self.journal, deleted=self.groups.forget_topic)
        self.transactions = Transactions(self.topics, self.journal, self.groups.commit)
        for entry in self.journal.replay():
            for state in (self.topics, self.groups, self.transactions):
                state.restore(entry)
        self.topics.open()
        self.journal.rewrite()
        self.transactions.resume()

    def _snapshot(self) -> list[Entry]:
        states = (self.topics, self.groups, self.transactions)
        return [entry for state in states for entry in state.snapshot()]

    def write(self, producer: int, epoch: int, index: int, value: bytes, sequence: int = 0) -> None:
        """Write a transactional record to a partition of the topic."""
        data = batch(value, producer=producer, epoch=epoch, sequence=sequence, txn=True)
        check: Callable[[Batch], None] = lambda found: self.transactions.check_writer(  # noqa: E731
            found.producer_id, found.producer_epoch, ("topic", index)
        )
        self.topics.partition("topic", index).append(data, check)


@pytest.fixture
async def broker(tmp_path: Path) -> Restarting:
    """A broker with one topic of two partitions."""
    broker = Restarting(tmp_path)
    broker.topics.create("topic", 2, validate_only=False)
    return broker


@pytest.mark.parametrize("lost_bytes", [1, 20, 60])
def test_half_written_batch_is_cut_off_and_the_log_continues(tmp_path: Path, lost_bytes: int) -> None:
    path = tmp_path / "topic-0.log"
    first = Partition(path)
    first.append(batch(b"whole", b"batch"), anything)
    first.append(batch(b"half"), anything)
    os.truncate(path, path.stat().st_size - lost_bytes)
    again = Partition(path)
    assert values(again) == [b"whole", b"batch"]
    assert again.append(batch(b"next"), anything) == 2
    assert values(Partition(path)) == [b"whole", b"batch", b"next"]


def test_producer_is_still_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "topic-0.log"
    sent = batch(b"once", producer=5, sequence=0)
    Partition(path).append(sent, anything)
    again = Partition(path)
    assert again.append(sent, anything) == 0
    with pytest.raises(RequestRejected, match="OUT_OF_ORDER_SEQUENCE_NUMBER"):
        again.append(batch(b"gap", producer=5, sequence=7), anything)
    with pytest.raises(RequestRejected, match="INVALID_PRODUCER_EPOCH"):
        again.append(batch(b"old", producer=5, epoch=-1), anything)
    assert values(again) == [b"once"]


@pytest.mark.parametrize("damaged", [b"", b"short", b"\0" * 100, batch(b"value")[:-1]])
def test_damaged_batch_is_rejected_and_not_appended(tmp_path: Path, damaged: bytes) -> None:
    partition = Partition(tmp_path / "topic-0.log")
    with pytest.raises(RequestRejected, match="CORRUPT_MESSAGE"):
        partition.append(damaged, anything)
    assert partition.end == 0


def test_client_may_not_write_markers(tmp_path: Path) -> None:
    partition = Partition(tmp_path / "topic-0.log")
    with pytest.raises(RequestRejected, match="CORRUPT_MESSAGE"):
        partition.append(batches.marker(5, 0, commit=True), anything)


def test_marker_is_a_batch_that_clients_accept() -> None:
    for commit in (False, True):
        data = batches.marker(7, 3, commit=commit)
        read = DefaultRecordBatch(data)
        assert read.validate_crc()
        assert read.is_control_batch
        assert (read.producer_id, read.producer_epoch) == (7, 3)
        assert record_batches.is_commit(data) == commit
        assert next(iter(read)).key == struct.pack(">hh", 0, int(commit))


def test_read_returns_at_least_one_batch_and_at_most_the_requested_size(tmp_path: Path) -> None:
    partition = Partition(tmp_path / "topic-0.log")
    for number in range(10):
        partition.append(batch(b"%d" % number), anything)
    size = len(batch(b"0"))
    assert len(partition.read(3, 1, committed_only=False).data) == size
    assert len(partition.read(3, 3 * size + 1, committed_only=False).data) == 3 * size
    assert len(partition.read(3, 100 * size, committed_only=False).data) == 7 * size
    assert partition.read(10, 100, committed_only=False).data == b""
    with pytest.raises(RequestRejected, match="OFFSET_OUT_OF_RANGE"):
        partition.read(11, 100, committed_only=False)


async def test_decided_transaction_is_finished_after_a_kill_between_its_markers(broker: Restarting) -> None:
    producer, epoch = broker.transactions.new_producer("publisher", 60_000)
    broker.transactions.add_partitions("publisher", producer, epoch, [("topic", 0), ("topic", 1)])
    offsets = [("group", "topic", 0, 42, "")]
    broker.transactions.add_offsets("publisher", producer, epoch, list(offsets))
    broker.write(producer, epoch, 0, b"left")
    broker.write(producer, epoch, 1, b"right")
    broker.journal.append("txn_end", id="publisher", commit=True)
    broker.topics.partition("topic", 0).end_transaction(producer, epoch, commit=True)

    broker.open()

    for index, value in ((0, b"left"), (1, b"right")):
        partition = broker.topics.partition("topic", index)
        assert values(partition, committed_only=True) == [value]
        assert partition.end == partition.stable_end == 2
    assert broker.groups.committed("group") == {("topic", 0): (42, "")}
    broker.transactions.end("publisher", producer, epoch, commit=True)


async def test_open_transaction_stays_open_after_a_kill_and_its_producer_may_end_it(broker: Restarting) -> None:
    producer, epoch = broker.transactions.new_producer("publisher", 60_000)
    broker.transactions.add_partitions("publisher", producer, epoch, [("topic", 0)])
    broker.write(producer, epoch, 0, b"open")

    broker.open()

    assert values(broker.topics.partition("topic", 0), committed_only=True) == []
    broker.write(producer, epoch, 0, b"more", sequence=1)
    broker.transactions.end("publisher", producer, epoch, commit=True)
    assert values(broker.topics.partition("topic", 0), committed_only=True) == [b"open", b"more"]


async def test_fencing_survives_a_kill(broker: Restarting) -> None:
    producer, old = broker.transactions.new_producer("publisher", 60_000)
    broker.transactions.add_partitions("publisher", producer, old, [("topic", 0)])
    broker.write(producer, old, 0, b"open")
    same, new = broker.transactions.new_producer("publisher", 60_000)
    assert (same, new) == (producer, old + 1)

    broker.open()

    with pytest.raises(RequestRejected, match="INVALID_PRODUCER_EPOCH"):
        broker.write(producer, old, 0, b"zombie", sequence=1)
    assert broker.transactions.add_partitions("publisher", producer, old, [("topic", 0)]) == {
        ("topic", 0): ErrorCode.INVALID_PRODUCER_EPOCH
    }
    with pytest.raises(RequestRejected, match="INVALID_PRODUCER_EPOCH"):
        broker.transactions.end("publisher", producer, old, commit=True)
    partition = broker.topics.partition("topic", 0)
    assert partition.read(0, 10**6, committed_only=True).aborted == [(producer, 0)]


async def test_transaction_open_at_the_kill_still_expires(broker: Restarting) -> None:
    producer, epoch = broker.transactions.new_producer("publisher", 50)
    broker.transactions.add_partitions("publisher", producer, epoch, [("topic", 0)])
    broker.write(producer, epoch, 0, b"open")
    broker.open()
    partition = broker.topics.partition("topic", 0)
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    partition.watch(waiter)
    await asyncio.wait_for(waiter, 60)
    assert partition.stable_end == partition.end
    with pytest.raises(RequestRejected, match="INVALID_PRODUCER_EPOCH"):
        broker.transactions.end("publisher", producer, epoch, commit=True)


async def test_write_outside_a_transaction_is_rejected(broker: Restarting) -> None:
    producer, epoch = broker.transactions.new_producer("publisher", 60_000)
    with pytest.raises(RequestRejected, match="INVALID_TXN_STATE"):
        broker.write(producer, epoch, 0, b"stray")
    broker.transactions.add_partitions("publisher", producer, epoch, [("topic", 1)])
    with pytest.raises(RequestRejected, match="INVALID_TXN_STATE"):
        broker.write(producer, epoch, 0, b"stray")
    with pytest.raises(RequestRejected, match="INVALID_PRODUCER_ID_MAPPING"):
        broker.write(producer + 1, epoch, 1, b"stranger")


async def test_exhausted_epoch_leads_to_a_new_producer_id(broker: Restarting) -> None:
    first, _ = broker.transactions.new_producer("publisher", 60_000)
    for expected in range(1, 32_767):
        assert broker.transactions.new_producer("publisher", 60_000) == (first, expected)
    second, epoch = broker.transactions.new_producer("publisher", 60_000)
    assert second != first
    assert epoch == 0


async def test_journal_is_compacted_to_a_snapshot_without_loss(broker: Restarting) -> None:
    for offset in range(500):
        broker.groups.commit([("group", "topic", 0, offset, "remark")])
    size = (broker.directory / "state.jsonl").stat().st_size
    broker.open()
    assert (broker.directory / "state.jsonl").stat().st_size < size / 50
    assert broker.groups.committed("group") == {("topic", 0): (499, "remark")}
    assert broker.topics.names() == ["topic"]


async def test_line_cut_off_by_a_kill_is_ignored(broker: Restarting) -> None:
    broker.groups.commit([("group", "topic", 0, 1, "")])
    with (broker.directory / "state.jsonl").open("a") as journal:
        journal.write('{"kind":"offsets","offsets":[["group","topic",0,2')
    broker.open()
    assert broker.groups.committed("group") == {("topic", 0): (1, "")}


async def test_deleted_topic_does_not_come_back_with_its_records(broker: Restarting) -> None:
    broker.topics.partition("topic", 0).append(batch(b"old"), anything)
    stale = (broker.directory / "topic-0.log").read_bytes()
    broker.topics.delete("topic")
    (broker.directory / "topic-0.log").write_bytes(stale)
    broker.open()
    broker.topics.create("topic", 1, validate_only=False)
    assert broker.topics.partition("topic", 0).end == 0
