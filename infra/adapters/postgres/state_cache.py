"""An in-memory cache of aggregates' states."""

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

from commands.ports import Loaded


class CachedState(NamedTuple):
    """A stream's state and the version of its last snapshot."""

    fingerprint: str
    """Fingerprint of the state's shape; see ``snapshots.StateShape``."""
    loaded: Loaded
    snapshot_version: int
    """Version of the last snapshot; 0 if there is none."""


class StateCache:
    """A segmented LRU cache: streams used once do not evict streams that are used again.

    Most streams are new and not used again soon. A new stream is on probation; its first use protects it. Only streams
    on probation are evicted, and a protected stream that is used least returns to probation.
    """

    def __init__(self, size: int) -> None:
        """Make an empty cache.

        Args:
            size: the most streams held; a quarter of them on probation.
        """
        self._probation: OrderedDict[UUID, CachedState] = OrderedDict()
        self._protected: OrderedDict[UUID, CachedState] = OrderedDict()
        self._probation_size = -(-size // 4)
        self._protected_size = size - self._probation_size

    def get(self, stream_id: UUID) -> CachedState | None:
        """Return a stream's state and protect it from eviction; None if it is not cached."""
        known = self._protected.get(stream_id)
        if known is not None:
            self._protected.move_to_end(stream_id)
            return known
        known = self._probation.pop(stream_id, None)
        if known is not None:
            self._protected[stream_id] = known
            if len(self._protected) > self._protected_size:
                self._admit(*self._protected.popitem(last=False))
        return known

    def peek(self, stream_id: UUID) -> CachedState | None:
        """Return a stream's state without protecting it; None if it is not cached."""
        return self._protected.get(stream_id) or self._probation.get(stream_id)

    def put(self, stream_id: UUID, state: CachedState) -> None:
        """Store a stream's state, unless a later version is cached."""
        before = self.peek(stream_id)
        same_shape = before is not None and before.fingerprint == state.fingerprint
        if before is not None and same_shape and before.loaded.version > state.loaded.version:
            return  # of two concurrent commands, the earlier may return later
        if stream_id in self._protected:
            self._protected[stream_id] = state
        else:
            self._admit(stream_id, state)

    def drop(self, stream_id: UUID) -> None:
        """Remove a stream."""
        self._protected.pop(stream_id, None)
        self._probation.pop(stream_id, None)

    def clear(self) -> None:
        """Remove all streams."""
        self._protected.clear()
        self._probation.clear()

    def _admit(self, stream_id: UUID, state: CachedState) -> None:
        self._probation[stream_id] = state
        self._probation.move_to_end(stream_id)
        if len(self._probation) > self._probation_size:
            self._probation.popitem(last=False)
