"""Events a second that are proven to be the same in event store and topic, hash chains included.

As ``zyenta log verify`` does it for a large log: in several processes, whose start counts too. The limit beside it: one
process that reads both halves and looks at nothing.
"""

import time

from infra.adapters.kafka.topic import open_reader, read_to_end
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.figures import Bench, Figures, Reach, Sizes, Tell
from infra.bench.filling import fill_with_catalogue
from infra.bench.publish import publish
from infra.bench.servers import Servers
from infra.bootstrap import open_platform
from infra.log.parallel_verification import verify_large_log
from schemas.topics import EVENTS


class Unequal(Exception):
    """The halves differ, so there is nothing to measure."""


async def measure(servers: Servers, sizes: Sizes, seed: int, tell: Tell) -> Figures:
    """Fill a store, publish it, read both, then verify."""
    await fill_with_catalogue(servers.dsn, sizes["events"], seed=seed, tell=tell)
    async with open_platform(servers.settings, migrated=False) as platform:
        log = await platform.log()
        tell("publishing")
        await publish(log, await platform.pool(), servers)
        tell("only reading both halves")
        began = time.perf_counter()
        await _read_both(log, servers.kafka)
        bare = sizes["events"] / (time.perf_counter() - began)
        tell("verifying")
        began = time.perf_counter()
        parity = await verify_large_log(
            servers.dsn,
            servers.kafka,
            processes=sizes["processes"],
            progress=lambda count: tell(f"verifying, {count:,} of {sizes['events']:,} events"),
        )
        seconds = time.perf_counter() - began
        if not parity.equal or parity.events != sizes["events"]:
            raise Unequal(parity.difference or f"{parity.events} events were compared")
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
    reach=(Reach(figure="events_per_s", limit="bare_per_s", least=50_000), Reach(figure="bare_per_s")),
)
