"""``zyenta`` run as a command in a process of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.platforms.up import ZYENTA, environment_of


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
        [*ZYENTA, *arguments],
        env=environment_of(data_dir, **variables), input=answer or "", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return CommandResult(result.returncode, result.stdout, result.stderr)
