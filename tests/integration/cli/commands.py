"""``zyenta`` run as a command in a process of its own."""

from pathlib import Path

from tests.support.platforms.up import environment_of
from tests.support.servers.command_line import CommandResult, run_command

__all__ = ["CommandResult", "zyenta"]


def zyenta(data_dir: Path, *arguments: str, answer: str | None = None, **variables: str) -> CommandResult:
    """Run a command; only the data directory and ``variables`` are configured.

    Args:
        data_dir: the data directory of the platform.
        arguments: the command.
        answer: text for its prompts; None if there is no answer.
        variables: environment variables.
    """
    return run_command(arguments, environment=environment_of(data_dir, **variables), answer=answer or "")
