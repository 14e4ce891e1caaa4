"""Attacks are random, and repeatable: the seed is printed, and ``ZYENTA_CHAOS_SEED`` sets it."""

import os
import random
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.chaos.pipeline import Outside


@dataclass(frozen=True, slots=True)
class Chaos:
    """How hard to attack, and with which dice."""

    full: bool
    """The long form (``make chaos``), else the short one of ``make test``."""
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
async def other_database(postgres_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of another fresh, migrated database."""
    name = f"other_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"create database {name} template {template}")
        yield urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.fixture
async def other_pool(other_database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the other database."""
    async with asyncpg.create_pool(other_database, min_size=1, max_size=10) as connections:
        yield connections
