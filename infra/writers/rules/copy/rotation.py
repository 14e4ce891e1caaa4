"""Choice without chance: the same seed chooses the same, and neighbours in a store choose differently."""

import hashlib
import random
import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_PLACE = re.compile(r"^(.*)#(\d{1,6})(?:\.(\d{1,6}))?$", re.DOTALL)


class Rotation:
    """Deals from shuffled choices.

    A seed may say which of its fellows this is: ``<what they share>#<place>.<rank>``, with the place among all products of
    a store and the rank among those of a category. Fellows then go through a bank of sentences in turn, so that none
    comes twice before all came once. Any other seed works too; then chance decides. ``group`` is the category.
    """

    def __init__(self, seed: str, *, group: str = "") -> None:
        found = _PLACE.match(seed)
        drawn = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:4], "big")
        self._shared = found[1] if found else seed
        self._place = int(found[2]) if found else drawn
        # Two categories of one kind both have a first product; they should not open the same way.
        start = hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest()[0] if group else 0
        self._rank = start + (int(found[3]) if found and found[3] else self._place)

    def pick(self, bank: str, choices: Sequence[T], *, skip: int = 0) -> T:
        """Return the choice whose turn it is among all products.

        Args:
            bank: names the choices; another bank is shuffled differently.
            choices: at least one.
            skip: how many turns further.
        """
        return self._shuffled(bank, choices)[(self._place + skip) % len(choices)]

    def pick_in_category(self, bank: str, choices: Sequence[T], *, skip: int = 0, stride: int = 1) -> T:
        """Return the choice whose turn it is among products of the same category, each taking ``stride`` of them."""
        return self._shuffled(bank, choices)[(self._rank * stride + skip) % len(choices)]

    def _shuffled(self, bank: str, choices: Sequence[T]) -> list[T]:
        shuffled = list(choices)
        # Repeatable choice is the point; nothing here is a secret.
        random.Random(f"{self._shared}|{bank}").shuffle(shuffled)  # noqa: S311
        return shuffled
