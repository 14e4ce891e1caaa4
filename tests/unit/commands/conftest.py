"""A write side in memory for each test."""

import pytest

from tests.support.platforms.write_side import Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()
