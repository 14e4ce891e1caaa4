"""The projection runner: every event counts once, whatever is restarted, repeated, wiped, shared, frozen or poisoned."""

import asyncio
import dataclasses
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from domain.kernel import Transient
from infra.adapters.kafka.topic import open_reader, read_to_end
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from projections.catalog import model as catalog
from projections.engine.checkpoints import Checkpoint, Projection, advance, ensure_live, positions_of, take_over
from projections.engine.decoding import DecodedEvent
from projections.engine.log_reader import LogReader
from projections.engine.poison_records import TRIES, PoisonRecordPorts
from projections.engine.preparation import Rebuild
from projections.engine.rebuild.rebuilder import Rebuilder
from projections.engine.rebuild.session import RebuildRefused
from projections.engine.runner import ProjectionRunner
from projections.jobs import model as jobs
from projections.reading.revisions import revision_of
from schemas.envelope import RawEvent
from schemas.internal.deliveries import read_dead_letter
from schemas.topics import DEAD_LETTERS, PARTITIONS, partition_of
from schemas.topics import EVENTS as EVENTS_TOPIC
from tests.support.builders.records import without_value
from tests.support.builders.workload import Workload
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import (
    Record,
    Tampered,
    all_rows,
    last_positions,
    record_of,
    rows_by_the_log,
    write_topic,
)

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
DYING = Path(__file__).with_name("dying_projector.py")
MODEL, JOBS = catalog.MODEL, jobs.MODEL
HOLLOW = ("ce_type", "ce_tenant", "ce_position", "ce_id")
EVENTS = Workload(1_500, seed=3, side_by_side=12, per_store=60)


