"""A storefront on a fresh database, and a shopper in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.support.platforms.storefront import READER_SETTINGS, StorefrontPlatform


@pytest.fixture(scope="session")
def template(with_read_models: str) -> str:
    return with_read_models


@pytest.fixture
async def floor(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[StorefrontPlatform]:
    """The storefront's parts, without a store yet."""
    async with asyncpg.create_pool(database, min_size=1, max_size=4, server_settings=READER_SETTINGS) as readers:
        yield await StorefrontPlatform.build(pool, readers, tmp_path / "media")


@pytest.fixture
async def browser(floor: StorefrontPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that keeps cookies and follows no redirect by itself, at ``http://fern.shops.test``."""
    transport = httpx.ASGITransport(app=floor.app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as client:
        yield client
