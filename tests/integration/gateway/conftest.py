"""A platform for each module of gateway tests, and new merchants for each test."""

import itertools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.support.platforms.gateway import Merchant, Platform, a_platform

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def shared_platform(postgres_dsn: str, template: str) -> AsyncIterator[Platform]:
    """A platform on a new database, shared by a module: setup takes longer than most tests."""
    name = f"gateway_{next(_numbers)}"
    maintenance = await asyncpg.connect(postgres_dsn)
    await maintenance.execute(f"create database {name} template {template}")
    async with a_platform(urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()) as whole:
        yield whole
    await maintenance.execute(f"drop database {name} with (force)")
    await maintenance.close()


@pytest.fixture
async def platform(shared_platform: Platform) -> Platform:
    """The platform without failures, with current read models."""
    shared_platform.barrier.wedged = False
    shared_platform.parts.broken = ""
    await shared_platform.barrier.catch_up()
    return shared_platform


@pytest.fixture
async def owner(platform: Platform) -> Merchant:
    """A merchant."""
    return await platform.merchant()


@pytest.fixture
async def stranger(platform: Platform) -> Merchant:
    """Another merchant."""
    return await platform.merchant()
