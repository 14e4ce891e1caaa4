"""A studio on the real model."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from infra.adapters.media.studio.worker_pool import RembgStudio
from infra.setup.model import model_path
from tests.support.requirements import missing


@pytest.fixture(scope="session")
def model() -> Path:
    """The weights."""
    path = model_path()
    if not path.exists():
        missing("the model of the studio", f"{path} is not there; “make setup” fetches it")
    return path


@pytest.fixture
async def studio_with(model: Path) -> AsyncIterator[Callable[..., RembgStudio]]:
    """Makes studios that are closed after the test."""
    made: list[RembgStudio] = []

    def make(**changes: object) -> RembgStudio:
        made.append(RembgStudio(**({"model": model} | changes)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for studio in made:
        await studio.end()


@pytest.fixture(scope="session")
async def studio(model: Path) -> AsyncIterator[RembgStudio]:
    """A studio with one worker, which all tests share: to start a worker takes a second of computing."""
    shared = RembgStudio(model, workers=1, idle_seconds=3600)
    yield shared
    await shared.end()
