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
        seed: the same seed gives the same choices.
        shared: whether the texts of a store share the rotation; ``#<place>`` at the seed's end is left out then.
    """

    def __init__(self, seed: str, *, shared: bool = True) -> None:
        found = _PLACE.match(seed) if shared else None
        self._seed = found[1] if found else seed
        self._given: Counter[tuple[str, object]] = Counter()
        self._used: Counter[object] = Counter()

    def pick(self, bank: str, choices: Sequence[T]) -> T:
        """Return one of the choices that the bank gave out least often, in an order of its own.

        Args:
            bank: the name of the choices.
            choices: at least one; a choice that is listed twice is given out twice as often.
        """
        shuffled = self._shuffled(bank, choices)
        chances = Counter(shuffled)
        chosen = min(shuffled, key=lambda choice: self._given[bank, choice] / chances[choice])
        self._given[bank, chosen] += 1
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
