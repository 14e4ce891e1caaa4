"""Installation of the TypeScript compiler, which checks the generated client, from the npm registry."""

from pathlib import Path

from infra.setup.npm import ensure_npm, npm_folder

VERSION = "5.9.3"
"""The last version that is written in JavaScript; later ones are programs for each processor."""
_NAME = f"typescript-{VERSION}"
_PROGRAM = "node_modules/typescript/bin/tsc"


def compiler_path() -> Path:
    """Return the path of the program. The file may not exist yet."""
    return npm_folder(_NAME) / _PROGRAM


def ensure_typescript() -> Path:
    """Return the path of the program. Install it if it is missing.

    Raises:
        NpmUnavailable: there is no npm here, or the registry did not answer.
    """
    return ensure_npm(_NAME, Path(__file__).parent, _PROGRAM) / _PROGRAM
