"""Events a second through the catalogue read model when it is rebuilt, and whether memory grows with the log.

The live tables are filled first; then the real rebuild runs, which builds new ones from the beginning of the topic, in
several processes as ``zyenta projections rebuild`` does, compares all rows and swaps. ``events_per_s`` counts starting
the processes, reading, folding, writing and the indexes; comparing and swapping are in ``compare_s`` and ``swap_s``. The
limit beside it: one process that reads the topic and does nothing. Memory is that of all of them.
"""

import multiprocessing
import time
from contextlib import suppress

import asyncpg
import psutil

from infra.adapters.kafka.topic import open_reader, read_to_end
from infra.bench.figures import Bench, Figures, Reach, Sizes, Tell
from infra.bench.filling import fill_with_catalogue
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
"""Memory is compared from here on: by then every buffer is in use."""
MEGABYTE = 1024 * 1024


class Clockwork:
    """Takes the time of every phase, and how much memory there was in it."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._phase = "preparing"
        self._settled: dict[int, float] = {}
        """What each process held when it had settled."""
        self.seconds: dict[str, float] = {}
        self.growth_mb = 0.0

    def report(self, progress: RebuildProgress) -> None:
        """Take note; called several times a second."""
        if progress.phase != self._phase:
            self.enter(progress.phase)
        if progress.share >= SETTLED_SHARE:
            self.growth_mb = max(self.growth_mb, self._growth())

    def _growth(self) -> float:
        """Return by how much this process and its workers have grown together, each since it had settled.

        Servers and services that it has started are none of its workers.
        """
        grown = 0.0
        for process in (None, *(worker.pid for worker in multiprocessing.active_children())):
            with suppress(psutil.NoSuchProcess):
                held = psutil.Process(process)
                resident = held.memory_info().rss / MEGABYTE
                grown += resident - self._settled.setdefault(held.pid, resident)
        return grown

    def enter(self, phase: str) -> None:
        """Begin a phase, which ends the one before."""
        now = time.perf_counter()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._began
        self._phase, self._began = phase, now


async def measure(servers: Servers, sizes: Sizes, seed: int, tell: Tell) -> Figures:
    """Fill store, topic and live tables, then rebuild."""
    count = sizes["events"]
    await fill_with_catalogue(servers.dsn, count, seed=seed, tell=tell)
    async with open_platform(servers.settings, migrated=False) as platform:
        pool = await platform.pool()
        tell("publishing")
        await publish(await platform.log(), pool, servers)
        tell("only reading the topic")
        began = time.perf_counter()
        await _read(servers.kafka)
        bare = count / (time.perf_counter() - began)
        tell("filling the live tables")
        await _fill_live(pool, servers.kafka)

        clockwork = Clockwork()

        def report(progress: RebuildProgress) -> None:
            clockwork.report(progress)
            tell(f"{progress.phase}, {progress.events:,} of {count:,} events")

        workers = BulkLoadProcesses(servers.dsn, servers.kafka, processes=sizes["processes"])
        rebuilt = await Rebuilder(pool, servers.kafka, workers=workers).rebuild(MODEL, report=report)
        clockwork.enter("done")
    seconds = clockwork.seconds
    making = sum(seconds.get(phase, 0.0) for phase in ("preparing", "reading", "indexing"))
    return {
        "events_per_s": rebuilt.events / making,
        "rss_growth_mb": clockwork.growth_mb,
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
    about="A rebuild of the catalogue read model from the topic",
    measure=measure,
    full={"events": 1_000_000, "processes": 2},
    quick={"events": 30_000, "processes": 2},
    reach=(
        Reach(figure="events_per_s", limit="bare_per_s", least=50_000),
        Reach(figure="rss_growth_mb", most=64),
        Reach(figure="compare_s"),
        Reach(figure="swap_s"),
        Reach(figure="fenced_s"),
        Reach(figure="bare_per_s"),
    ),
)
