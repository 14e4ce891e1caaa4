"""Latency from a command's acceptance until a query sees its row, at a steady rate, and again while the readers are disturbed.

Publisher and projectors are separate processes, as in production. This process dispatches the commands (``RequestStore``) at
fixed times, even if earlier ones are not done. The limit is a bare chain on an idle machine: commit a row, write a
transaction to the topic, read it, and commit a row.

The second time, a read model is rebuilt and swapped again and again, and a second process of projectors joins the group and
leaves it, so that every partition changes hands twice.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import NewTopic

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant
from commands.ports import Context
from commands.store import RequestStore
from domain.privacy import Sealed
from domain.store.events import Preferences
from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.topic import open_admin
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target, percentile
from infra.bench.servers import Servers, processes
from infra.bootstrap import open_platform
from infra.embedded.process import ChildProcess
from schemas.internal.broker_address import client_settings

SERVICES = ("publisher", "projectors")
LOOK_SECONDS = 0.001
"""Interval of looks for rows, and the largest error of a latency."""
READY_SECONDS = 60.0
MISSING_SECONDS = 30.0
BARE_TOPIC = "bare"


async def measure(servers: Servers, sizes: Sizes, _seed: int, report: ReportPhase) -> Figures:
    """Measure the bare chain, then the real one. The seed has no effect: ids are random, as in production."""
    per_s = sizes["per_s"]
    report("measuring the bare chain")
    bare = await _bare_chain(servers, sizes["bare"])
    async with services(servers), open_platform(servers.settings, migrated=False) as platform:
        bus, pool = await platform.bus(), await platform.pool()
        merchant = uuid4()
        sealed = Sealed(person_id=merchant, ciphertext="v1.k.n.c")
        await bus.dispatch(RegisterMerchant(merchant_id=merchant, email=sealed, name=None), _context())
        watch = Watch(pool)
        report("waiting for publisher and projectors")
        await _tables(pool)
        async with watch.open():
            await _warm(bus, merchant, watch, count=per_s * sizes["warm_up"], per_s=per_s)
            report(f"{per_s} commands a second for {sizes['seconds']} s")
            began = time.perf_counter()
            await _at_pace(bus, merchant, watch, count=per_s * sizes["seconds"], per_s=per_s)
            seconds = time.perf_counter() - began
            await watch.until_all_seen()
            seen = list(watch.latencies)
            watch.latencies.clear()
            report("the same while a rebuild and a rebalance run")
            async with disturbed(servers, sizes["disturbed"]):
                await _at_pace(bus, merchant, watch, count=per_s * sizes["disturbed"], per_s=per_s)
                await watch.until_all_seen()
    return {
        "p50_ms": 1000 * percentile(seen, 0.50),
        "p99_ms": 1000 * percentile(seen, 0.99),
        "max_ms": 1000 * max(seen),
        "accepted_per_s": len(seen) / seconds,
        "bare_p50_ms": 1000 * percentile(bare, 0.50),
        "bare_p99_ms": 1000 * percentile(bare, 0.99),
        "disturbed_p50_ms": 1000 * percentile(watch.latencies, 0.50),
        "disturbed_p99_ms": 1000 * percentile(watch.latencies, 0.99),
    }


class Watch:
    """Repeated look-ups of all missing rows with one query, and the time at which each was first seen."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: dict[UUID, float] = {}
        self._idle = asyncio.Event()
        self.latencies: list[float] = []
        """Seconds from acceptance to first sight, per row."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Look for rows until the context ends."""
        async with self._pool.acquire() as connection:
            looking = asyncio.create_task(self._look(connection))
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    def expect(self, store_id: UUID, accepted_at: float) -> None:
        """Add a store's row to the missing ones."""
        self._waiting[store_id] = accepted_at
        self._idle.clear()

    async def until_all_seen(self) -> None:
        """Wait until no row is missing.

        Raises:
            NoFigures: a row is missing after half a minute.
        """
        try:
            async with asyncio.timeout(MISSING_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            raise NoFigures(f"Queries never saw {len(self._waiting)} accepted stores.") from None

    async def _look(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        while True:
            if self._waiting:
                rows = await connection.fetch("select id from stores where id = any($1::uuid[])", list(self._waiting))
                now = time.perf_counter()
                self.latencies.extend(now - self._waiting.pop(row["id"]) for row in rows)
            if not self._waiting:
                self._idle.set()
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def services(servers: Servers) -> AsyncIterator[None]:
    """Run publisher and projectors until the context ends, each in its own process."""
    async with processes(servers, {name: ("infra.cli", "run", name) for name in SERVICES}):
        yield


@asynccontextmanager
async def disturbed(servers: Servers, seconds: int) -> AsyncIterator[None]:
    """Rebuild a read model again and again, and let a second process of projectors join for half of the time."""
    tasks = [asyncio.create_task(_rebuild_repeatedly(servers)), asyncio.create_task(_join_and_leave(servers, seconds))]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _rebuild_repeatedly(servers: Servers) -> None:
    while True:
        rebuild = ChildProcess("rebuild", log_file=servers.directory / "rebuild.log")
        rebuild.launch(
            [sys.executable, "-m", "infra.cli", "projections", "rebuild", "catalog"], env=servers.environment
        )
        try:
            while rebuild.running:
                await asyncio.sleep(0.05)
        finally:
            await rebuild.stop(signal.SIGTERM, grace=8)


async def _join_and_leave(servers: Servers, seconds: int) -> None:
    async with processes(servers, {"joining": ("infra.cli", "run", "projectors")}):
        await asyncio.sleep(seconds / 2)


def _context() -> Context:
    return Context(command_id=uuid4(), correlation_id=uuid4())


async def _request(bus: CommandBus, merchant: UUID, watch: Watch) -> None:
    store = uuid4()
    await bus.dispatch(
        RequestStore(store_id=store, merchant_id=merchant, niche="Ceramic planters", preferences=Preferences()),
        _context(),
    )
    watch.expect(store, time.perf_counter())


async def _tables(pool: asyncpg.Pool) -> None:
    """Wait until the projectors have created the tables."""
    async with asyncio.timeout(READY_SECONDS):
        while await pool.fetchval("select to_regclass('catalog.stores')") is None:
            await asyncio.sleep(0.05)


async def _warm(bus: CommandBus, merchant: UUID, watch: Watch, *, count: int, per_s: int) -> None:
    """Dispatch commands until the servers are warm, and discard their latencies."""
    await _at_pace(bus, merchant, watch, count=count, per_s=per_s)
    await watch.until_all_seen()
    watch.latencies.clear()


async def _at_pace(bus: CommandBus, merchant: UUID, watch: Watch, *, count: int, per_s: int) -> None:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
            tasks.create_task(_request(bus, merchant, watch))


async def _bare_chain(servers: Servers, count: int) -> Sequence[float]:
    async with open_admin(servers.kafka) as admin:
        await admin.create_topics([NewTopic(BARE_TOPIC, 1, 1)])
    producer = TransactionalProducer(bootstrap_servers=servers.kafka, transactional_id="bare")
    consumer = AIOKafkaConsumer(
        BARE_TOPIC, **client_settings(servers.kafka), isolation_level="read_committed", auto_offset_reset="earliest"
    )
    connection = await asyncpg.connect(servers.dsn)
    try:
        await connection.execute("create table bare_rows (id uuid primary key, seen boolean not null)")
        await producer.start()
        await consumer.start()
        taken = []
        for number in range(count + 20):
            id = uuid4()
            await connection.execute("insert into bare_rows values ($1, false)", id)
            accepted = time.perf_counter()
            async with producer.transaction():
                await producer.send(BARE_TOPIC, id.bytes)
            await consumer.getone()
            await connection.execute("update bare_rows set seen = true where id = $1", id)
            if number >= 20:  # the first ones include opening connections and warming up Java
                taken.append(time.perf_counter() - accepted)
        return taken
    finally:
        await connection.close()
        await consumer.stop()
        await producer.stop()


BENCH = Bench(
    name="latency",
    about="From a command's acceptance to its row in a query, at 200 commands a second",
    measure=measure,
    full={"per_s": 200, "seconds": 30, "warm_up": 10, "bare": 500, "disturbed": 20},
    quick={"per_s": 200, "seconds": 5, "warm_up": 4, "bare": 100, "disturbed": 5},
    targets=(
        Target(figure="p50_ms", limit="bare_p50_ms", most_share=3),
        Target(figure="p99_ms", limit="bare_p99_ms", most_share=3),
        Target(figure="max_ms"),
        Target(figure="accepted_per_s"),
        Target(figure="disturbed_p50_ms"),
        Target(figure="disturbed_p99_ms", most=250),
    ),
)
