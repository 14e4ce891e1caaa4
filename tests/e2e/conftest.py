from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.platforms.up import data_directory


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with data_directory() as data_dir:
        yield data_dir
