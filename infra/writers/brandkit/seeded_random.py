"""Repeatable choices: the same seed chooses the same, in every process and on every machine."""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """A source of choices that depends on its seed alone.

    :meth:`fork` gives each part of a brand a source of its own, so that one more choice in the palette does not
    change the logo.
    """

    def __init__(self, *seed: str) -> None:
        self._seed = "\x1f".join(seed)
        digest = hashlib.sha256(self._seed.encode("utf-8", "surrogatepass")).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - repeatable on purpose

    def fork(self, part: str) -> "SeededRandom":
        """Return an independent source for one part of the work."""
        return SeededRandom(self._seed, part)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of ``options``, which must not be empty."""
        return options[int(self._random.random() * len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return all ``options`` in a chosen order."""
        left = list(options)
        return [left.pop(int(self._random.random() * len(left))) for _ in range(len(left))]

    def between(self, low: float, high: float) -> float:
        """Return a number from ``low`` to ``high``."""
        return low + (high - low) * self._random.random()

    def near(self, middle: float, reach: float) -> float:
        """Return a number at most ``reach`` away from ``middle``."""
        return self.between(middle - reach, middle + reach)

    def flip(self, odds: float = 0.5) -> bool:
        """Return true in ``odds`` of all cases."""
        return self._random.random() < odds