class NoLedger:
    """A ledger that must not be used: without failures, counting would cost too much."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was called")


async def never(_: Projection) -> None:
    raise AssertionError("nothing is to be rebuilt")


def runner_of(
    pool: asyncpg.Pool,
    kafka: ApacheKafka,
    *beside: Projection,
    projection: Projection = MODEL,
    letters: RecordedDeadLetters | None = None,
    ledger: Any = None,
    session_seconds: float = 10,
    rebuild: Rebuild = never,
) -> ProjectionRunner:
    return ProjectionRunner(
        [projection, *beside],
        pool,
        kafka.bootstrap_servers,
        PoisonRecordPorts(
            dead_letters=letters or RecordedDeadLetters(), ledger=ledger or NoLedger(), clock=SystemClock()
        ),
        rebuild=rebuild,
        session_timeout=timedelta(seconds=session_seconds),
    )


@asynccontextmanager
async def running(*runners: ProjectionRunner) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(reached: Callable[[], Any], *, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await reached():
            await asyncio.sleep(0.02)


async def positions(pool: asyncpg.Pool, model: str = MODEL.name) -> dict[int, int]:
    async with pool.acquire() as connection:
        return {number: each.position for number, each in (await positions_of(connection, model)).items()}


async def applied(
    pool: asyncpg.Pool, events: Sequence[RawEvent], *, model: str = MODEL.name, seconds: float = 40
) -> None:
    """Wait until the checkpoints stand at the end of these events."""
    wanted = last_positions(events)

    async def there() -> bool:
        return await positions(pool, model) == wanted

    await until(there, seconds=seconds)


async def expect_rows_of(pool: asyncpg.Pool, events: Sequence[RawEvent]) -> None:
    async with rows_by_the_log(pool, MODEL, events) as expected:
        assert await all_rows(pool, MODEL, MODEL.name) == await all_rows(pool, MODEL, expected)


def parts(events: Sequence[RawEvent], count: int) -> list[list[RawEvent]]:
    size = -(-len(events) // count)
    return [list(events[start : start + size]) for start in range(0, len(events), size)]


async def test_rows_and_checkpoints_follow_the_topic_and_a_restart_goes_on(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    first, second, third = parts(EVENTS, 3)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    async with running(runner_of(pool, kafka)):
        await applied(pool, first)
        tenants = {event.tenant for event in EVENTS}
        before = {tenant: await revision_of(pool, [(MODEL.name, tenant)]) for tenant in tenants}
        await write_topic(kafka.bootstrap_servers, second, store=pool)
        await applied(pool, EVENTS[:1000])
        for event in second:
            if MODEL.decoder.decode_stored(event) is not None:
                assert await revision_of(pool, [(MODEL.name, event.tenant)]) != before[event.tenant]
    await write_topic(kafka.bootstrap_servers, third, store=pool)
    async with running(runner_of(pool, kafka)):
        await applied(pool, EVENTS)
    await expect_rows_of(pool, EVENTS)


async def test_rows_and_checkpoint_are_written_together_or_not_at_all(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    """A connection that breaks before the commit leaves neither."""
    broken: list[list[int]] = []

    async def breaks(batch: Sequence[DecodedEvent]) -> None:
        rows = await pool.fetch("select position from checkpoints union all select count(*) from catalog.stores")
        broken.append(sorted({row[0] for row in rows}))
        if len(broken) == 1:
            await pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'"
            )

    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with running(runner_of(pool, kafka, projection=Tampered(MODEL, breaks))):
        await applied(pool, EVENTS)
    assert broken[:2] == [[0], [0]]
    await expect_rows_of(pool, EVENTS)


async def test_records_delivered_twice_change_nothing(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    first, second = parts(EVENTS, 2)
    await write_topic(kafka.bootstrap_servers, [*first, *first], store=pool)
    async with running(runner_of(pool, kafka)):
        await applied(pool, first)
        await write_topic(kafka.bootstrap_servers, [*first, *second, *EVENTS], store=pool)
        await applied(pool, EVENTS)
    await expect_rows_of(pool, EVENTS)


@pytest.mark.parametrize("alive", [True, False], ids=["while running", "while stopped"])
async def test_a_topic_created_again_is_followed_by_position(
    pool: asyncpg.Pool, kafka: ApacheKafka, alive: bool
) -> None:
    first, _ = parts(EVENTS, 2)
    # Many small transactions: every one of them takes an offset for its marker.
    await write_topic(kafka.bootstrap_servers, first, batch=10, store=pool)
    async with running(runner_of(pool, kafka)):
        await applied(pool, first)
        if alive:
            await anew(pool, kafka)
            await applied(pool, EVENTS)
    if not alive:
        await anew(pool, kafka)
        async with running(runner_of(pool, kafka)):
            await applied(pool, EVENTS)
    await expect_rows_of(pool, EVENTS)


async def anew(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    await kafka.kill()
    await kafka.wipe()
    await kafka.start()
    await write_topic(kafka.bootstrap_servers, EVENTS, batch=1000, store=pool)


async def test_two_runners_share_the_partitions(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    first, second, third = parts(EVENTS, 3)
    one, other = runner_of(pool, kafka), runner_of(pool, kafka)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    async with running(one):
        await applied(pool, first)
        async with running(other):

            async def shared() -> bool:
                return len(one.partitions) == len(other.partitions) == PARTITIONS / 2

            await until(shared)
            assert one.partitions | other.partitions == set(range(PARTITIONS))
            await write_topic(kafka.bootstrap_servers, second, store=pool)
            await applied(pool, EVENTS[:1000])
        await write_topic(kafka.bootstrap_servers, third, store=pool)
        await applied(pool, EVENTS)
    await expect_rows_of(pool, EVENTS)


async def test_read_models_of_one_runner_move_together(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    seen: set[tuple[Any, ...]] = set()

    async def compare() -> None:
        async with pool.acquire() as connection:
            while True:
                for_each = await connection.fetch("select schema_name, partition, position from checkpoints")
                catalog_at, jobs_at = (
                    tuple(sorted((row["partition"], row["position"]) for row in for_each if row["schema_name"] == name))
                    for name in (MODEL.name, JOBS.name)
                )
                if jobs_at:
                    assert catalog_at == jobs_at
                    seen.add(catalog_at)
                await asyncio.sleep(0)

    first, second = parts(EVENTS, 2)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    async with running(runner_of(pool, kafka, JOBS)):
        comparing = asyncio.create_task(compare())
        await write_topic(kafka.bootstrap_servers, second, batch=10, store=pool)
        await applied(pool, EVENTS)
        comparing.cancel()
        with suppress(asyncio.CancelledError):
            await comparing
    assert len(seen) > 2
    await expect_rows_of(pool, EVENTS)


async def test_a_read_model_that_is_being_rebuilt_delays_no_other_and_joins_later(
    pool: asyncpg.Pool, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [RebuildRefused("its rows differ"), Transient("the broker", "it stopped")]
    begun, go = asyncio.Event(), asyncio.Event()

    async def rebuild(projection: Projection) -> None:
        assert projection.name == JOBS.name
        if failures:
            raise failures.pop()
        begun.set()
        await go.wait()
        await pool.execute("update projections set version = version + 1 where name = $1", JOBS.name)

    async with pool.acquire() as connection:
        await ensure_live(connection, JOBS)
    first, second = parts(EVENTS, 2)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    newer = Tampered(JOBS, version=JOBS.version + 1)
    async with running(runner_of(pool, kafka, newer, rebuild=rebuild)):
        await begun.wait()
        await applied(pool, first)
        assert set((await positions(pool, JOBS.name)).values()) == {0}
        go.set()
        await applied(pool, first, model=JOBS.name)
        await write_topic(kafka.bootstrap_servers, second, store=pool)
        await applied(pool, EVENTS)
        await applied(pool, EVENTS, model=JOBS.name)
    assert caplog.text.count("jobs is not ready") == 2
    assert "starts again" not in caplog.text, "a failed rebuild must not stop the read models that are ready"
    await expect_rows_of(pool, EVENTS)


async def test_a_read_model_may_join_while_partitions_are_being_taken(
    pool: asyncpg.Pool, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "projections.engine")
    go = asyncio.Event()

    async def rebuild(_: Projection) -> None:
        await go.wait()
        await pool.execute("update projections set version = version + 1 where name = $1", JOBS.name)

    async def is_taking() -> bool:
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%owner + 1%'"
        return bool(await pool.fetchval(waiting))

    async with pool.acquire() as connection:
        await ensure_live(connection, MODEL)
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with running(runner_of(pool, kafka, projection=JOBS)):
        await applied(pool, EVENTS, model=JOBS.name)
    newer = Tampered(JOBS, version=JOBS.version + 1)
    async with pool.acquire() as connection:
        held = connection.transaction()
        await held.start()
        await connection.execute("select from checkpoints where schema_name = $1 for update", MODEL.name)
        async with running(runner_of(pool, kafka, newer, rebuild=rebuild)):
            await until(is_taking)
            go.set()
            await until(lambda: asyncio.sleep(0, "jobs moves with the others now" in caplog.text))
            await held.rollback()
            await applied(pool, EVENTS)
            await applied(pool, EVENTS, model=JOBS.name)
    await expect_rows_of(pool, EVENTS)


async def test_a_read_model_that_is_far_behind_catches_up_alone(
    pool: asyncpg.Pool, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "projections.engine")
    events = [replace(each, position=each.position * 100) for each in EVENTS]
    first, second = parts(events, 2)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    async with running(runner_of(pool, kafka)):
        await applied(pool, first)
    async with running(runner_of(pool, kafka, JOBS)):
        await applied(pool, first, model=JOBS.name)
        await until(lambda: asyncio.sleep(0, "jobs moves with the others now" in caplog.text))
        await write_topic(kafka.bootstrap_servers, second, store=pool)
        await applied(pool, events)
        await applied(pool, events, model=JOBS.name)
    assert "jobs is far behind, and catches up alone" in caplog.text


async def test_a_poison_record_of_one_read_model_is_applied_by_the_others(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    letters = RecordedDeadLetters()
    poisoned = next(each for each in reversed(EVENTS) if JOBS.decoder.decode_stored(each) is not None)

    async def stumbles(batch: Sequence[DecodedEvent]) -> None:
        if any(
            event.originator_id == poisoned.stream_id and event.originator_version == poisoned.version
            for event, _ in batch
        ):
            raise ZeroDivisionError

    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    beside = Tampered(JOBS, stumbles)
    async with running(runner_of(pool, kafka, beside, letters=letters, ledger=PostgresDeliveries(pool))):
        await applied(pool, EVENTS)
        await applied(pool, EVENTS, model=JOBS.name)
    (letter,) = letters.letters
    assert (letter.group, letter.count) == ("projector-jobs", TRIES)
    await expect_rows_of(pool, EVENTS)


async def test_a_runner_whose_partitions_were_taken_in_the_middle_of_a_batch_writes_nothing(
    pool: asyncpg.Pool, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture
) -> None:
    held, go = asyncio.Event(), asyncio.Event()

    async def wait(batch: Sequence[DecodedEvent]) -> None:
        held.set()
        await go.wait()

    letters = RecordedDeadLetters()
    first, second = parts(EVENTS, 2)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    runner = runner_of(pool, kafka, projection=Tampered(MODEL, wait), letters=letters, ledger=PostgresDeliveries(pool))
    async with running(runner):
        await held.wait()
        await apply_as_new_owner(pool, first)
        go.set()
        await until(lambda: asyncio.sleep(0, "Fenced" in caplog.text))
        await expect_rows_of(pool, first)
        # It begins again as a newcomer, which takes the partitions over in turn.
        await write_topic(kafka.bootstrap_servers, second, store=pool)
        await applied(pool, EVENTS)
    assert letters.letters == []
    await expect_rows_of(pool, EVENTS)


async def apply_as_new_owner(pool: asyncpg.Pool, events: Sequence[RawEvent]) -> None:
    """Take all partitions over and apply events, as another runner would."""
    async with pool.acquire() as connection:
        taken = await take_over(connection, MODEL.name, range(PARTITIONS))
        await connection.execute(f"set search_path to {MODEL.name}, public")
        positions = last_positions(events)
        async with connection.transaction():
            await MODEL.apply([told for told in map(MODEL.decoder.decode_stored, events) if told], connection)
            moved = [dataclasses.replace(each, position=positions[each.partition], next_offset=1) for each in taken]
            await advance(connection, MODEL.name, moved)


class Frozen:
    """A runner in a thread of its own that freezes in the middle of a batch, heartbeats and all."""

    def __init__(self, database: str, kafka: ApacheKafka, where: str) -> None:
        self._database, self._kafka, self._where = database, kafka, where
        self.reached, self._thaw = threading.Event(), threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()

    def thaw(self) -> None:
        self._thaw.set()

    def stop(self) -> None:
        self._stop.set()
        self.thaw()
        self._thread.join(20)

    async def _main(self) -> None:
        async def freeze(batch: Sequence[DecodedEvent]) -> None:
            self.reached.set()
            self._thaw.wait()

        async with asyncpg.create_pool(self._database, min_size=1, max_size=4) as pool:
            tampered = Tampered(MODEL, freeze) if self._where == "before" else Tampered(MODEL, after=freeze)
            ledger = PostgresDeliveries(pool)
            async with running(runner_of(pool, self._kafka, projection=tampered, ledger=ledger, session_seconds=1)):
                while not self._stop.is_set():
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_zombie_that_wakes_after_its_partitions_moved_writes_nothing(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    """Neither do the rows it had written, but not committed, hold its successor up."""
    first, second = parts(EVENTS, 2)
    await write_topic(kafka.bootstrap_servers, first, store=pool)
    zombie = Frozen(database, kafka, where)
    try:
        assert await asyncio.to_thread(zombie.reached.wait, 20)
        async with running(runner_of(pool, kafka, ledger=PostgresDeliveries(pool))):
            await applied(pool, first)
            zombie.thaw()
            await until(lambda: asyncio.sleep(0, "projector-catalog starts again" in caplog.text))
            await expect_rows_of(pool, first)
            await write_topic(kafka.bootstrap_servers, second, store=pool)
            await applied(pool, EVENTS)
    finally:
        await asyncio.to_thread(zombie.stop)
    await expect_rows_of(pool, EVENTS)


async def test_what_cannot_be_read_is_parked_and_the_line_goes_on(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    letters = RecordedDeadLetters()
    first, (last, *second) = parts(EVENTS, 2)
    events = [replace(each, position=each.position * 2) for each in (*first, *second)]
    garbage = hashed(replace(last, position=events[700].position + 1, data=b"{not json"))
    unknown = hashed(
        replace(last, position=events[701].position + 1, stream_id=uuid4(), type="store.store_teleported.v1")
    )
    written = [*events[:701], garbage, events[701], unknown, *events[702:]]
    await write_topic(kafka.bootstrap_servers, written, store=pool)
    async with running(runner_of(pool, kafka, letters=letters, ledger=PostgresDeliveries(pool))):
        await applied(pool, events)
    assert sorted(letter.reason.partition(":")[0] for letter in letters.letters) == [
        "UndecodableEvent",
        "UnknownEvent",
    ]
    assert {letter.group for letter in letters.letters} == {"projector-catalog"}
    assert await pool.fetchval("select count(*) from deliveries") == 0
    await expect_rows_of(pool, events)


async def test_foreign_records_are_noted_and_change_no_row_and_no_checkpoint(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    first, second = parts(EVENTS, 2)
    foreign = foreign_records(first[0], second[0])
    await write_topic(kafka.bootstrap_servers, [*first, *foreign], store=pool)
    async with running(runner_of(pool, kafka, letters=RecordedDeadLetters())):
        await applied(pool, first)
        async with asyncio.timeout(30):
            while await pool.fetchval("select count(*) from foreign_records") < len(foreign) - 1:
                await asyncio.sleep(0.05)
        await applied(pool, first)
    # All but the copy of an event in its own partition, which comes too late to count.
    assert await pool.fetchval("select count(*) from foreign_records") == len(foreign) - 1
    async with running(runner_of(pool, kafka, letters=RecordedDeadLetters())):
        await write_topic(kafka.bootstrap_servers, second, store=pool)
        await applied(pool, EVENTS)
    await expect_rows_of(pool, EVENTS)
    rebuilt = await Rebuilder(pool, kafka.bootstrap_servers).rebuild(MODEL)
    assert (rebuilt.difference, rebuilt.unappliable) == (None, ())


def foreign_records(known: RawEvent, coming: RawEvent) -> list[Record]:
    """Return foreign records of every kind, and a copy of an own record."""
    partition, value, headers = record_of(known)
    far = [(name, b"999999" if name == "ce_position" else said) for name, said in headers]
    renamed = [(name, str(uuid4()).encode() if name == "ce_id" else said) for name, said in far]
    early = record_of(hashed(replace(coming, data=coming.data.replace(b"2026", b"2027"))))
    return [
        record_of(known),
        (partition, value, far),
        (partition, value, renamed),
        (partition, b"{}", headers),
        (partition, None, headers),
        ((partition + 1) % PARTITIONS, value, headers),
        early,
        (3, b"hello", []),
        *((partition, value, without_value(headers, name)) for name in HOLLOW),
        (partition, b"{}", [("ce_position", b"9" * 19)]),
        (partition, value, [(name, b"9" * 19 if name == "ce_position" else said) for name, said in headers]),
    ]


def hashed(event: RawEvent) -> RawEvent:
    """Return an event with the hash that its bytes give, and an id of its own."""
    event = replace(event, id=uuid4())
    return replace(event, hash=event.computed_hash)


async def test_an_event_that_cannot_follow_is_parked_and_the_line_goes_on(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    letters = RecordedDeadLetters()
    events = [replace(each, position=each.position * 2) for each in EVENTS]
    known = next(each for each in events if each.type == "product.product_copy_written.v1")
    stream = uuid4()
    body = known.data.replace(str(known.stream_id).encode(), str(stream).encode())
    orphan = hashed(replace(known, stream_id=stream, data=body, position=events[700].position + 1))
    await write_topic(kafka.bootstrap_servers, [*events[:701], orphan, *events[701:]], store=pool)
    async with running(runner_of(pool, kafka, letters=letters, ledger=PostgresDeliveries(pool))):
        await applied(pool, events)
    (letter,) = letters.letters
    assert letter.reason.startswith("CorruptStream")
    assert letter.count == 3
    await expect_rows_of(pool, events)


async def test_an_event_whose_fold_raises_is_parked_after_five_tries(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    letters = RecordedDeadLetters()
    poisoned = EVENTS[-1]
    tries = 0

    async def stumbles(batch: Sequence[DecodedEvent]) -> None:
        nonlocal tries
        if any(
            event.originator_id == poisoned.stream_id and event.originator_version == poisoned.version
            for event, _ in batch
        ):
            tries += 1
            raise ZeroDivisionError

    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    runner = runner_of(
        pool, kafka, projection=Tampered(MODEL, stumbles), letters=letters, ledger=PostgresDeliveries(pool)
    )
    async with running(runner):
        await applied(pool, EVENTS)
    (letter,) = letters.letters
    assert tries == letter.count == TRIES
    assert letter.reason.startswith("ZeroDivisionError")
    assert letter.traceback_digest
    assert dict(letter.headers)["ce_position"] == str(poisoned.position).encode()
    assert await pool.fetchval("select count(*) from deliveries") == 0
    await expect_rows_of(pool, EVENTS[:-1])


async def test_a_partition_is_at_its_end_when_its_last_record_is_read_and_not_when_the_broker_is_slow(
    kafka: ApacheKafka,
) -> None:
    """Otherwise a record that kills its process would be forgotten whenever the broker brings nothing for a second."""
    await write_topic(kafka.bootstrap_servers, EVENTS)
    async with open_reader(kafka.bootstrap_servers, EVENTS_TOPIC) as consumer:
        reader, read = LogReader(consumer), 0
        reader.begin([Checkpoint(partition=each, next_offset=0, position=0, owner=1) for each in range(PARTITIONS)])
        assert await reader.ended() == [], "no answer came yet"
        while read < len(EVENTS):
            assert len(await reader.ended()) < PARTITIONS
            read += len(reader.verified(await consumer.getmany(timeout_ms=1000, max_records=100)))

        async def all_ended() -> bool:
            await consumer.getmany(timeout_ms=100)
            return len(await reader.ended()) == PARTITIONS

        await until(all_ended)


@pytest.mark.long
async def test_a_record_that_kills_its_process_is_parked_after_five_deaths(
    pool: asyncpg.Pool, database: str, kafka: ApacheKafka
) -> None:
    poisoned = EVENTS[-1]
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    deaths = 0
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(DYING),
            kafka.bootstrap_servers,
            database,
            str(poisoned.stream_id),
            str(poisoned.version),
            env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
        )
        done = asyncio.create_task(applied(pool, EVENTS, seconds=60))
        died = asyncio.create_task(process.wait())
        await asyncio.wait({done, died}, return_when=asyncio.FIRST_COMPLETED)
        if died.done():
            assert died.result() == 9
            deaths += 1
            done.cancel()
            await asyncio.gather(done, return_exceptions=True)
            continue
        await done
        os.kill(process.pid, signal.SIGTERM)
        await died
        break
    assert deaths == TRIES
    (letter,) = await dead_letters(kafka)
    assert letter.reason.startswith("Crashed")
    assert letter.count == TRIES
    assert dict(letter.headers)["ce_position"] == str(poisoned.position).encode()
    await expect_rows_of(pool, EVENTS[:-1])


async def dead_letters(kafka: ApacheKafka) -> list[Any]:
    async with open_reader(kafka.bootstrap_servers, DEAD_LETTERS) as reader:
        ends = await reader.end_offsets(reader.assignment())
        return [read_dead_letter(record) async for batch in read_to_end(reader, ends) for record in batch]


async def test_trouble_with_the_database_blames_no_record(pool: asyncpg.Pool, kafka: ApacheKafka) -> None:
    letters = RecordedDeadLetters()
    outages = iter([True] * 3)

    async def breaks(batch: Sequence[DecodedEvent]) -> None:
        if next(outages, False):
            raise asyncpg.TooManyConnectionsError("too many")

    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    async with running(runner_of(pool, kafka, projection=Tampered(MODEL, breaks), letters=letters)):
        await applied(pool, EVENTS)
    assert letters.letters == []
    await expect_rows_of(pool, EVENTS)


async def test_a_rebalance_that_cannot_reach_the_database_is_tried_again(
    pool: asyncpg.Pool, kafka: ApacheKafka
) -> None:
    await write_topic(kafka.bootstrap_servers, EVENTS, store=pool)
    await pool.execute("alter table checkpoints rename to checkpoints_away")
    async with running(runner_of(pool, kafka)):
        await asyncio.sleep(0.5)
        await pool.execute("alter table checkpoints_away rename to checkpoints")
        await applied(pool, EVENTS)
    await expect_rows_of(pool, EVENTS)


def test_partitions_hold_events_of_several_stores() -> None:
    """Otherwise the tests above would prove less than they say."""
    assert len({partition_of(event.tenant) for event in EVENTS}) >= 6
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
