"""Where programs and models that are not Python packages are kept."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return their folder, outside the checkout so that all checkouts share it. It may not exist yet.

    A user whose own caches cannot be written, as with a read-only home, has it in the virtual environment.
    """
    configured = os.environ.get("XDG_CACHE_HOME")
    if configured:
        return Path(configured) / "zyenta"
    shared = Path.home() / ".cache" / "zyenta"
    return shared if _may_be_written(shared) else Path(sys.prefix) / "cache" / "zyenta"


def _may_be_written(folder: Path) -> bool:
    """Whether this user may write into a folder, or create it."""
    first = next(each for each in (folder, *folder.parents) if each.exists())
    return first.is_dir() and os.access(first, os.W_OK | os.X_OK)
