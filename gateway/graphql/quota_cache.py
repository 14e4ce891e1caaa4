"""A bounded cache in which no owner can evict more than its own share."""

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A maximum number and weight of entries."""

    entries: int
    weight: int
    """In the cache's own unit, characters for example."""


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    weight: int
    owner: Hashable


class QuotaCache(Generic[V]):
    """Caches values by key and evicts the least recently used.

    An owner whose share is full evicts its own entries. When the whole cache is full, the owner with the largest part
    loses an entry. Many owners together therefore cannot evict one with few entries. Anonymous callers are one owner,
    ``None``, with a separate share. The first known owner that uses an anonymous entry takes it over.

    Args:
        total: the quota of all entries.
        share: the quota of each known owner.
        anonymous_share: the quota of all anonymous callers together.
    """

    def __init__(self, *, total: Quota, share: Quota, anonymous_share: Quota) -> None:
        self._total, self._share, self._anonymous_share = total, share, anonymous_share
        self._entries: dict[str, _Entry[V]] = {}
        self._by_owner: dict[Hashable, OrderedDict[str, None]] = {}
        self._weights: Counter[Hashable] = Counter()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def weight(self) -> int:
        """Weight of all entries."""
        return self._weight

    def get(self, key: str, owner: Hashable | None) -> V | None:
        """Return a value and mark it as used. None if the key is not cached."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.owner is None and owner is not None:
            self.put(key, entry.value, entry.weight, owner)
        else:
            self._by_owner[entry.owner].move_to_end(key)
        return entry.value

    def put(self, key: str, value: V, weight: int, owner: Hashable | None) -> None:
        """Cache a value. No-op if it is larger than the owner's share."""
        share = self._anonymous_share if owner is None else self._share
        if weight > min(share.weight, self._total.weight):
            return
        self._remove(key)
        owned = self._by_owner.get(owner, ())
        while owned and (len(owned) >= share.entries or self._weights[owner] + weight > share.weight):
            self._remove(next(iter(owned)))
        while self._entries and (
            len(self._entries) >= self._total.entries or self._weight + weight > self._total.weight
        ):
            self._remove(next(iter(self._by_owner[self._largest_owner(owner, weight)])))
        self._entries[key] = _Entry(value, weight, owner)
        self._by_owner.setdefault(owner, OrderedDict())[key] = None
        self._weights[owner] += weight
        self._weight += weight

    def _largest_owner(self, adding: Hashable, weight: int) -> Hashable:
        """Return the owner with the largest part after adding an entry. The adding owner wins a tie."""

        def part(owner: Hashable) -> tuple[float, bool]:
            entries, weights = len(self._by_owner[owner]), self._weights[owner]
            if owner == adding:
                entries, weights = entries + 1, weights + weight
            return entries / self._total.entries + weights / self._total.weight, owner == adding

        return max(self._by_owner, key=part)

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._weight -= entry.weight
        self._weights[entry.owner] -= entry.weight
        owned = self._by_owner[entry.owner]
        del owned[key]
        if not owned:
            del self._by_owner[entry.owner], self._weights[entry.owner]
