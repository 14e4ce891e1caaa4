"""Runs ``zyenta`` as a person does."""

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
class Done:
    """What a command left."""

    status: int
    printed: str
    """For programs, or the result."""
    told: str
    """For people."""


def zyenta(data_dir: Path, *arguments: str, answer: str | None = None, **given: str) -> Done:
    """Run a command with nothing configured but what is given.

    Args:
        data_dir: where its platform is.
        arguments: the command.
        answer: what the person types; None: there is nobody.
        given: environment variables.
    """
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        env=environment_of(data_dir, **given), input=answer or "", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def environment_of(data_dir: Path, **given: str) -> Mapping[str, str]:
    """Return an environment that configures nothing but this data directory, free ports, and what is given."""
    kept = {name: value for name, value in os.environ.items() if name not in variables()}
    ports = {f"ZYENTA_{name.upper()}_PORT": str(free_port()) for name in WEB}
    return {**kept, **ports, "ZYENTA_DATA_DIR": str(data_dir), **given}
