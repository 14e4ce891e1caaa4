"""Installation of programs for Node from the npm registry, each in a folder of its own. npm verifies every digest."""

import shutil
import subprocess
from pathlib import Path

from infra.program_cache import cache_folder

INSTALL_SECONDS = 300


class NpmUnavailable(Exception):
    """A program could not be installed; the message says why."""


def npm_folder(name: str) -> Path:
    """Return the folder of a program. It may not exist yet.

    Args:
        name: the program with its version, so that another version gets another folder.
    """
    return cache_folder() / name


def ensure_npm(name: str, pins: Path, program: str) -> Path:
    """Return the folder of a program. Install it if it is missing.

    Args:
        name: see :func:`npm_folder`.
        pins: the folder of ``package.json`` and ``package-lock.json``.
        program: a file below the folder that shows that the program is installed.

    Raises:
        NpmUnavailable: there is no npm here, or the registry did not answer.
    """
    folder = npm_folder(name)
    if (folder / program).exists():
        return folder
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NpmUnavailable("there is no Node with npm on this machine; install Node 20 or later")
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "package-lock.json"):
        shutil.copyfile(pins / file, folder / file)
    try:
        installed = subprocess.run(  # noqa: S603 - our own arguments
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NpmUnavailable(f"npm did not finish: {error}") from error
    if installed.returncode:
        raise NpmUnavailable((installed.stderr.strip().splitlines() or ["npm ci failed"])[0])
    return folder
