"""Installation of emulate, which stands in for Google and GitHub in tests, from the npm registry."""

from pathlib import Path

from infra.setup.npm import ensure_npm, npm_folder

VERSION = "0.11.2"
_NAME = f"emulate-{VERSION}"
_PROGRAM = "node_modules/emulate/dist/index.js"


def emulate_path() -> Path:
    """Return the path of the program. The file may not exist yet."""
    return npm_folder(_NAME) / _PROGRAM


def ensure_emulate() -> Path:
    """Return the path of the program. Install it if it is missing.

    Raises:
        NpmUnavailable: there is no npm here, or the registry did not answer.
    """
    return ensure_npm(_NAME, Path(__file__).parent, _PROGRAM) / _PROGRAM
