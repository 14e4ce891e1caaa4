"""Events per second in a rebuild of the catalog read model, and whether memory grows with the log.

The bench fills the live tables first, and vacuums them, as those of a running platform are. Then it runs the real rebuild:
several processes build new tables from the beginning of the topic, compare all rows and swap. ``events_per_s`` includes
starting the processes, reading, folding, writing and the indexes; ``compare_s`` and ``swap_s`` are separate. The limit is
one process that only reads the topic. Memory is that of all processes.
"""

import multiprocessing
import time
from contextlib import suppress

import asyncpg
import psutil

from infra.adapters.kafka.topic import open_reader, read_to_end
from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_catalog
from infra.bench.publish import publish
from infra.bench.servers import Servers
from infra.bootstrap import open_platform
from infra.log.parallel_bulk_load import BulkLoadProcesses
from projections.catalog.model import MODEL
from projections.engine.checkpoints import ensure_live, take_over
from projections.engine.rebuild.bulk_load import BulkLoad
from projections.engine.rebuild.rebuilder import Rebuilder
from projections.engine.rebuild.session import RebuildProgress
from schemas.topics import EVENTS, partition_of

SETTLED_SHARE = 0.2
"""Memory is compared from this share of the events on, when all buffers are in use."""
MEGABYTE = 1024 * 1024


class PhaseMeter:
    """The time of each phase, and the growth of memory."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._phase = "preparing"
        self._settled: dict[int, float] = {}
        """Memory of each process in MB when it had settled."""
        self.seconds: dict[str, float] = {}
        self.growth_mb = 0.0

    def update(self, progress: RebuildProgress) -> None:
        """Record the progress. Called several times a second."""
        if progress.phase != self._phase:
            self.enter(progress.phase)
        if progress.share >= SETTLED_SHARE:
            self.growth_mb = max(self.growth_mb, self._growth())

    def _growth(self) -> float:
        """Return the total growth of this process and its workers since each had settled.

        Servers and services that it has started do not count.
        """
        grown = 0.0
        for process in (None, *(worker.pid for worker in multiprocessing.active_children())):
            with suppress(psutil.NoSuchProcess):
                held = psutil.Process(process)
                resident = held.memory_info().rss / MEGABYTE
                grown += resident - self._settled.setdefault(held.pid, resident)
        return grown

    def enter(self, phase: str) -> None:
        """Begin a phase and end the former one."""
        now = time.perf_counter()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._began
        self._phase, self._began = phase, now


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill store, topic and live tables, then rebuild."""
    count = sizes["events"]
    await fill_with_catalog(servers.dsn, count, seed=seed, report=report)
    async with open_platform(servers.settings, migrated=False) as platform:
        pool = await platform.pool()
        report("publishing")
        await publish(await platform.log(), pool, servers)
        report("only reading the topic")
        began = time.perf_counter()
        await _read(servers.kafka)
        bare = count / (time.perf_counter() - began)
        report("filling the live tables")
        await _fill_live(pool, servers.kafka)
        await pool.execute("vacuum (analyze)")

        phases = PhaseMeter()

        def report_rebuild(progress: RebuildProgress) -> None:
            phases.update(progress)
            report(f"{progress.phase}, {progress.events:,} of {count:,} events")

        workers = BulkLoadProcesses(servers.dsn, servers.kafka, processes=sizes["processes"])
        rebuilt = await Rebuilder(pool, servers.kafka, workers=workers).rebuild(MODEL, report=report_rebuild)
        phases.enter("done")
    seconds = phases.seconds
    making = sum(seconds.get(phase, 0.0) for phase in ("preparing", "reading", "indexing"))
    return {
        "events_per_s": rebuilt.events / making,
        "rss_growth_mb": phases.growth_mb,
        "compare_s": seconds.get("comparing", 0.0),
        "swap_s": seconds.get("swapping", 0.0),
        "fenced_s": rebuilt.fenced_seconds,
        "rows": float(sum(rebuilt.rows.values())),
        "bare_per_s": bare,
    }


async def _fill_live(pool: asyncpg.Pool, bootstrap_servers: str) -> None:
    async with pool.acquire() as connection:
        await ensure_live(connection, MODEL)
        ends: dict[int, int] = {}
        for row in await connection.fetch("select tenant, max(position) as position from events group by tenant"):
            partition = partition_of(row["tenant"])
            ends[partition] = max(ends.get(partition, 0), row["position"])
        places = await take_over(connection, MODEL.name, ends)
    bulk_load = BulkLoad(MODEL, pool, bootstrap_servers, MODEL.name, places)
    async with bulk_load.open():
        await bulk_load.load(ends)


async def _read(bootstrap_servers: str) -> None:
    async with open_reader(bootstrap_servers, EVENTS) as consumer:
        async for _ in read_to_end(consumer, await consumer.end_offsets(consumer.assignment())):
            pass


BENCH = Bench(
    name="rebuild",
    about="A rebuild of the catalog read model from the topic",
    measure=measure,
    full={"events": 1_000_000, "processes": 2},
    quick={"events": 30_000, "processes": 2},
    targets=(
        Target(figure="events_per_s", limit="bare_per_s", least=50_000),
        Target(figure="rss_growth_mb", most=64),
        Target(figure="compare_s"),
        Target(figure="swap_s"),
        Target(figure="fenced_s"),
        Target(figure="bare_per_s"),
    ),
)
