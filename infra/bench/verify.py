"""Events per second of a verification of event store and topic, hash chains included.

The verification is that of ``zyenta log verify`` for a large log: several processes, whose start counts too. The limit is one
process that only reads store and topic.
"""

import time

from infra.adapters.kafka.topic import open_reader, read_to_end
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_catalog
from infra.bench.publish import publish
from infra.bench.servers import Servers
from infra.bootstrap import open_platform
from infra.log.parallel_verification import verify_large_log
from schemas.topics import EVENTS


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill a store, publish it, read both, then verify."""
    await fill_with_catalog(servers.dsn, sizes["events"], seed=seed, report=report)
    async with open_platform(servers.settings, migrated=False) as platform:
        log = await platform.log()
        report("publishing")
        await publish(log, await platform.pool(), servers)
        report("only reading store and topic")
        began = time.perf_counter()
        await _read_both(log, servers.kafka)
        bare = sizes["events"] / (time.perf_counter() - began)
        report("verifying")
        began = time.perf_counter()
        parity = await verify_large_log(
            servers.dsn,
            servers.kafka,
            processes=sizes["processes"],
            progress=lambda count: report(f"verifying, {count:,} of {sizes['events']:,} events"),
        )
        seconds = time.perf_counter() - began
        if not parity.equal or parity.events != sizes["events"]:
            raise NoFigures(parity.difference or f"Only {parity.events} events were compared.")
        return {"events_per_s": parity.events / seconds, "bare_per_s": bare}


async def _read_both(log: PostgresEventLog, bootstrap_servers: str) -> None:
    async for _ in log.scan():
        pass
    async with open_reader(bootstrap_servers, EVENTS) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        async for _ in read_to_end(consumer, ends):
            pass


BENCH = Bench(
    name="verify",
    about="Parity of event store and topic, every hash chain included",
    measure=measure,
    full={"events": 1_000_000, "processes": 2},
    quick={"events": 30_000, "processes": 2},
    targets=(Target(figure="events_per_s", limit="bare_per_s", least=50_000), Target(figure="bare_per_s")),
)
