"""Order within a key, concurrency between keys, and what may be committed."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from consumers.runtime.key_ordered import KeyOrderedExecutor, in_log_order
from schemas.internal.deliveries import Record
from tests.support.builders.records import FakeRecord

PARTITION = ("zyenta.events", 0)


class Gate:
    """A handler that ends when the test allows it."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self._may_end: dict[int, asyncio.Event] = {}

    async def __call__(self, record: Record) -> None:
        self.begun.append(record.offset)
        await self._event(record.offset).wait()
        self.ended.append(record.offset)

    def end(self, *offsets: int) -> None:
        for offset in offsets:
            self._event(offset).set()

    def _event(self, offset: int) -> asyncio.Event:
        return self._may_end.setdefault(offset, asyncio.Event())


def _record(offset: int, key: str) -> FakeRecord:
    return FakeRecord(offset=offset, key=key.encode())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)


async def test_records_of_a_key_wait_for_each_other_and_other_keys_do_not() -> None:
    gate = Gate()
    executor = KeyOrderedExecutor(gate)
    for offset, key in enumerate("aab"):
        executor.submit(_record(offset, key))
    await _until(lambda: gate.begun == [0, 2])
    gate.end(0)
    await _until(lambda: gate.begun == [0, 2, 1])
    gate.end(1, 2)
    await _until(lambda: executor.open == 0)


async def test_nothing_is_committed_past_a_record_that_is_not_done() -> None:
    gate = Gate()
    executor = KeyOrderedExecutor(gate)
    for offset, key in enumerate("abc"):
        executor.submit(_record(offset, key))
    executor.skip(_record(3, "d"))
    gate.end(1, 2)
    await _until(lambda: executor.open == 1)
    assert executor.uncommitted() == {PARTITION: 0}
    gate.end(0)
    await _until(lambda: executor.open == 0)
    assert executor.uncommitted() == {PARTITION: 4}
    executor.mark_committed({PARTITION: 4})
    assert executor.uncommitted() == {}


async def test_skipped_records_are_committed_like_handled_ones() -> None:
    executor = KeyOrderedExecutor(Gate())
    executor.skip(_record(17, "a"))
    assert executor.uncommitted() == {PARTITION: 18}


async def test_a_handler_that_raises_is_called_again_and_not_passed_over() -> None:
    calls = 0

    async def stumble(_: Record) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("a bug in RecordDelivery")

    executor = KeyOrderedExecutor(stumble, retry_seconds=0.0)
    executor.submit(_record(0, "a"))
    await _until(lambda: executor.open == 0)
    assert calls == 2


async def test_draining_lets_the_present_record_finish_and_drops_those_behind_it() -> None:
    gate = Gate()
    executor = KeyOrderedExecutor(gate)
    for offset in range(3):
        executor.submit(_record(offset, "a"))
    await _until(lambda: gate.begun == [0])
    draining = asyncio.create_task(executor.drain([PARTITION], grace_seconds=5))
    await asyncio.sleep(0)
    gate.end(0)
    await draining
    assert gate.begun == gate.ended == [0]
    assert executor.uncommitted() == {PARTITION: 1}
    executor.forget([PARTITION])
    assert (executor.open, executor.uncommitted()) == (0, {})


async def test_draining_breaks_off_what_takes_longer_than_the_grace() -> None:
    gate = Gate()
    executor = KeyOrderedExecutor(gate)
    executor.submit(_record(5, "a"))
    await _until(lambda: gate.begun == [5])
    await executor.drain([PARTITION], grace_seconds=0.0)
    assert gate.ended == []
    assert executor.uncommitted() == {PARTITION: 5}


@given(
    keys=st.lists(st.sampled_from("abcd"), min_size=1, max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_whatever_ends_first_the_watermark_is_the_first_record_not_done(keys: list[str], order: object) -> None:
    async def play() -> None:
        gate = Gate()
        executor = KeyOrderedExecutor(gate)
        for offset, key in enumerate(keys):
            executor.submit(_record(offset, key))
        offsets = list(range(len(keys)))
        order.shuffle(offsets)  # type: ignore[attr-defined]
        for offset in offsets:
            gate.end(offset)
            for _turn in range(len(keys) + 3):
                await asyncio.sleep(0)
            done = set(gate.ended)
            first_open = next((n for n in range(len(keys)) if n not in done), len(keys))
            assert executor.uncommitted()[PARTITION] == first_open
        for key in set(keys):
            mine = [offset for offset in gate.ended if keys[offset] == key]
            assert mine == sorted(mine)

    asyncio.run(play())


def _placed(partition: int, offset: int, position: int) -> FakeRecord:
    headers = [("ce_id", str(uuid4()).encode()), ("ce_position", str(position).encode())]
    return FakeRecord(partition=partition, offset=offset, headers=headers)


def test_records_of_several_partitions_come_in_the_order_of_the_log() -> None:
    first = [_placed(0, 4, 10), _placed(0, 5, 13)]
    second = [_placed(1, 7, 11), _placed(1, 8, 12), _placed(1, 9, 14)]
    assert [(each.partition, each.offset) for each in in_log_order([second, first])] == [
        (0, 4), (1, 7), (1, 8), (0, 5), (1, 9),
    ]  # fmt: skip


@given(st.lists(st.lists(st.none() | st.integers(0, 9), max_size=6), max_size=4))
def test_a_partitions_own_order_is_kept_whatever_positions_its_records_claim(claims: list[list[int | None]]) -> None:
    batches = [
        [_record(offset, "a") if position is None else _placed(number, offset, position) for offset, position in each]
        for number, each in enumerate(list(enumerate(positions)) for positions in claims)
    ]
    merged = list(in_log_order(batches))
    assert len(merged) == sum(map(len, batches))
    for batch in batches:
        assert [each for each in merged if any(each is one for one in batch)] == batch
