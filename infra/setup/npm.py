"""Programs for Node from the npm registry, each in a folder of its own. npm verifies every digest."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.program_cache import cache_folder

INSTALL_SECONDS = 300


class NpmUnavailable(Exception):
    """A program could not be installed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmProgram:
    """A program of one version. Another version has another folder, so both may be installed."""

    name: str
    version: str
    entry: str
    """A file below the folder, which is there once the program is installed."""
    pins: Path
    """The folder of ``package.json`` and ``package-lock.json``."""

    @property
    def folder(self) -> Path:
        """The program's folder. It may not exist yet."""
        return cache_folder() / f"{self.name}-{self.version}"

    @property
    def path(self) -> Path:
        """The path of the entry. The file may not exist yet."""
        return self.folder / self.entry

    def ensure(self) -> Path:
        """Return the path of the entry. Install the program if it is missing.

        Raises:
            NpmUnavailable: there is no npm here, or the registry did not answer.
        """
        if self.path.exists():
            return self.path
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise NpmUnavailable("there is no Node with npm on this machine; install Node 20 or later")
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(self.pins / file, self.folder / file)
        try:
            installed = subprocess.run(  # noqa: S603 - our own arguments
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NpmUnavailable(f"npm did not finish: {error}") from error
        if installed.returncode:
            raise NpmUnavailable((installed.stderr.strip().splitlines() or ["npm ci failed"])[0])
        return self.path
