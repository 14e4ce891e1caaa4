"""A reader hands out no record that a later seek will deliver again, and so none after a gap."""

from types import SimpleNamespace
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from projections.engine.checkpoints import Checkpoint
from projections.engine.log_reader import SILENT_MS, LogReader
from schemas.topics import EVENTS

ID = b"018f0000-0000-7000-8000-000000000000"
PARTITION = TopicPartition(EVENTS.name, 3)


class Consumer:
    """Records where it was moved to."""

    def __init__(self) -> None:
        self.moved_to: list[int] = []
        self.answered = 0

    def last_poll_timestamp(self, partition: TopicPartition) -> int:
        assert partition == PARTITION
        return self.answered

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition == PARTITION
        self.moved_to.append(offset)


def reader() -> tuple[LogReader, Consumer]:
    consumer = Consumer()
    return LogReader(cast("AIOKafkaConsumer", consumer)), consumer


def records(first: int, last: int) -> list[ConsumerRecord]:
    """Return records whose positions are ten times their offsets."""
    made: list[Any] = [
        SimpleNamespace(partition=3, offset=offset, headers=[("ce_id", ID), ("ce_position", b"%d" % (offset * 10))])
        for offset in range(first, last)
    ]
    return made


def checkpoint(position: int = 0) -> Checkpoint:
    return Checkpoint(partition=3, next_offset=position // 10 + 1 if position else 0, position=position, owner=1)


def test_records_that_come_before_the_checkpoint_is_read_are_dropped() -> None:
    log, consumer = reader()
    assert log.verified({PARTITION: records(0, 5)}) == []
    log.begin([checkpoint()])
    assert consumer.moved_to == [0]
    again = records(0, 5)
    assert log.verified({PARTITION: again}) == again


def test_records_held_while_a_partition_begins_are_dropped() -> None:
    for position in (0, 40):
        log, _ = reader()
        log.begin([checkpoint(position)])
        fetched = log.verified({PARTITION: records(position // 10, 9)})
        assert log.read_since(fetched) == fetched
        log.leave([3])
        log.begin([checkpoint(position)])
        assert log.read_since(fetched) == []


def test_a_partition_that_was_taken_away_gives_no_records_until_it_begins_again() -> None:
    log, _ = reader()
    log.begin([checkpoint(40)])
    log.leave([3])
    assert log.verified({PARTITION: records(4, 9)}) == []


def test_a_partition_whose_last_record_moved_is_read_from_its_beginning() -> None:
    log, consumer = reader()
    log.begin([checkpoint(40)])
    assert log.verified({PARTITION: records(5, 9)}) == []
    assert consumer.moved_to == [4, 0]
    whole = records(0, 9)
    assert log.verified({PARTITION: whole}) == whole


def test_after_a_silence_reading_goes_back_to_the_last_record_which_must_be_where_it_was() -> None:
    log, consumer = reader()
    log.begin([checkpoint(40)])
    assert log.verified({PARTITION: records(4, 7)}) != []
    assert log.verified({}) == []
    consumer.answered += SILENT_MS + 1
    assert log.verified({PARTITION: records(7, 9)}) == []
    assert consumer.moved_to == [4, 6]
    again = records(6, 9)
    assert log.verified({PARTITION: again}) == again
    consumer.answered += SILENT_MS + 1
    assert log.verified({}) == []
    assert log.verified({PARTITION: records(9, 12)}) == []  # the record at offset 8 is another one now
    assert consumer.moved_to == [4, 6, 8, 0]
