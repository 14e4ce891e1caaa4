from collections.abc import AsyncIterator

import asyncpg
import pytest

from projections.registry import SEARCH_PATH
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.generation import Outside, Pipeline


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    paths = {"search_path": f"{SEARCH_PATH}, public"}
    async with asyncpg.create_pool(database, min_size=1, max_size=6, server_settings=paths) as pool:
        yield pool


@pytest.fixture
async def pipeline(database: str, pool: asyncpg.Pool) -> AsyncIterator[Pipeline]:
    async with a_platform(database) as platform:
        yield Pipeline(platform, await platform.merchant(), Outside(), pool)
