"""A platform for each module of gateway tests, and new merchants for each test."""

import itertools
from collections.abc import AsyncIterator

import pytest

from tests.support.platforms.gateway import Merchant, Platform, a_platform
from tests.support.servers.databases import copied_database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def template(with_read_models: str) -> str:
    return with_read_models


@pytest.fixture(scope="module")
async def shared_platform(postgres_dsn: str, template: str) -> AsyncIterator[Platform]:
    """A platform on a new database, shared by a module: setup takes longer than most tests."""
    async with (
        copied_database(postgres_dsn, template, f"gateway_{next(_numbers)}") as dsn,
        a_platform(dsn) as whole,
    ):
        yield whole


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
