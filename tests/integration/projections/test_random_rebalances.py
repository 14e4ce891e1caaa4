"""Whatever order runners start, stop, crash, freeze and share partitions in, each read model applies each record once, in order.

Rows say which events were applied, in which order. A row without its checkpoint, or a checkpoint without its row, is an
event applied twice or left out. So the check after every step is that both agree.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.kernel import DomainEvent
from domain.product.events import ProductActivated, ProductArchived
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.clock import SystemClock
from infra.event_loop import new_runner
from projections.engine.checkpoints import Projection, create_tables
from projections.engine.decoding import DecodedEvent, EventDecoder
from projections.engine.poison_records import PoisonRecordPorts
from projections.engine.runner import ProjectionRunner
from projections.engine.tables import Connection, Table, TableChange
from schemas.envelope import RawEvent
from schemas.topics import EVENTS, partition_of
from tests.support.builders.records import AT, FakeRecord, headers_of, raw
from tests.support.examples import drawn
from tests.support.fakes.consumer_group import SimulatedConsumer, SimulatedTopic
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.servers.topic import hold

PARTITIONS = 3
TENANTS = [UUID(int=(uuid4().int >> 32 << 32) + number) for number in (0, 1, 2, 8)]
"""Of partitions 0, 1, 2 and 0."""
POISONOUS = 11
"""Every eleventh event cannot be applied by the second read model."""
POINTS = {
    "provenance": "string_agg(hash",
    "take": "set owner = owner + 1, running = true\n        from before",
    "advance": "set next_offset = m.next_offset",
}
"""Statements that a runner can be held before; it can be held in each read model's fold as well."""
SETTLE_SECONDS = 30.0
FETCH_MS = 1_500
"""Between two answers of the broker; less than a silence."""
MEMBER = st.integers(0, 2)
SHARES = st.lists(MEMBER, min_size=PARTITIONS, max_size=PARTITIONS)
EVENT = st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from([True, True, True, False]))
"""A tenant, the gap before its offset, and whether the event store has it."""


KINDS: Mapping[str, frozenset[str]] = {
    "first": frozenset({ProductActivated.wire_name, ProductArchived.wire_name}),
    "second": frozenset({ProductActivated.wire_name}),
}


class Gate:
    """Holds one runner at a point until it is released."""

    def __init__(self) -> None:
        self.armed: str | None = None
        self._held: asyncio.Future[None] | None = None

    @property
    def is_holding(self) -> bool:
        return self._held is not None

    async def reach(self, point: str) -> None:
        if self.armed == point:
            self.armed = None
            self._held = held = asyncio.get_running_loop().create_future()
            await held

    def release(self) -> None:
        self.armed = None
        if self._held is not None:
            if not self._held.done():
                self._held.set_result(None)
            self._held = None


class GatedConnection(asyncpg.Connection):
    """A connection that its runner's gate holds before certain statements."""

    gate: ClassVar[Gate]

    async def fetch(self, query: str, *values: Any, **options: Any) -> Any:
        for point, words in POINTS.items():
            if words in query:
                await self.gate.reach(point)
        return await super().fetch(query, *values, **options)


class Seen:
    """A read model with one row for each event, in the order of applying."""

    def __init__(self, name: str, *handles: type[DomainEvent], reach: Callable[[str], Awaitable[None]]) -> None:
        self.name, self.version, self.tables, self.handles = name, 2, (), frozenset(handles)
        self.tables_ddl = f"create table seen_{name} (n bigint generated always as identity, number bigint);"
        self.indexes_ddl = ""
        self.decoder = EventDecoder(self.handles)
        self._reach = reach

    async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
        numbers = [event.originator_version for event, _ in batch]
        for number in numbers:
            if is_poison(self.name, number):
                raise ValueError(f"{number} is poison")
        await tx.execute(f"insert into seen_{self.name} (number) select unnest($1::bigint[])", numbers)
        await self._reach(self.name)


@dataclass(slots=True)
class SeenRow:
    """One applied event."""

    number: int


class SeenAtOnce(Seen):
    """The same, written in one statement with the checkpoints."""

    async def changes(self, batch: Sequence[DecodedEvent], _: Connection) -> Sequence[TableChange[SeenRow]]:
        """Return a row for each event."""
        rows = [SeenRow(event.originator_version) for event, _ in batch]
        for row in rows:
            if is_poison(self.name, row.number):
                raise ValueError(f"{row.number} is poison")
        await self._reach(self.name)
        return [TableChange(Table(f"seen_{self.name}", SeenRow, key=("number",)), (), rows)]


