"""A database from before the packages were renamed opens, verifies equal, repeats old answers and goes on."""

import asyncio
import gzip
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.bus import CommandBus
from commands.ports import Context
from commands.store import PauseStore, PublishStore
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.migrations import migrate
from infra.bootstrap import handlers
from infra.clock import SystemClock
from infra.embedded import postgres
from infra.embedded.kafka import ApacheKafka
from infra.log.verification import Parity
from tests.conftest import opened_pool
from tests.integration.log.halves import caught_up, published, publishing
from tests.integration.log.test_restore import projected, projecting

pytestmark = pytest.mark.kafka

FIXTURE = Path(__file__).parents[2] / "fixtures" / "before_the_house"
KNOWN: dict[str, Any] = json.loads((FIXTURE / "known.json").read_text())
STORE, MERCHANT = UUID(KNOWN["store_id"]), UUID(KNOWN["merchant_id"])


@pytest.fixture
async def old(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of the old database, restored and brought up to date."""
    name = f"old_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(f"create database {name}")
    dsn = urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
    psql = await asyncio.create_subprocess_exec(
        postgres._binary("psql"),
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        dsn,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    await psql.communicate(gzip.decompress((FIXTURE / "database.sql.gz").read_bytes()))
    assert psql.returncode == 0
    await migrate(dsn)
    yield dsn
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


def known_command(name: str) -> Context:
    id = UUID(KNOWN["commands"][name]["command_id"])
    return Context(command_id=id, correlation_id=id)


async def test_an_old_database_opens_repeats_its_answers_and_goes_on(
    old: str, kafka: ApacheKafka, tmp_path: Path
) -> None:
    async with opened_pool(old) as pool:
        log = PostgresEventLog(pool, SystemClock())
        bus = CommandBus(log, handlers(SystemClock()))
        async with publishing(pool, log, kafka):
            before = await caught_up(log, kafka)
            assert (before.equal, before.events) == (True, KNOWN["events"])

            commands = {
                "pause": PauseStore(store_id=STORE, merchant_id=MERCHANT),
                "publish": PublishStore(store_id=STORE, merchant_id=MERCHANT),
            }
            for name, command in commands.items():
                receipt = await bus.dispatch(command, known_command(name))
                assert receipt.token is not None
                assert (receipt.replayed, receipt.result, receipt.token.position) == (
                    True,
                    KNOWN["commands"][name]["result"],
                    KNOWN["commands"][name]["position"],
                )
            assert await log.last_position() == KNOWN["last_position"]

            new = uuid4()
            receipt = await bus.dispatch(commands["pause"], Context(command_id=new, correlation_id=new))
            assert not receipt.replayed
            await published(log, kafka)
            after: Parity = await caught_up(log, kafka)
            assert (after.equal, after.events) == (True, KNOWN["events"] + 1)
            async with projecting(old, kafka, tmp_path):
                await projected(pool)
        assert await pool.fetchval("select status from catalog.stores where id = $1", STORE) == "PAUSED"
