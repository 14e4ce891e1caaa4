"""A write side in memory for each test."""

import pytest

from tests.fakes.platform import Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()
