"""Where programs and models that are not Python packages are kept."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return their folder, outside the checkout so that all checkouts share it. It may not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zyenta"
