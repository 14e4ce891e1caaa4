"""A storefront on a fresh database, and a shopper in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.support.platforms.storefront import READER_SETTINGS, StorefrontPlatform, create_read_models
from tests.support.servers.databases import copy_template


@pytest.fixture(scope="session")
async def template(postgres_dsn: str, template: str) -> str:
    """A database with empty read models: to create them takes longer than to copy them."""
    name = f"{template}_with_read_models"
    async with asyncpg.create_pool(await copy_template(postgres_dsn, template, name), min_size=1) as pool:
        await create_read_models(pool)
    return name


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
