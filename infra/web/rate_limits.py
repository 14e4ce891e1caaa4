"""Rate limits of callers, counted in the memory of a process (GCRA: one number for each caller)."""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

REMEMBERED_MOST = 100_000
"""The most callers that are remembered. Above it, those that may call at once are forgotten."""
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit: ``burst`` requests at once, then ``per_second``."""

    burst: int
    per_second: float


class RequestCounter(Generic[K]):
    """Counts callers' requests of several kinds.

    Args:
        rates: the limit of each kind.
        factor: multiplies every limit; 0 switches the limits off.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, rates: Mapping[K, Rate], factor: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self.is_off = factor == 0
        self._now = now
        self._arrivals: dict[tuple[K, Hashable], float] = {}
        # Seconds between two requests, and seconds that a burst may be ahead.
        self._rates = {
            kind: (1 / (rate.per_second * factor), rate.burst / rate.per_second)
            for kind, rate in rates.items()
            if factor
        }

    def take(self, kind: K, caller: Hashable) -> float:
        """Count a request. Return the seconds to wait; 0 if it is granted."""
        if self.is_off:
            return 0.0
        interval, tolerance = self._rates[kind]
        now, key = self._now(), (kind, caller)
        arrival = self._arrivals.get(key, now)
        if arrival < now:
            arrival = now
        ahead = arrival + interval - now
        if ahead > tolerance:
            return ahead - tolerance
        self._arrivals[key] = arrival + interval
        if len(self._arrivals) > REMEMBERED_MOST:
            self._forget(now)
        return 0.0

    def __len__(self) -> int:
        """Return how many callers are remembered."""
        return len(self._arrivals)

    def _forget(self, now: float) -> None:
        kept = {key: arrival for key, arrival in self._arrivals.items() if arrival > now}
        # A flood from very many addresses: those that asked most stay limited.
        if len(kept) > REMEMBERED_MOST // 2:
            most = sorted(kept.items(), key=lambda item: item[1], reverse=True)[: REMEMBERED_MOST // 2]
            kept = dict(most)
        self._arrivals = kept
