"""States of streams, kept in memory for the next command."""

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

from commands.ports import Loaded


class Remembered(NamedTuple):
    """What is known of a stream."""

    fingerprint: str
    """Of the state's shape."""
    loaded: Loaded
    snapshot_version: int
    """Version of the last snapshot; 0 if there is none."""


class StateCache:
    """Remembers the streams of late commands; those used once do not push out those used again.

    Most streams are new ones that nobody comes back to soon. A stream is on trial until it is asked for, and only those
    on trial make way for new ones (a segmented LRU).
    """

    def __init__(self, size: int) -> None:
        """Make an empty one.

        Args:
            size: how many streams; a quarter of them on trial.
        """
        self._trial: OrderedDict[UUID, Remembered] = OrderedDict()
        self._proven: OrderedDict[UUID, Remembered] = OrderedDict()
        self._on_trial_most = -(-size // 4)
        self._proven_most = size - self._on_trial_most

    def use(self, stream_id: UUID) -> Remembered | None:
        """Return what is known of a stream, and keep it longer."""
        known = self._proven.get(stream_id)
        if known is not None:
            self._proven.move_to_end(stream_id)
            return known
        known = self._trial.pop(stream_id, None)
        if known is not None:
            self._proven[stream_id] = known
            if len(self._proven) > self._proven_most:
                self._try(*self._proven.popitem(last=False))
        return known

    def look(self, stream_id: UUID) -> Remembered | None:
        """Return what is known of a stream."""
        return self._proven.get(stream_id) or self._trial.get(stream_id)

    def keep(self, stream_id: UUID, known: Remembered) -> None:
        """Remember a stream, unless something later is known of it."""
        before = self.look(stream_id)
        same_shape = before is not None and before.fingerprint == known.fingerprint
        if before is not None and same_shape and before.loaded.version > known.loaded.version:
            return  # of two commands at once, the earlier may hear later of its success
        if stream_id in self._proven:
            self._proven[stream_id] = known
        else:
            self._try(stream_id, known)

    def forget(self, stream_id: UUID) -> None:
        """Know nothing of a stream."""
        self._proven.pop(stream_id, None)
        self._trial.pop(stream_id, None)

    def clear(self) -> None:
        """Know nothing."""
        self._proven.clear()
        self._trial.clear()

    def _try(self, stream_id: UUID, known: Remembered) -> None:
        self._trial[stream_id] = known
        self._trial.move_to_end(stream_id)
        if len(self._trial) > self._on_trial_most:
            self._trial.popitem(last=False)
