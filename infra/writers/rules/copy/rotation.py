"""Repeatable choices that differ between the products of a store."""

import hashlib
import random
import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_PLACE = re.compile(r"^(.*)#(\d{1,6})(?:\.(\d{1,6}))?$", re.DOTALL)


class Rotation:
    """Chooses from shuffled banks of sentences, in turn.

    A seed of the form ``<store>#<place>.<rank>`` gives a product's place in the store and its rank in its category.
    The products of a store then use every sentence of a bank once before they use one twice. With another seed the
    place is a hash of it.

    Args:
        seed: as above.
        group: the category.
    """

    def __init__(self, seed: str, *, group: str = "") -> None:
        found = _PLACE.match(seed)
        drawn = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:4], "big")
        self._shared = found[1] if found else seed
        self._place = int(found[2]) if found else drawn
        # Different categories start at different sentences, or all of their first products would open alike.
        start = hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest()[0] if group else 0
        self._rank = start + (int(found[3]) if found and found[3] else self._place)

    def pick(self, bank: str, choices: Sequence[T], *, skip: int = 0) -> T:
        """Return a choice, in turn among all products of the store.

        Args:
            bank: the name of the choices, which determines their order.
            choices: at least one.
            skip: the number of turns to skip.
        """
        return self._shuffled(bank, choices)[(self._place + skip) % len(choices)]

    def pick_in_category(self, bank: str, choices: Sequence[T], *, skip: int = 0, stride: int = 1) -> T:
        """Return a choice, in turn among products of the category. Each product takes ``stride`` choices."""
        return self._shuffled(bank, choices)[(self._rank * stride + skip) % len(choices)]

    def _shuffled(self, bank: str, choices: Sequence[T]) -> list[T]:
        shuffled = list(choices)
        random.Random(f"{self._shared}|{bank}").shuffle(shuffled)  # noqa: S311 - repeatable on purpose
        return shuffled
