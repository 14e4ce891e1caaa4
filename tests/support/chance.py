"""Chance in tests: every id, every die and every drawn example follows from the test's name.

So a test passes always or never. ``ZYENTA_TEST_SEED`` (any text) gives all tests other ones.
"""

import os
import random
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis.internal.conjecture import providers
from hypothesis.internal.entropy import deterministic_PRNG

from domain import ids

SEED = os.environ.get("ZYENTA_TEST_SEED", "")


def dice_of(name: str) -> random.Random:
    """Return the dice of a test."""
    return random.Random(f"{SEED}/{name}")


class _SeededOs:
    """Stands in for ``os`` where ``uuid`` asks it for random bytes."""

    def __init__(self) -> None:
        self.dice = dice_of("collection")

    def urandom(self, count: int) -> bytes:
        return self.dice.randbytes(count)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


_source = _SeededOs()


class _SeededSecrets:
    """Stands in for ``secrets`` where our ids ask it for random bits."""

    def randbits(self, count: int) -> int:
        return _source.dice.getrandbits(count)

    def __getattr__(self, name: str) -> Any:
        return getattr(secrets, name)


def seed_everything(name: str) -> None:
    """Give a test its ids and its dice."""
    _source.dice = dice_of(name)
    random.seed(f"{SEED}/{name}")
    vars(uuid)["os"] = _source
    vars(ids)["secrets"] = _SeededSecrets()


@contextmanager
def seeded(name: str) -> Iterator[None]:
    """Give something that several tests share ids and dice of its own, and take none from the test that makes it."""
    dice, state = _source.dice, random.getstate()
    seed_everything(name)
    try:
        yield
    finally:
        _source.dice = dice
        random.setstate(state)


def draw_no_constants_of_modules() -> None:
    """Keep Hypothesis from drawing constants that it finds in the source of loaded modules.

    Which modules are loaded depends on the tests that ran before, and their constants on every commit.
    """
    constants = providers._local_constants
    vars(providers)["_get_local_constants"] = lambda: constants


def register_own_dice() -> None:
    """Let Hypothesis register its own dice before the garbage collector freezes what refers to them.

    Otherwise the first drawn test of a process finds no reference to them on Python 3.14, and warns.
    """
    with deterministic_PRNG():
        pass
