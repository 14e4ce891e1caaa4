"""Attacks are random, and repeatable: the seed is printed, and ``ZYENTA_CHAOS_SEED`` sets it."""

import os
import random
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from infra.embedded.kafka import ApacheKafka
from tests.chaos.pipeline import Outside


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
def chaos() -> Chaos:
    """The present form and seed."""
    seed = int(os.environ.get("ZYENTA_CHAOS_SEED") or secrets.randbelow(10**9))
    sys.stdout.write(f"seed: ZYENTA_CHAOS_SEED={seed}\n")
    return Chaos(full=os.environ.get("ZYENTA_CHAOS") == "full", dice=random.Random(seed))


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """The world outside, which counts its calls."""
    async with Outside().serve() as serving:
        yield serving


@pytest.fixture
def kafka(own_kafka: ApacheKafka) -> ApacheKafka:
    """A broker of the test's own."""
    return own_kafka
