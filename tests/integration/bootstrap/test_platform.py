"""The parts that roles share."""

from pathlib import Path

import asyncpg
import pytest

from infra.bootstrap import open_platform
from infra.settings import Settings
from projections.registry import READ_MODELS
from projections.time_travel import travel_pool


async def test_whoever_answers_queries_can_change_nothing(database: str, tmp_path: Path) -> None:
    async with open_platform(Settings(data_dir=tmp_path, database_url=database), migrated=False) as platform:
        readers = await platform.readers()
        assert await readers.fetchval("select count(*) from events") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await readers.execute("delete from events")


async def test_a_transaction_of_a_frozen_program_is_ended_by_the_server(database: str, tmp_path: Path) -> None:
    asked = "show idle_in_transaction_session_timeout"
    async with (
        open_platform(Settings(data_dir=tmp_path, database_url=database), migrated=False) as platform,
        travel_pool(database, READ_MODELS.values()) as travel,
    ):
        pool = await platform.pool()
        assert [await pool.fetchval(asked), await travel.fetchval(asked)] == ["30s", "30s"]


async def test_a_query_that_failed_or_was_cancelled_leaves_its_connection_fit_for_the_next(
    database: str, tmp_path: Path
) -> None:
    async with open_platform(Settings(data_dir=tmp_path, database_url=database), migrated=False) as platform:
        readers = await platform.readers()
        with pytest.raises(asyncpg.DivisionByZeroError):
            await readers.fetchval("select 1 / 0")
        with pytest.raises(TimeoutError):
            await readers.fetchval("select pg_sleep(30)", timeout=0.05)
        assert await readers.fetchval("select 1") == 1
        assert readers.get_idle_size() == readers.get_size()
