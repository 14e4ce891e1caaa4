"""The publisher: every committed event is in the topic once, per key in order, whatever happens to publishers."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from domain.kernel import Clock
from infra.adapters.kafka.lag import Lag, read_model_lags
from infra.adapters.kafka.topic import delete_topics, published_position
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.pools import Connection
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log import publisher
from infra.log.publisher import LEADER_LOCK, TopicAhead, take_leadership
from infra.log.readiness import Components, PlatformReadiness
from infra.log.restoration import republish
from infra.log.verification import Parity, verify_log
from projections.catalog.model import MODEL
from projections.engine.checkpoints import ensure_live
from schemas.headers import Headers
from schemas.record_columns import Row
from schemas.topics import EVENTS, PARTITIONS
from tests.integration.log.halves import append, caught_up, published, publishing, store_in
from tests.support.builders.commands import Ask, bus_on, context
from tests.support.builders.records import headers_of, without_value
from tests.support.servers.topic import write_topic

pytestmark = pytest.mark.kafka


async def test_what_is_committed_is_in_the_topic_once_and_in_order(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "BATCH", 7)  # the first events are a backlog of several batches
    await append(log, 20)
    async with publishing(pool, log, kafka):
        await append(log, 20)
        assert await caught_up(log, kafka) == Parity(
            equal=True, events=80, by_type={"store.store_requested.v1": 40, "store.page_written.v1": 40}
        )


async def test_a_transaction_that_holds_back_the_log_is_named_within_ten_seconds_and_until_it_ends(
    database: str, pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    readiness = PlatformReadiness(pool, kafka.bootstrap_servers, Components(readers=[], roles=[]))

    async def publisher_is(*, healthy: bool, seconds: float) -> str:
        async with asyncio.timeout(seconds):
            while True:
                check = next(each for each in await readiness.checks() if each.name == "publisher")
                if check.healthy == healthy:
                    return check.detail
                await asyncio.sleep(0.05)

    async with pool.acquire() as connection:
        await ensure_live(connection, MODEL)
    async with publishing(pool, log, kafka):
        await publisher_is(healthy=True, seconds=30)
        other = await asyncpg.connect(database, server_settings={"application_name": "a forgotten console"})
        try:
            async with other.transaction():
                await other.execute("select pg_current_xact_id()")
                await append(log, 5)
                detail = await publisher_is(healthy=False, seconds=10)
                assert f"process {other.get_server_pid()} (a forgotten console, idle in transaction, open for" in detail
                assert await read_model_lags(pool, [MODEL.name]) == [Lag(group="projector-catalog", behind=10)]
            assert await publisher_is(healthy=True, seconds=10) == ""
        finally:
            await other.close()
        assert (await caught_up(log, kafka)).events == 10


async def test_a_second_publisher_stands_by_and_takes_over(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka) as second:
        async with publishing(pool, log, kafka):
            await append(log, 10)
            assert (await caught_up(log, kafka)).equal
        await append(log, 10)
        assert (await caught_up(log, kafka)).events == 40
        assert second.position > 0


async def test_a_broker_that_goes_away_and_comes_back_gets_everything(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        assert (await caught_up(log, kafka)).equal
        await kafka.kill()
        await append(log, 5)
        await kafka.start()
        assert (await caught_up(log, kafka)).events == 20


async def test_a_wiped_broker_is_refilled(pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        assert (await caught_up(log, kafka)).equal
        await kafka.kill()
        await kafka.wipe()
        await kafka.start()
        assert (await caught_up(log, kafka)).events == 10


async def test_a_changed_byte_in_the_past_is_found_and_named(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        assert (await caught_up(log, kafka)).equal
    await pool.execute("update events set data = overlay(data placing 'X' from 20) where position = 4")
    found = await verify_log(log, kafka.bootstrap_servers)
    assert not found.equal
    assert found.difference is not None
    assert "store.page_written.v1 at position 4" in found.difference
    assert "was changed in the event store" in found.difference


async def test_an_event_missing_from_the_store_is_named(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        assert (await caught_up(log, kafka)).equal
    await pool.execute("delete from events where position = 5")
    found = await verify_log(log, kafka.bootstrap_servers)
    assert found.difference is not None
    assert "position 5" in found.difference
    assert "in the topic but not in the event store" in found.difference


async def test_a_topic_created_again_while_publishing_gets_everything(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        assert (await caught_up(log, kafka)).equal
        await delete_topics(kafka.bootstrap_servers, [EVENTS])
        await append(log, 5)
        assert await caught_up(log, kafka) == Parity(
            equal=True, events=20, by_type={"store.store_requested.v1": 10, "store.page_written.v1": 10}
        )


async def test_verification_waits_for_a_partition_that_becomes_visible_later(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    late, prompt = store_in(3), store_in(4)
    bus = bus_on(log, SystemClock())
    async with publishing(pool, log, kafka):
        await append(log, 1)
        await published(log, kafka)
        # Readers of committed records see a partition only up to its oldest open transaction of any client.
        holding = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id="slow")
        await holding.start()
        await holding.begin_transaction()
        await holding.send_and_wait(EVENTS.name, b"", partition=3)
        for store in (late, prompt):
            await bus.dispatch(Ask(store_id=store), context())
        await published(log, kafka)
        verifying = asyncio.create_task(verify_log(log, kafka.bootstrap_servers))
        done, _ = await asyncio.wait({verifying}, timeout=0.5)
        assert not done
        await holding.abort_transaction()
        await holding.stop()
        assert (await verifying).equal


async def test_a_publisher_begins_only_when_it_can_see_where_the_topic_ends(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture
) -> None:
    bus = bus_on(log, SystemClock())
    async with publishing(pool, log, kafka) as first:
        await append(log, 1)
        await published(log, kafka)
        holding = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id="slow")
        await holding.start()
        await holding.begin_transaction()
        await holding.send_and_wait(EVENTS.name, b"", partition=3)
        await bus.dispatch(Ask(store_id=store_in(3)), context())
        async with asyncio.timeout(20):
            while first.position < 3:
                await asyncio.sleep(0.02)
    assert await published_position(kafka.bootstrap_servers) == 2
    async with publishing(pool, log, kafka):
        async with asyncio.timeout(20):
            while "another client's transaction is open" not in caplog.text:
                await asyncio.sleep(0.02)
        await holding.abort_transaction()
        await holding.stop()
        await append(log, 1)
        assert (await caught_up(log, kafka)).events == 5


async def test_a_frozen_leader_is_deposed(pool: asyncpg.Pool, database: str) -> None:
    frozen, next_ = await asyncpg.connect(database), await asyncpg.connect(database)
    try:
        await frozen.execute("select pg_advisory_lock($1)", LEADER_LOCK)
        async with asyncio.timeout(10):
            await take_leadership(next_, wedged_seconds=0.3)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await frozen.fetchval("select 1")
    finally:
        await frozen.close()
        await next_.close()


async def test_a_healthy_leader_that_is_deposed_is_not_called_silent(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    leader, next_ = await asyncpg.connect(database), await asyncpg.connect(database)
    try:
        await leader.execute("select pg_advisory_lock($1)", LEADER_LOCK)
        async with asyncio.timeout(10):
            await take_leadership(next_, wedged_seconds=0)
        assert "silent" not in caplog.text
    finally:
        await leader.close()
        await next_.close()


async def test_a_publisher_whose_session_is_ended_starts_again(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    ending = SessionEnding(pool, SystemClock())
    async with publishing(pool, ending, kafka):
        await append(log, 5)
        assert (await caught_up(log, kafka)).events == 10
    assert ending.met


async def test_a_publisher_that_froze_with_a_prepared_batch_cannot_publish_it_twice(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka, caplog: pytest.LogCaptureFixture
) -> None:
    frozen = Freezing(pool, SystemClock())
    await append(log, 5)
    async with publishing(pool, frozen, kafka):
        await frozen.reached.wait()
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = $1 and granted",
            LEADER_LOCK,
        )
        async with publishing(pool, log, kafka):
            await published(log, kafka)
            frozen.thaw.set()
            async with asyncio.timeout(20):
                while "publisher restarts" not in caplog.text:
                    await asyncio.sleep(0.02)
            await append(log, 5)
            assert await caught_up(log, kafka) == Parity(
                equal=True, events=20, by_type={"store.store_requested.v1": 10, "store.page_written.v1": 10}
            )


async def test_nothing_is_published_to_a_topic_that_is_ahead_of_the_store(
    pool: asyncpg.Pool,
    log: PostgresEventLog,
    other_pool: asyncpg.Pool,
    other_log: PostgresEventLog,
    kafka: ApacheKafka,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 5)
        await published(log, kafka)
    async with publishing(other_pool, other_log, kafka):
        await append(other_log, 2)
        async with asyncio.timeout(20):
            while "zyenta log restore" not in caplog.text:
                await asyncio.sleep(0.05)
        await append(other_log, 10)
        async with asyncio.timeout(20):
            while "zyenta log republish" not in caplog.text:
                await asyncio.sleep(0.05)
    assert (await verify_log(log, kafka.bootstrap_servers)).events == 10


class Freezing(PostgresEventLog):
    """Stops between reading a batch and returning it; later reads do not query the database."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        super().__init__(pool, clock)
        self.reached, self.thaw = asyncio.Event(), asyncio.Event()

    async def read_records(self, after: int, limit: int, *, connection: Connection) -> list[Row]:
        events = await super().read_records(after, limit, connection=connection)
        if events:
            self.reached.set()
            await self.thaw.wait()
        return events


