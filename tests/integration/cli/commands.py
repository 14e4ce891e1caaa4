"""``zyenta`` run as a command in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.process import free_port
from infra.embedded.services import WEB
from infra.settings import variables


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Exit status and output of a command."""

    status: int
    stdout: str
    """The answer."""
    stderr: str
    """Progress, notes and errors."""


def zyenta(data_dir: Path, *arguments: str, answer: str | None = None, **variables: str) -> CommandResult:
    """Run a command; only the data directory and ``variables`` are configured.

    Args:
        data_dir: the data directory of the platform.
        arguments: the command.
        answer: text for its prompts; None if there is no answer.
        variables: environment variables.
    """
    result = subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env=environment_of(data_dir, **variables), input=answer or "", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return CommandResult(result.returncode, result.stdout, result.stderr)


def environment_of(data_dir: Path, **extra: str) -> Mapping[str, str]:
    """Return an environment that configures only this data directory, free ports, and ``extra``."""
    inherited = {name: value for name, value in os.environ.items() if name not in variables()}
    ports = {f"ZYENTA_{name.upper()}_PORT": str(free_port()) for name in WEB}
    return {**inherited, **ports, "ZYENTA_DATA_DIR": str(data_dir), **extra}
