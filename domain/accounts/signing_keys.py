"""When keys that sign access tokens begin and end to count. Only their names are stored; the keys are derived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

ANNOUNCED_FOR = timedelta(minutes=2)
"""How long a key is published before it signs, so that every process and every client knows it by then."""
KEPT_FOR = timedelta(minutes=20)
"""How long a replaced key still verifies: longer than any token that it signed is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPeriod:
    """A key's beginning."""

    kid: str
    signs_from: datetime
    ends_others: bool = False
    """Whether older keys count no longer from then on, because one of them leaked."""


class SigningPeriods(Protocol):
    """The keys that rotations began."""

    async def all(self) -> Sequence[SigningPeriod]:
        """Return all of them, in any order."""
        ...

    async def add(self, period: SigningPeriod) -> None:
        """Store another one. One that ends others also withdraws those that are announced and did not begin."""
        ...


def keys_at(periods: Sequence[SigningPeriod], first: str, now: datetime) -> tuple[str, tuple[str, ...]]:
    """Return the key that signs at a time, and all keys that verify.

    Args:
        periods: of all rotations.
        first: the key from before any rotation.
        now: the time.
    """
    begun = sorted((each for each in periods if each.signs_from <= now), key=lambda each: (each.signs_from, each.kid))
    known = [(first, None), *((each.kid, each) for each in begun)]
    kept: list[str] = []
    for number, (kid, _) in enumerate(known):
        later = [period for _, period in known[number + 1 :] if period is not None]
        is_ended = any(each.ends_others for each in later)
        is_replaced = bool(later) and now - later[0].signs_from >= KEPT_FOR
        if not is_ended and not is_replaced:
            kept.append(kid)
    coming = [each.kid for each in periods if each.signs_from > now]
    return known[-1][0], (*kept, *coming)
