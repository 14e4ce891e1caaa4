"""``.env.example`` lists all settings with a comment and their defaults."""

import re
from pathlib import Path

import pytest

from infra.settings import Settings, variable_of, variables

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / ".env.example").read_text()
OFFERED = dict(re.findall(r"^#(\w+)=(.*)$", EXAMPLE, re.MULTILINE))
FOR_COMPOSE = {"POSTGRES_PASSWORD", "ANALYST_PASSWORD"}


def test_the_example_lists_exactly_all_settings() -> None:
    assert set(OFFERED) - FOR_COMPOSE == variables()


def test_settings_are_in_the_order_of_the_code() -> None:
    assert [name for name in OFFERED if name not in FOR_COMPOSE] == [
        variable_of(field) for field in Settings.model_fields
    ]


def test_every_setting_has_a_comment() -> None:
    for paragraph in EXAMPLE.strip().split("\n\n")[1:]:
        *comment, setting = paragraph.splitlines()
        assert comment, setting
        assert all(line.startswith("# ") for line in comment)
        assert re.fullmatch(r"#\w+=.*", setting)


def test_an_unchanged_copy_of_the_example_changes_nothing(tmp_path: Path) -> None:
    untouched = tmp_path / "env"
    untouched.write_text(EXAMPLE)
    assert Settings(_env_file=untouched) == Settings(_env_file=None)


def test_an_uncommented_empty_line_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    uncommented = tmp_path / "env"
    uncommented.write_text("".join(f"{name}=\n" for name in OFFERED))
    assert Settings(_env_file=uncommented) == Settings(_env_file=None)
    for name in variables():
        monkeypatch.setenv(name, "")
    assert Settings(_env_file=None).model_fields_set == set()


def test_the_shown_values_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    shown = tmp_path / "env"
    shown.write_text("\n".join(f"{name}={value}" for name, value in OFFERED.items() if value))
    assert Settings(_env_file=shown) == Settings(_env_file=None)
    hidden = {field for field in Settings.model_fields if not OFFERED[variable_of(field)]}
    assert all(not Settings.model_fields[field].default for field in hidden)
