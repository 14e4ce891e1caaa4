"""Answers go to standard output, in every encoding, and a reader that leaves early is no failure."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from infra.analysis.tables import open_tables
from tests.integration.cli.commands import zyenta

SIGNS = "select 'Łódź … 日本' as x, chr(27) || '[31mred' || chr(8238) as y"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of no events: queries run on it without any server."""
    path: Path = tmp_path_factory.mktemp("export") / "events.parquet"
    with open_tables() as tables:
        tables.write_parquet(path, by_day=False)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_query_answers_in_every_encoding(tmp_path: Path, export: Path, encoding: str) -> None:
    ask = ("log", "query", SIGNS, "--from", str(export))
    for_programs = zyenta(tmp_path, *ask, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(for_programs.printed)["rows"] == [{"x": "Łódź … 日本", "y": "\x1b[31mred\u202e"}]
    for_people = zyenta(tmp_path, *ask, PYTHONIOENCODING=encoding)
    assert (for_people.status, for_people.told) == (0, "")
    assert r"\x1b[31mred\u202e" in for_people.printed
    assert ("Łódź … 日本" if encoding == "utf-8" else "...") in for_people.printed


@pytest.mark.parametrize(
    ("rows", "mode", "reader"),
    [
        ("select range, repeat('x', 1000) from range(200)", "", "head -c 1"),
        ("select * from range(200000)", "--json", "head -c 1"),
        ("select 1", "--json", "true"),
    ],
)
def test_a_reader_that_has_enough_is_no_failure(
    tmp_path: Path, export: Path, rows: str, mode: str, reader: str
) -> None:
    ask = shlex.join([sys.executable, "-m", "infra.cli", "log", "query", rows, "--from", str(export)])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {ask} {mode} | {reader}"],
        env={**os.environ, "ZYENTA_DATA_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_an_answer_for_people_is_on_standard_output(tmp_path: Path) -> None:
    done = zyenta(tmp_path, "schemas", "check")
    assert done.status == 0
    assert done.printed.startswith("Good.")
    assert done.told == ""


def test_a_time_is_said_back_with_its_zone_and_nonsense_is_refused(tmp_path: Path, export: Path) -> None:
    ask = ("log", "query", "select 1", "--from", str(export))
    done = zyenta(tmp_path, *ask, "--since", "20261128", "--until", "2026-11-29T01:00+01:00")
    assert done.status == 0
    assert "--since: 2026-11-28 00:00:00 UTC\n" in done.told
    assert "--until: 2026-11-29 01:00:00+01:00 (2026-11-29 00:00:00 UTC)\n" in done.told
    for since in ("999999w", "yesterday"):
        refused = zyenta(tmp_path, *ask, "--since", since)
        assert (refused.status, refused.printed) == (1, "")
        assert refused.told.startswith(f"zyenta: '{since}' is ")
        assert "Traceback" not in refused.told
    backwards = zyenta(tmp_path, *ask, "--since", "2026-11-29", "--until", "2026-11-28")
    assert backwards.told.startswith("zyenta: --until, 2026-11-28 00:00:00 UTC, is not after --since")