def is_poison(model: str, number: int) -> bool:
    return model == "second" and number % POISONOUS == 0


class Process:
    """One runner with its own connections, as in a process of its own."""

    def __init__(
        self, dsn: str, topic: SimulatedTopic, rebuild: Callable[[Projection], Awaitable[None]], seen: type[Seen]
    ) -> None:
        self.gate = Gate()
        self.consumer: SimulatedConsumer | None = None
        self._dsn, self._topic, self._rebuild, self._seen = dsn, topic, rebuild, seen

    async def start(self) -> None:
        gated = type("Gated", (GatedConnection,), {"gate": self.gate})
        self.pool = await asyncpg.create_pool(self._dsn, min_size=1, max_size=4, connection_class=gated)
        ledger = PostgresDeliveries(self.pool)
        make_consumer = self._make_consumer

        class SimulatedRunner(ProjectionRunner):
            def make_consumer(self) -> Any:
                return make_consumer()

        runner = SimulatedRunner(
            [
                self._seen("first", ProductActivated, ProductArchived, reach=self.gate.reach),
                self._seen("second", ProductActivated, reach=self.gate.reach),
            ],
            self.pool,
            "",
            PoisonRecordPorts(dead_letters=RecordedDeadLetters(), ledger=ledger, clock=SystemClock()),
            rebuild=self._rebuild,
        )
        self.task = asyncio.create_task(runner.run())

    def _make_consumer(self) -> SimulatedConsumer:
        self.consumer = SimulatedConsumer(self._topic)
        return self.consumer

    @property
    def is_settled(self) -> bool:
        waiting = self.consumer is not None and self.consumer.is_waiting
        return self.task.done() or self.gate.is_holding or waiting

    @property
    def can_fetch(self) -> bool:
        return self.consumer is not None and self.consumer.is_waiting and not self.consumer.is_rebalancing

    async def end(self, *, in_good_order: bool) -> None:
        if not in_good_order:
            self.pool.terminate()
        self.task.cancel()
        self.gate.release()
        await asyncio.gather(self.task, return_exceptions=True)
        if in_good_order:
            await self.pool.close()
        assert self.consumer is None or self.consumer not in self._topic.members


