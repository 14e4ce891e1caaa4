"""The journal of the broker's state besides records: JSON lines, each appended before it takes effect."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
"""One change; ``kind`` is its type."""

_REWRITE_BYTES = 8 * 1024 * 1024


class Journal:
    """An append-only file that is compacted to a snapshot at each start and when it has grown.

    A line reaches the operating system before ``append`` returns, so it survives SIGKILL. A line that a kill cut off never
    took effect and is ignored.

    Args:
        path: the file.
        snapshot: returns the current state as entries.
    """

    def __init__(self, path: Path, snapshot: Callable[[], Iterable[Entry]]) -> None:
        self._path = path
        self._snapshot = snapshot
        self._file = -1
        self._rewrite_at = _REWRITE_BYTES
        self._size = 0

    def replay(self) -> Iterator[Entry]:
        """Yield every entry, oldest first."""
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def append(self, kind: str, **fields: Any) -> None:
        """Append one entry."""
        line = _line({"kind": kind, **fields})
        os.write(self._file, line)
        self._size += len(line)
        if self._size > self._rewrite_at:
            self.rewrite()

    def rewrite(self) -> None:
        """Replace the file by a snapshot, atomically."""
        unfinished = self._path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(_line(entry) for entry in self._snapshot())
        unfinished.rename(self._path)
        self.close()
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._size = self._path.stat().st_size
        self._rewrite_at = max(_REWRITE_BYTES, 4 * self._size)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
