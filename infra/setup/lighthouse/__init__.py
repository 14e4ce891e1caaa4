"""Installation of Lighthouse, which measures pages in Chromium, from the npm registry."""

from pathlib import Path

from infra.setup.npm import ensure_npm

VERSION = "12.8.2"
"""The last version for Node 18 to 22; version 13 wants Node 22.19."""
_NAME = f"lighthouse-{VERSION}"
_PROGRAM = "node_modules/lighthouse/cli/index.js"


def ensure_lighthouse() -> Path:
    """Return the path of the program. Install it if it is missing.

    The folder of this module has ``package.json``. It pins a package that another one wants as “latest”, which no lock
    file can hold.

    Raises:
        NpmUnavailable: there is no npm here, or the registry did not answer.
    """
    return ensure_npm(_NAME, Path(__file__).parent, _PROGRAM) / _PROGRAM
