"""Files that only their owner may read: the data directory has keys, passwords and personal data."""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
PRIVATE_UMASK = 0o077
PASSABLE_FOLDER = 0o711
"""For a server that runs as another user and must pass through to its data."""
_OTHERS = 0o077

logger = logging.getLogger(__name__)


def open_private(path: Path, flags: int) -> IO[bytes]:
    """Open a file for writing that only its owner may read. Create it if it does not exist.

    Args:
        path: the file.
        flags: flags for :func:`os.open` in addition to ``O_CREAT``.

    Raises:
        OSError: the file cannot be opened.
    """
    return os.fdopen(os.open(path, flags | os.O_CREAT, PRIVATE_FILE), "ab" if flags & os.O_APPEND else "wb")


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically by one that only its owner may read.

    Raises:
        OSError: the file cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with open_private(unfinished, os.O_WRONLY | os.O_EXCL) as file:
        file.write(text.encode())
    unfinished.replace(path)


def close_data_directory(directory: Path, own: Iterable[str], *, folder_mode: int = PRIVATE_FOLDER) -> None:
    """Remove the access of other users that an earlier version or a loose umask has left.

    Changes only the platform's own files, because the setting may name a shared directory. The mode of a shared directory
    stays, and a warning is logged.

    Args:
        directory: the data directory.
        own: names of the platform's files in it.
        folder_mode: mode of the directory itself.
    """
    names = frozenset(own)
    shared = [entry.name for entry in directory.iterdir() if entry.name not in names]
    if shared and stat.S_IMODE(directory.stat().st_mode) & _OTHERS:
        logger.warning(
            "%s also contains %s, so it stays open to other users. Give the platform its own directory.",
            directory,
            min(shared),
        )
    elif not shared:
        _set_mode(directory, folder_mode)
    for name in names:
        for path in _tree(directory / name):
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & _OTHERS:
                _set_mode(path, stat.S_IMODE(mode) & ~_OTHERS)


def _tree(path: Path) -> Iterator[Path]:
    """Yield a path and all below it, except for PostgreSQL's cluster, which is private already."""
    if not os.path.lexists(path):
        return
    yield path
    if path.is_symlink() or not path.is_dir():
        return
    for folder, folders, files in os.walk(path):
        if "PG_VERSION" in files:
            folders.clear()
            continue
        yield from (Path(folder) / name for name in (*folders, *files))


def _set_mode(path: Path, mode: int) -> None:
    try:
        if stat.S_IMODE(path.stat().st_mode) != mode:
            path.chmod(mode)
    except FileNotFoundError:
        return  # deleted since
    except PermissionError as error:
        logger.warning("%s cannot be closed to other users: %s.", path, error.strerror)
