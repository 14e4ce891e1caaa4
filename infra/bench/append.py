"""Commands per second through the real command bus, next to a bare insert of the same rows and the `eventsourcing` library.

A command runs as in production: look-up, decision, and one flushed transaction with its events and idempotency record. New
streams use ``RegisterMerchant``. Existing streams use ``ProgressStep``, the agents' most frequent command, on generations of
50 events. Their states are cached from the second command on, as in production. ``existing_cold_per_s`` caches no state, so
every command reads and decodes all 50 events.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant
from commands.ports import Context
from commands.step import ProgressStep
from domain.generation.aggregate import GENERATION, Generation, start
from domain.generation.events import GenerationEvent, Step
from domain.ids import uuid7
from domain.merchant.events import MerchantRegistered
from domain.privacy import Sealed
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.figures import Bench, Figures, ReportPhase, Sizes, Target
from infra.bench.filling import fill_with_streams
from infra.bench.interleaving import TimedWork, interleave
from infra.bench.library import LibraryApplication
from infra.bench.servers import Servers
from infra.bootstrap import handlers, open_platform
from schemas.registry import encode

TOTAL = 100_000
"""Number of items of a step; more than are ever reported."""

_BARE_TABLES = """
create table bare_events (like events including all);
create table bare_commands (like commands including all);
create sequence bare_position;
"""

_BARE_INSERT = """
with recorded as (
    insert into bare_commands (command_id, digest, result, token_partition, token_position)
    values ($1, $2, $3, $4, nextval('bare_position'))
    returning token_position, recorded_at
)
insert into bare_events (position, transaction_id, id, stream_id, version, type, tenant, correlation_id, recorded_at, data,
                         previous_hash, hash, command_id, command_digest, command_result)
select token_position, pg_current_xact_id(), $5, $6, 1, $7, $6, $8, recorded_at, $9, $10, $10, $1, $2, $3 from recorded
"""


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Measure all kinds of append in turns. The seed has no effect: ids are random, as in production."""
    in_flight = sizes["in_flight"]
    report("making streams to append to")
    warm = [uuid7(seed, n) for n in range(sizes["streams"])]
    cold = [uuid7(seed, n) for n in range(sizes["streams"], 2 * sizes["streams"])]
    streams = [generation_of_length(id, sizes["events_per_stream"]) for id in (*warm, *cold)]
    await fill_with_streams(servers.dsn, streams, tenants=[*warm, *cold], after=0)
    async with open_platform(servers.settings, migrated=False) as platform, AsyncExitStack() as stack:
        bus = await platform.bus()
        uncached = CommandBus(
            PostgresEventLog(await platform.pool(), platform.clock, cached_streams=0), handlers(platform.clock)
        )
        library = await stack.enter_async_context(LibraryApplication(servers.dsn).opened())
        works: dict[str, TimedWork] = {
            "bare_per_s": await _bare(servers.dsn, stack, in_flight),
            "new_stream_per_s": lambda until: _run(until, in_flight, lambda _: _register(bus)),
            "existing_stream_per_s": _progressing(bus, warm, in_flight),
            "existing_cold_per_s": _progressing(uncached, cold, in_flight),
            "eventsourcing_per_s": library.save_until,
        }
        return await interleave(works, seconds=sizes["seconds"], rounds=sizes["rounds"], report=report)


def generation_of_length(id: UUID, count: int) -> list[GenerationEvent]:
    """Return a generation's first ``count`` events; its brand step is still running."""
    at = datetime.now(UTC)
    events = list(start(id, store_id=id, merchant_id=id, niche="Ceramic planters", at=at))
    state: Generation | None = GENERATION.fold(events)
    while len(events) < count:
        assert state is not None
        more = state.progress_step(
            Step.BRAND, 1, item=str(uuid4()), total=TOTAL, message="Wrote the copy of “Neon Desk Lamp”", at=at
        )
        state = GENERATION.fold(more, state)
        events.extend(more)
    return events[:count]


async def _run(until: float, in_flight: int, work: Callable[[int], Awaitable[None]]) -> int:
    """Do the work in concurrent workers until a time, and return how often it was done."""

    async def worker(number: int) -> int:
        done = 0
        while time.perf_counter() < until:
            await work(number)
            done += 1
        return done

    return sum(await asyncio.gather(*(worker(number) for number in range(in_flight))))


def _context() -> Context:
    return Context(command_id=uuid4(), correlation_id=uuid4())


async def _register(bus: CommandBus) -> None:
    id = uuid4()
    await bus.dispatch(RegisterMerchant(merchant_id=id, email=_sealed(id), name=_sealed(id)), _context())


def _sealed(person: UUID) -> Sealed:
    return Sealed(person_id=person, ciphertext="v1.k1.5e0Zr1Y2c3V4a5B6.Hq3xJm8vT0pWn2sYdK4uLrE7cZ6bA9gF1iMoNhQ")


def _progressing(bus: CommandBus, streams: list[UUID], in_flight: int) -> TimedWork:
    """Return work on existing streams. Each worker has its own streams, so that commands do not conflict."""

    def rounds(worker: int) -> Iterator[UUID]:
        while True:
            yield from streams[worker::in_flight]

    cycles = [rounds(worker) for worker in range(in_flight)]

    async def progress(worker: int) -> None:
        await bus.dispatch(
            ProgressStep(
                generation_id=next(cycles[worker]),
                step=Step.BRAND,
                attempt=1,
                item=str(uuid4()),
                total=TOTAL,
                message="Wrote the copy of “Neon Desk Lamp”",
            ),
            _context(),
        )

    return lambda until: _run(until, in_flight, progress)


async def _bare(dsn: str, stack: AsyncExitStack, in_flight: int) -> TimedWork:
    """Return bare inserts: one statement and one commit per command's rows, one connection per worker."""
    connections = []
    for _ in range(in_flight):
        connection = await asyncpg.connect(dsn)
        stack.push_async_callback(connection.close)
        connections.append(connection)
    await connections[0].execute(_BARE_TABLES)

    body = encode(
        MerchantRegistered(
            originator_id=uuid4(),
            originator_version=1,
            occurred_at=datetime.now(UTC),
            email=_sealed(uuid4()),
            name=_sealed(uuid4()),
        )
    )
    hash_ = os.urandom(32)

    async def insert(worker: int) -> None:
        stream = uuid4()
        await connections[worker].execute(
            _BARE_INSERT,
            uuid4(),
            hash_,
            '{"merchant_id": "0193a1de-0000-7000-8000-000000000000"}',
            3,
            uuid4(),
            stream,
            MerchantRegistered.wire_name,
            uuid4(),
            body,
            hash_,
        )

    return lambda until: _run(until, in_flight, insert)


BENCH = Bench(
    name="append",
    about="Commands through the bus, 16 in flight, one process",
    measure=measure,
    full={"seconds": 12, "rounds": 6, "streams": 1000, "events_per_stream": 50, "in_flight": 16},
    quick={"seconds": 2, "rounds": 2, "streams": 320, "events_per_stream": 50, "in_flight": 16},
    targets=(
        Target(figure="new_stream_per_s", limit="bare_per_s", share=0.5),
        Target(figure="existing_stream_per_s", limit="bare_per_s", share=0.35),
        Target(figure="existing_cold_per_s", limit="bare_per_s"),
        Target(figure="new_stream_per_s", limit="eventsourcing_per_s", share=4),
        Target(figure="bare_per_s"),
        Target(figure="eventsourcing_per_s"),
    ),
    with_kafka=False,
)