class World:
    """The log, its processes, and what each read model must have applied."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.topic = SimulatedTopic()
        self.processes: list[Process] = []
        self.events: list[RawEvent] = []
        self.rebalances: set[asyncio.Task[None]] = set()
        self._is_rebuilt = asyncio.Event()

    async def open(self, *, rebuilding: bool, interrupted: bool) -> None:
        self.pool = await asyncpg.create_pool(self.dsn, min_size=1, max_size=3)
        await self.pool.execute(
            "drop schema if exists first, second cascade;"
            "truncate checkpoints, projections, events, revisions, deliveries, foreign_records"
        )
        for model in (Seen("first", reach=_pass), Seen("second", reach=_pass)):
            async with self.pool.acquire() as connection, connection.transaction():
                await create_tables(connection, model, model.name)
                version = 1 if rebuilding and model.name == "second" else 2
                await connection.execute("insert into projections values ($1, $2, $1)", model.name, version)
        # After an owner that did not stop in good order, each read model applies records alone and in chunks.
        await self.pool.execute("update checkpoints set running = $1", interrupted)

    async def close(self) -> None:
        for process in self.processes:
            await process.end(in_good_order=True)
        for each in self.rebalances:
            each.cancel()
        await asyncio.gather(*self.rebalances, return_exceptions=True)
        await self.pool.close()

    async def rebuild(self, _: Projection) -> None:
        await self._is_rebuilt.wait()

    async def finish_rebuild(self) -> None:
        if not self._is_rebuilt.is_set():
            await self.swap("second", 2)
            self._is_rebuilt.set()

    async def swap(self, name: str, version: int | None = None) -> None:
        """Do what a rebuild does at its end, with the rows that are there."""
        async with self.pool.acquire() as connection:
            with suppress(asyncpg.LockNotAvailableError):
                async with connection.transaction():
                    await connection.execute("set local lock_timeout to '100ms'")
                    await connection.execute(
                        "update checkpoints set owner = owner + 1, running = false where schema_name = $1", name
                    )
                    await connection.execute(
                        "update projections set built_at = clock_timestamp(), version = coalesce($2, version) where name = $1",
                        name,
                        version,
                    )

    async def publish(self, which: Sequence[tuple[int, int, bool]]) -> None:
        """Append events, each to a tenant's partition after a gap, in store and topic or as a foreign record."""
        appended: list[RawEvent] = []
        for tenant, gap, is_own in which:
            number = len(self.events) + len(appended) + 1
            kind = ProductActivated if number % 3 else ProductArchived
            event = kind(originator_id=uuid4(), originator_version=number, occurred_at=AT)
            made = raw(event, tenant=TENANTS[tenant], position=number)
            if is_own:
                appended.append(made)
            self._put(made, gap)
        self.events += appended
        await hold(appended, self.pool)

    def _put(self, event: RawEvent, gap: int) -> None:
        number = partition_of(event.tenant)
        records = self.topic.records.setdefault(number, [])
        offset = records[-1].offset + gap if records else 0
        records.append(
            FakeRecord(topic=EVENTS.name, partition=number, offset=offset, value=event.data, headers=headers_of(event))
        )

    def refill(self, gap: int) -> None:
        """Delete the topic and fill it again: other offsets for the same events."""
        self.topic.records.clear()
        for event in self.events:
            self._put(event, gap)

    async def settle(self) -> None:
        """Wait until every process waits for a fetch, is held, has ended, or waits for a row that a held one has locked."""
        async with asyncio.timeout(SETTLE_SECONDS):
            turns = 0
            while not all(each.is_settled for each in self.processes) or not self._rebalances_settled():
                turns += 1
                await asyncio.sleep(0.001)
                holding = any(each.gate.is_holding for each in self.processes)
                if (
                    holding
                    and turns % 20 == 0
                    and await self.pool.fetchval("select true from pg_locks where not granted limit 1")
                ):
                    return

    def _rebalances_settled(self) -> bool:
        self.rebalances = {each for each in self.rebalances if not each.done()}
        return not self.rebalances or any(each.gate.is_holding for each in self.processes)

    async def check(self) -> None:
        """Check that the committed rows are those that the committed checkpoints stand for."""
        async with self.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            reached = {
                (row["schema_name"], row["partition"]): row["position"]
                for row in await connection.fetch("select schema_name, partition, position from checkpoints")
            }
            for model, kinds in KINDS.items():
                rows = await connection.fetch(f"select number from {model}.seen_{model} order by n")
                applied: dict[int, list[int]] = defaultdict(list)
                for (number,) in rows:
                    applied[partition_of(self.events[number - 1].tenant)].append(number)
                for partition in range(PARTITIONS):
                    expected = [
                        event.position
                        for event in self.events
                        if partition_of(event.tenant) == partition
                        and event.position <= reached[model, partition]
                        and event.type in kinds
                        and not is_poison(model, event.version)
                    ]
                    assert applied[partition] == expected, (model, partition, reached[model, partition])

    async def check_all_applied(self) -> None:
        ends = {(model, partition_of(event.tenant)): event.position for event in self.events for model in KINDS}
        rows = await self.pool.fetch("select schema_name, partition, position from checkpoints where position > 0")
        assert {(row[0], row[1]): row[2] for row in rows} == ends


async def _pass(_: str) -> None:
    """Hold nothing."""


