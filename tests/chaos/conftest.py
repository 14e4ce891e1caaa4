"""Attacks are random, and the same in every run, as far as they do not follow from the machine's speed."""

import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from infra.embedded.kafka import ApacheKafka
from tests.chaos.pipeline import Outside
from tests.support.chance import dice_of


@dataclass(frozen=True, slots=True)
class Chaos:
    """How hard to attack, and with which dice."""

    full: bool
    """The full form (``make test-long``), else a short one for work on the test itself."""
    dice: random.Random

    def pick(self, *, short: int, full: int) -> int:
        """Return the size for the present form."""
        return full if self.full else short


@pytest.fixture
def chaos(request: pytest.FixtureRequest) -> Chaos:
    """The present form, and the test's dice."""
    return Chaos(full=os.environ.get("ZYENTA_CHAOS") == "full", dice=dice_of(request.node.nodeid))


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """The world outside, which counts its calls."""
    async with Outside().serve() as serving:
        yield serving


@pytest.fixture
def kafka(own_kafka: ApacheKafka) -> ApacheKafka:
    """A broker of the test's own."""
    return own_kafka
