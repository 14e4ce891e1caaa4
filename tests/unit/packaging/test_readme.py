"""The README and the manual name only existing commands, settings, files and names of the schema."""

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
MANUAL = sorted((ROOT / "infra" / "manual").glob("*.md"))
TEXT = "\n".join(path.read_text("utf-8") for path in [ROOT / "README.md", *MANUAL])
CODE = re.findall(r"```.*?```|`[^`\n]+`|^    [^\n]+$", TEXT, re.DOTALL | re.MULTILINE)
SCHEMA = (ROOT / "schemas" / "schema.graphql").read_text("utf-8")
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
        for path in re.findall(
            r"`((?:[a-z_]+/)+[\w.]*|[A-Z]?\w*\.(?:yaml|toml|py|md)|Dockerfile|\.env\.example)`", line
        ):
            if path not in {"zyenta.events", "/asyncapi.yaml"}:
                assert (ROOT / path).exists(), path


def test_the_readme_names_every_page_of_the_manual() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [path.name for path in MANUAL if f"`infra/manual/{path.name}`" not in readme] == []


def test_every_field_it_names_is_in_the_schema() -> None:
    words = set(re.findall(r"\w+", SCHEMA))
    named = {name for line in CODE for name in re.findall(r"^`(?:[A-Z]\w+\.)?([a-z]+[A-Z]\w+)(?:\(.*\))?`$", line)}
    assert len(named) > 40
    assert named <= words


def test_every_decision_it_names_exists() -> None:
    named = {number for part in re.findall(r"ADR [\d, and]+", TEXT) for number in re.findall(r"\d{4}", part)}
    assert named <= {path.name[:4] for path in (ROOT / "infra" / "decisions").glob("[0-9]*.md")}