class Rebalances(RuleBasedStateMachine):
    """Random starts, crashes, holds, rebalances, fetches, swaps and refills."""

    dsn: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._loop = new_runner()
        self.world = World(self.dsn)

    def _run(self, work: Awaitable[None]) -> None:
        async def settled() -> None:
            await work
            await self.world.settle()

        self._loop.run(settled())

    def _one(self, place: int, of: Callable[[Process], bool] = lambda _: True) -> Process | None:
        chosen = [each for each in self.world.processes if of(each)]
        return chosen[place % len(chosen)] if chosen else None

    @initialize(
        rebuilding=st.booleans(),
        interrupted=st.booleans(),
        which=st.lists(EVENT, min_size=12, max_size=30),
        shares=SHARES,
        at_once=st.booleans(),
    )
    def open(
        self,
        *,
        rebuilding: bool,
        interrupted: bool,
        which: list[tuple[int, int, bool]],
        shares: list[int],
        at_once: bool,
    ) -> None:
        self._run(self.world.open(rebuilding=rebuilding, interrupted=interrupted))
        self.publish(which)
        for _ in range(2):
            self.start(at_once=at_once)
        self.rebalance(shares, None)

    @precondition(lambda self: len(self.world.processes) < 3)
    @rule(at_once=st.booleans())
    def start(self, *, at_once: bool) -> None:
        process = Process(self.dsn, self.world.topic, self.world.rebuild, SeenAtOnce if at_once else Seen)
        self._run(process.start())
        self.world.processes.append(process)
        self._run(self.world.settle())

    @precondition(lambda self: len(self.world.processes) > 1)
    @rule(place=MEMBER, in_good_order=st.booleans())
    def end(self, place: int, *, in_good_order: bool) -> None:
        process = self.world.processes.pop(place % len(self.world.processes))
        self._run(process.end(in_good_order=in_good_order))

    @rule(shares=SHARES, deaf=st.none() | MEMBER)
    def rebalance(self, shares: list[int], deaf: int | None) -> None:
        """Share the partitions among the members that hear of it; another one goes on with what it had."""
        members = [
            member
            for place, process in enumerate(self.world.processes)
            if (member := process.consumer) in self.world.topic.members
            and member is not None
            and not member.is_rebalancing
            and place != deaf
        ]
        if members:
            assignment: dict[SimulatedConsumer, list[int]] = {member: [] for member in members}
            for number, share in enumerate(shares):
                assignment[members[share % len(members)]].append(number)

            async def begin() -> None:
                self.world.rebalances.add(asyncio.create_task(self.world.topic.rebalance(assignment)))

            self._run(begin())

    @rule(which=st.lists(EVENT, min_size=1, max_size=8))
    def publish(self, which: list[tuple[int, int, bool]]) -> None:
        self._run(self.world.publish(which))

    @rule(place=MEMBER, count=st.integers(1, 4), held_at=st.none() | st.sampled_from([*POINTS, *KINDS]))
    def fetch(self, place: int, count: int, held_at: str | None) -> None:
        process = self._one(place, lambda each: each.can_fetch)
        if process is not None and process.consumer is not None:
            self.world.topic.now_ms += FETCH_MS
            process.gate.armed = held_at
            process.consumer.allow(count)
            self._run(_nothing())

    @rule(place=MEMBER, held_at=st.none() | st.sampled_from([*POINTS, *KINDS]))
    def release(self, place: int, held_at: str | None) -> None:
        process = self._one(place, lambda each: each.gate.is_holding)
        if process is not None:
            process.gate.release()
            process.gate.armed = held_at
            self._run(_nothing())

    @rule(name=st.sampled_from([*KINDS]))
    def swap(self, name: str) -> None:
        self._run(self.world.swap(name))

    @rule()
    def finish_rebuild(self) -> None:
        self._run(self.world.finish_rebuild())

    @rule(gap=st.none() | st.integers(1, 3))
    def be_silent(self, gap: int | None) -> None:
        """Let no broker answer for a while, in which the topic may be filled again."""
        self.world.topic.now_ms += 10_000
        if gap is not None:
            self.world.refill(gap)

    @invariant()
    def rows_and_checkpoints_agree(self) -> None:
        if hasattr(self.world, "pool"):
            self._loop.run(self.world.check())

    def teardown(self) -> None:
        try:
            if hasattr(self.world, "pool"):
                self._finish()
        finally:
            if hasattr(self.world, "pool"):
                self._loop.run(self.world.close())
            self._loop.close()

    def _finish(self) -> None:
        """Let one new process read everything."""
        for process in self.world.processes:
            process.gate.release()
        self._run(self.world.settle())
        while self.world.processes:
            self.end(0, in_good_order=True)
        self.start(at_once=True)
        self.finish_rebuild()
        for _ in range(3):
            self.rebalance([0] * PARTITIONS, None)
            for _ in range(6):
                self.fetch(0, 1000, None)
        self._loop.run(self.world.check())
        self._loop.run(self.world.check_all_applied())


async def _nothing() -> None:
    """Only let the processes settle."""


def test_every_record_is_applied_once_and_in_order_whatever_happens_to_the_group(database: str) -> None:
    machine = type("Machine", (Rebalances,), {"dsn": database})
    run_state_machine_as_test(machine, settings=settings(max_examples=drawn(48, part=16), stateful_step_count=40))
