"""The platform behind the gateway."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.gateway.platform import Merchant, Platform, a_platform


@pytest.fixture
async def platform(database: str) -> AsyncIterator[Platform]:
    """A platform on a fresh database."""
    async with a_platform(database) as whole:
        yield whole


@pytest.fixture
async def owner(platform: Platform) -> Merchant:
    """A merchant."""
    return await platform.merchant()


@pytest.fixture
async def stranger(platform: Platform) -> Merchant:
    """Another merchant, who owns nothing of the first one's."""
    return await platform.merchant()
