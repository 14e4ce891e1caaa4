"""The README names only existing commands, settings and files."""

import re
from pathlib import Path
from typing import get_args

import pytest
import typer.main

from infra.cli import command_line
from infra.embedded.logbroker.wire import ErrorCode
from infra.settings import variables
from schemas.internal.broker_address import Protocol

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
CODE = re.findall(r"```.*?```|`[^`\n]+`|^    .+$", README, re.DOTALL | re.MULTILINE)
COMMANDS = typer.main.get_command(command_line()).commands  # type: ignore[attr-defined]


def commands_in(line: str) -> set[tuple[str, ...]]:
    """Return the commands that a line of code names; ``log tail | export`` are two."""
    found: set[tuple[str, ...]] = set()
    for text in re.findall(r"zyenta ((?:[a-z]+)[^\n`]*)", line):
        first = text.split()[0]
        alternatives = [part.split()[0] for part in text.split(" | ")]
        if first in COMMANDS and hasattr(COMMANDS[first], "commands"):
            rest = text.split(maxsplit=1)[1:]
            found |= {(first, part.split()[0]) for part in (rest[0].split(" | ") if rest else ())}
        else:
            found |= {(name,) for name in alternatives if name.isalpha()}
    return found


@pytest.mark.parametrize("command", sorted(set().union(*(commands_in(line) for line in CODE))))
def test_every_command_it_names_exists(command: tuple[str, ...]) -> None:
    assert command[0] in COMMANDS
    if len(command) > 1:
        assert command[1] in COMMANDS[command[0]].commands


def test_it_names_every_command() -> None:
    named = {command[0] for line in CODE for command in commands_in(line)}
    assert set(COMMANDS) <= named


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for line in CODE for target in re.findall(r"make ([a-z]+)", line)}
    assert {"demo", "test"} <= named <= targets


def test_every_variable_it_names_is_a_setting_or_a_switch_of_the_tests() -> None:
    named = {name for line in CODE for name in re.findall(r"\b[A-Z0-9]+(?:_[A-Z0-9]+)+\b", line)}
    said_by_brokers = {code.name for code in ErrorCode} | set(get_args(Protocol))
    assert named - variables() - said_by_brokers <= {
        "ZYENTA_REQUIRE_ALL",
        "POSTGRES_PASSWORD",
        "HTTP_PROXY",
    }


def test_every_folder_and_file_it_names_exists() -> None:
    for line in CODE:
        for path in re.findall(r"`((?:[a-z_]+/)+[\w.]*|[A-Z]?\w*\.(?:yaml|toml|py)|Dockerfile|\.env\.example)`", line):
            if path not in {"zyenta.events", "/asyncapi.yaml"}:
                assert (ROOT / path).exists(), path
