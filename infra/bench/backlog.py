"""How long a backlog takes after the broker was away: from the event store to the rows of all read models, under load.

The event store is full and the topic is empty. Publisher and projectors start as in production, and commands go on at a
steady pace. The figure is the time from their start until every read model has applied the backlog and all commands. The memory of
both processes is looked at until then, and some seconds later.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant
from commands.ports import Context
from commands.store import RequestStore
from domain.privacy import Sealed
from domain.store.events import Preferences
from infra.adapters.kafka.topic import ensure_topics
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_catalog
from infra.bench.latency import SERVICES, services
from infra.bench.memory import memory_targets, watch_memory
from infra.bench.servers import Servers
from infra.bootstrap import open_platform
from projections.engine.checkpoints import reached
from projections.registry import READ_MODELS
from schemas.topics import partition_of

LOOK_SECONDS = 0.1
AT_WORK = ("most", "after")
LONGEST_SECONDS = 3600.0


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill a store, start the services and send commands until the read models have everything."""
    count = sizes["events"]
    await fill_with_catalog(servers.dsn, count, seed=seed, report=report)
    await ensure_topics(servers.kafka)
    async with open_platform(servers.settings, migrated=False) as platform:
        bus, pool = await platform.bus(), await platform.pool()
        merchant = uuid4()
        await bus.dispatch(
            RegisterMerchant(merchant_id=merchant, email=Sealed(person_id=merchant, ciphertext="v1.k.n.c"), name=None),
            Context(command_id=uuid4(), correlation_id=uuid4()),
        )
        ends = await _ends(pool)
        began = time.perf_counter()
        async with (
            services(servers),
            watch_memory({name: name for name in SERVICES}, times=AT_WORK) as memory,
            _commands(bus, merchant, per_s=sizes["per_s"]) as taken,
        ):
            while any(position < ends[number] for number, position in (await _reached(pool, ends)).items()):
                report(f"{min((await _reached(pool, ends)).values()):,} of {count:,} positions")
                if time.perf_counter() - began > LONGEST_SECONDS:
                    raise NoFigures(f"The read models did not catch up within {LONGEST_SECONDS:.0f} s.")
                await asyncio.sleep(LOOK_SECONDS)
            seconds = time.perf_counter() - began
    taken.sort()
    return {
        "seconds_per_million": seconds * 1_000_000 / count,
        "events_per_s": count / seconds,
        "command_p99_ms": 1000 * taken[int(len(taken) * 0.99)],
        "commands": float(len(taken)),
        **memory,
    }


async def _ends(pool: asyncpg.Pool) -> dict[int, int]:
    """Return the last position of each partition."""
    ends: dict[int, int] = {}
    for row in await pool.fetch("select tenant, max(position) as position from events group by tenant"):
        number = partition_of(row["tenant"])
        ends[number] = max(ends.get(number, 0), row["position"])
    return ends


async def _reached(pool: asyncpg.Pool, ends: dict[int, int]) -> dict[int, int]:
    positions = await reached(pool, tuple(READ_MODELS))
    return {number: positions.get(number, 0) for number in ends}


@asynccontextmanager
async def _commands(bus: CommandBus, merchant: UUID, *, per_s: int) -> AsyncIterator[list[float]]:
    """Send commands at a pace until the context ends; yield the seconds that each took."""
    taken: list[float] = []

    async def one() -> None:
        began = time.perf_counter()
        await bus.dispatch(
            RequestStore(store_id=uuid4(), merchant_id=merchant, niche="Ceramic planters", preferences=Preferences()),
            Context(command_id=uuid4(), correlation_id=uuid4()),
        )
        taken.append(time.perf_counter() - began)

    async def keep_sending() -> None:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(LONGEST_SECONDS) * per_s):
                await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
                tasks.create_task(one())

    sending = asyncio.create_task(keep_sending())
    try:
        yield taken
    finally:
        if sending.done():
            sending.result()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


BENCH = Bench(
    name="backlog",
    about="A backlog from the event store to the rows of all read models, with commands going on",
    measure=measure,
    full={"events": 300_000, "per_s": 20},
    quick={"events": 30_000, "per_s": 20},
    targets=(
        Target(figure="seconds_per_million", most=120),
        Target(figure="events_per_s"),
        Target(figure="command_p99_ms"),
        *memory_targets(*SERVICES, times=AT_WORK),
    ),
)