class SessionEnding(PostgresEventLog):
    """Queries once on a session that the server has just ended, before asyncpg has noticed the end."""

    met = False

    async def read_records(self, after: int, limit: int, *, connection: Connection) -> list[Row]:
        if not self.met:
            self.met = True
            await self._pool.execute("select pg_terminate_backend($1, 5000)", connection.get_server_pid())
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
        return await super().read_records(after, limit, connection=connection)


async def test_foreign_records_at_the_end_of_the_topic_stop_no_publisher(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        await published(log, kafka)
    first = (await log.read_settled(0, 1))[0]
    hollow = [without_value(headers_of(first), name) for name in ("ce_position", "ce_id", "ce_type")]
    nameless: Headers = [("ce_position", b"1" * 18)]
    boundless = [(name, b"9" * 5_000 if name == "ce_position" else value) for name, value in headers_of(first)]
    far = [(name, b"999999" if name == "ce_position" else value) for name, value in headers_of(first)]
    renamed = [(name, str(uuid4()).encode() if name == "ce_id" else value) for name, value in far]
    foreign = [*hollow, nameless, boundless, far, renamed]
    await write_topic(
        kafka.bootstrap_servers, [(number, b"{}", each) for each in foreign for number in range(PARTITIONS)]
    )
    are_own = log.provenance.are_own
    assert await published_position(kafka.bootstrap_servers, are_own=are_own) == 6
    async with publishing(pool, log, kafka):
        await append(log, 3)
        await published(log, kafka)
    assert await published_position(kafka.bootstrap_servers, are_own=are_own) == 12
    found = await verify_log(log, kafka.bootstrap_servers)
    assert (found.equal, found.events, len(found.foreign)) == (True, 12, len(foreign) * PARTITIONS)
    assert await pool.fetchval("select count(*) from foreign_records") == len(foreign) * PARTITIONS
    assert await republish(pool, log, kafka.bootstrap_servers) == 12
    assert (await verify_log(log, kafka.bootstrap_servers)).foreign == ()
    assert await pool.fetchval("select count(*) from foreign_records") == 0


async def test_what_the_store_may_have_lost_is_deleted_only_on_demand(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    async with publishing(pool, log, kafka):
        await append(log, 3)
        await published(log, kafka)
    last = (await log.read_settled(5, 1))[0]
    unknown = replace(last, id=uuid4(), position=999_999, stream_id=uuid4(), version=1)
    await write_topic(kafka.bootstrap_servers, [replace(unknown, hash=unknown.computed_hash)])
    with pytest.raises(TopicAhead):
        await republish(pool, log, kafka.bootstrap_servers)
    assert await republish(pool, log, kafka.bootstrap_servers, even_if_ahead=True) == 6
    assert (await verify_log(log, kafka.bootstrap_servers)).equal
