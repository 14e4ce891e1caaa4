"""Promise 6: a read model of any size is rebuilt while commands and queries go on, in bounded memory.

Clients that wait for their writes wait no longer than in production.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.bus import CommandBus
from commands.merchant import RegisterMerchant
from commands.ports import Context
from commands.store import RequestStore
from domain.store.events import Preferences
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.filling import fill_with_catalog
from infra.bench.rebuild import PhaseMeter
from infra.bootstrap import handlers
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log.parallel_bulk_load import BulkLoadProcesses
from projections.catalog.model import MODEL
from projections.engine.checkpoints import reached
from projections.engine.rebuild.rebuilder import Rebuilder
from projections.engine.rebuild.session import RebuildProgress
from projections.reading.consistency import CheckpointConsistency
from schemas.envelope import ConsistencyToken
from schemas.topics import partition_of
from tests.chaos.conftest import Chaos
from tests.chaos.services import Service
from tests.support.builders.samples import sealed

pytestmark = [pytest.mark.kafka, pytest.mark.long, pytest.mark.timeout(900)]

GROWTH_MB = 64
HELD_BACK_SECONDS = 4.0
"""How long a rebuild may keep an event from being published at most: readers wait for five seconds in all."""

OLDEST_UNSETTLED = """
select coalesce(max(extract(epoch from clock_timestamp() - recorded_at)), 0)::float8
from (select * from events order by position desc limit 1000) as last
where transaction_id >= pg_snapshot_xmin(pg_current_snapshot())
"""


class Business:
    """Commands, and queries that must see what they wrote, without pause."""

    def __init__(self, database: str, pool: asyncpg.Pool) -> None:
        self._database = database
        self._log = PostgresEventLog(pool, SystemClock())
        self._bus = CommandBus(self._log, handlers(SystemClock()))
        self._barrier = CheckpointConsistency(pool, [MODEL.name])
        self.stores = 0
        self.held_back = 0.0
        """How old an event was at most, in seconds, that could not be published for somebody's open transaction."""

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Send commands and queries in the background; a failure ends the context."""
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(self._trade()), tasks.create_task(self._watch())]
            yield
            for each in work:
                each.cancel()

    async def _trade(self) -> None:
        merchant = uuid4()
        await self._send(RegisterMerchant(merchant_id=merchant, email=sealed(merchant), name=None))
        connection = await asyncpg.connect(self._database, server_settings={"search_path": "catalog, public"})
        try:
            while True:
                id = uuid4()
                token = await self._send(
                    RequestStore(store_id=id, merchant_id=merchant, niche="Desk lamps", preferences=Preferences())
                )
                await self._barrier.wait(token)
                assert await connection.fetchval("select true from stores where id = $1", id)
                self.stores += 1
        finally:
            await connection.close()

    async def _watch(self) -> None:
        connection = await asyncpg.connect(self._database)
        try:
            while True:
                self.held_back = max(self.held_back, await connection.fetchval(OLDEST_UNSETTLED))
                await asyncio.sleep(0.02)
        finally:
            await connection.close()

    async def _send(self, command: object) -> ConsistencyToken:
        receipt = await self._bus.dispatch(command, Context(command_id=uuid4(), correlation_id=UUID(int=1)))
        assert receipt.token is not None
        return receipt.token


async def test_a_rebuild_fails_no_reader_and_keeps_its_memory(
    chaos: Chaos, database: str, pool: asyncpg.Pool, kafka: ApacheKafka, tmp_path: Path
) -> None:
    count = chaos.pick(short=15_000, full=500_000)
    await fill_with_catalog(database, count, seed=chaos.dice.randrange(1000), report=lambda _: None)
    service = await Service.launch(
        "publisher", "projectors", database=database, kafka=kafka.bootstrap_servers, log_file=tmp_path / "services.log"
    )
    shown: list[tuple[str, float]] = []
    phases = PhaseMeter()

    def report(progress: RebuildProgress) -> None:
        shown.append((progress.phase, progress.share))
        phases.update(progress)

    try:
        await _filled(pool)
        business = Business(database, pool)
        async with business.going_on():
            # As the service and the command line do it: the long form in two processes.
            workers = BulkLoadProcesses(database, kafka.bootstrap_servers, processes=2)
            rebuilder = Rebuilder(pool, kafka.bootstrap_servers, workers=workers)
            rebuilt = await rebuilder.rebuild(MODEL, report=report)
            after = business.stores
            async with asyncio.timeout(60):
                while business.stores < after + 10:
                    await asyncio.sleep(0.05)
    finally:
        await service.kill()
    assert rebuilt.difference is None
    assert rebuilt.events >= count
    assert after > 0
    assert business.held_back < HELD_BACK_SECONDS
    assert rebuilt.fenced_seconds < HELD_BACK_SECONDS
    assert {phase for phase, _ in shown} >= {"reading", "indexing", "comparing", "swapping"}
    assert all(0 <= share <= 1 for _, share in shown)
    assert phases.growth_mb < GROWTH_MB


async def _filled(pool: asyncpg.Pool) -> None:
    """Wait until every partition of the live read model has all that was filled in."""
    last: dict[int, int] = {}
    for tenant, position in await pool.fetch("select tenant, max(position) from events group by tenant"):
        partition = partition_of(tenant)
        last[partition] = max(position, last.get(partition, 0))
    async with asyncio.timeout(600):
        while True:
            try:
                there = await reached(pool, [MODEL.name])
                if all(there.get(partition, 0) >= position for partition, position in last.items()):
                    return
            except asyncpg.UndefinedTableError:
                pass
            await asyncio.sleep(0.2)
