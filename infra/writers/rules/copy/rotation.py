"""Repeatable choices that differ between the texts of a store."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

_PLACE = re.compile(r"^(.*)#(\d{1,6})(?:\.(\d{1,6}))?$", re.DOTALL)


class Rotation:
    """Chooses from shuffled banks of sentences and remembers what it gave out.

    Args:
        seed: the same seed gives the same choices. ``#<place>`` at its end is left out: the texts of a store share one
            rotation.
    """

    def __init__(self, seed: str) -> None:
        found = _PLACE.match(seed)
        self._seed = found[1] if found else seed
        self._used: Counter[object] = Counter()

    def pick(self, bank: str, choices: Sequence[T]) -> T:
        """Return one of the choices that were given out least often, in an order of its own for each bank.

        Args:
            bank: the name of the choices.
            choices: at least one.
        """
        shuffled = self._shuffled(bank, choices)
        chosen = min(shuffled, key=lambda choice: self._used[choice])
        self._used[chosen] += 1
        return chosen

    def pick_new(self, bank: str, choices: Iterable[T]) -> T | None:
        """Return a choice that was never given out; None if each was."""
        fresh = [choice for choice in choices if not self._used[choice]]
        return self.pick(bank, fresh) if fresh else None

    def is_new(self, choice: object) -> bool:
        """Whether it was never given out."""
        return not self._used[choice]

    def use(self, choice: object) -> None:
        """Count something as given out."""
        self._used[choice] += 1

    def _shuffled(self, bank: str, choices: Sequence[T]) -> list[T]:
        shuffled = list(choices)
        random.Random(f"{self._seed}|{bank}").shuffle(shuffled)  # noqa: S311 - repeatable on purpose
        return shuffled
