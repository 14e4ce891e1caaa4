"""The documents name only what exists, and the index names every decision."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DECISIONS = ROOT / "infra" / "decisions"
ARCHITECTURE = (DECISIONS / "architecture.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_]+/[\w/.]*)`", ARCHITECTURE))))
def test_the_architecture_page_names_only_what_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_]+/[\w/.]*)`", CONTRIBUTING))))
def test_the_contributing_page_names_only_what_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_index_has_every_decision_with_its_title_and_what_changed_it() -> None:
    index = (DECISIONS / "README.md").read_text("utf-8")
    paths = sorted(DECISIONS.glob("[0-9]*.md"))
    assert re.findall(r"^\* (.*)$", index, re.MULTILINE) == [_entry(path) for path in paths]
    unused = set(re.findall(r"\d{4}", index.split("\n* ")[0]))
    assert unused
    assert unused.isdisjoint(path.name[:4] for path in paths)


def _entry(path: Path) -> str:
    title = path.read_text("utf-8").splitlines()[0].split(". ", 1)[1]
    changed = [part.strip() for part in _status(path).split(";")[1:] if re.search("(replaced|changed) by", part)]
    return ": ".join((f"[{path.name[:4]}: {title}]({path.name})", *changed))


def test_a_decision_that_changes_another_is_named_by_it() -> None:
    status = {path.name[:4]: _status(path) for path in DECISIONS.glob("[0-9]*.md")}
    changed = re.compile(r"(?:replaces|changes)[^.;]*", re.IGNORECASE)
    for number, text in status.items():
        for earlier in {name for part in changed.findall(text) for name in re.findall(r"\d{4}", part) if name < number}:
            assert number in status[earlier], f"{earlier} does not say that {number} changes it"


def _status(path: Path) -> str:
    return next(line for line in path.read_text("utf-8").splitlines() if line.startswith("Status: ")).replace(
        " 2026", ""
    )


def test_make_help_lists_every_target_with_a_description() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
