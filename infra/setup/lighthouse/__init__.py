"""Installation of Lighthouse, which measures pages in Chromium, from the npm registry; npm verifies every package's digest."""

import os
import shutil
import subprocess
from pathlib import Path

VERSION = "12.8.2"
"""The last version for Node 18 to 22; version 13 wants Node 22.19."""
HERE = Path(__file__).parent
"""Also the folder of ``package.json``. It pins a package that another one wants as “latest”, which no lock file can hold."""
INSTALL_SECONDS = 300


class LighthouseUnavailable(Exception):
    """Lighthouse could not be installed; the message says why."""


def lighthouse_path() -> Path:
    """Return the path of the program. The file may not exist yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "zyenta" / f"lighthouse-{VERSION}" / "node_modules" / "lighthouse" / "cli" / "index.js"


def ensure_lighthouse() -> Path:
    """Return the path of the program. Install it if it is missing.

    Raises:
        LighthouseUnavailable: there is no npm here, or the registry did not answer.
    """
    path = lighthouse_path()
    if path.exists():
        return path
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise LighthouseUnavailable("there is no Node with npm on this machine; install Node 18.16 or later")
    folder = path.parents[3]
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, folder / name)
    installed = subprocess.run(  # noqa: S603 - our own arguments
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if installed.returncode:
        raise LighthouseUnavailable((installed.stderr.strip().splitlines() or ["npm ci failed"])[0])
    return path
