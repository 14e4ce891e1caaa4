"""Answers go to standard output in every encoding, and a reader that leaves early is not a failure."""

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
    """An export without events: queries on it need no server."""
    path: Path = tmp_path_factory.mktemp("export") / "events.parquet"
    with open_tables() as tables:
        tables.write_parquet(path, by_day=False)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_query_answers_in_every_encoding(tmp_path: Path, export: Path, encoding: str) -> None:
    ask = ("log", "query", SIGNS, "--from", str(export))
    for_programs = zyenta(tmp_path, *ask, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(for_programs.stdout)["rows"] == [{"x": "Łódź … 日本", "y": "\x1b[31mred\u202e"}]
    for_people = zyenta(tmp_path, *ask, PYTHONIOENCODING=encoding)
    assert (for_people.status, for_people.stderr) == (0, "")
    assert r"\x1b[31mred\u202e" in for_people.stdout
    assert ("Łódź … 日本" if encoding == "utf-8" else "...") in for_people.stdout


@pytest.mark.parametrize(
    ("rows", "mode", "reader"),
    [
        ("select range, repeat('x', 1000) from range(200)", "", "head -c 1"),
        ("select * from range(200000)", "--json", "head -c 1"),
        ("select 1", "--json", "true"),
    ],
)
def test_a_reader_that_leaves_early_is_not_a_failure(
    tmp_path: Path, export: Path, rows: str, mode: str, reader: str
) -> None:
    ask = shlex.join([sys.executable, "-m", "infra.cli", "log", "query", rows, "--from", str(export)])
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {ask} {mode} | {reader}"],
        env={**os.environ, "ZYENTA_DATA_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


def test_an_answer_for_people_is_on_standard_output(tmp_path: Path) -> None:
    result = zyenta(tmp_path, "schemas", "check")
    assert result.status == 0
    assert result.stdout.startswith("Good.")
    assert result.stderr == ""


def test_a_time_is_echoed_with_its_zone_and_an_invalid_one_is_rejected(tmp_path: Path, export: Path) -> None:
    ask = ("log", "query", "select 1", "--from", str(export))
    result = zyenta(tmp_path, *ask, "--since", "20261128", "--until", "2026-11-29T01:00+01:00")
    assert result.status == 0
    assert "--since: 2026-11-28 00:00:00 UTC\n" in result.stderr
    assert "--until: 2026-11-29 01:00:00+01:00 (2026-11-29 00:00:00 UTC)\n" in result.stderr
    for since in ("999999w", "yesterday"):
        refused = zyenta(tmp_path, *ask, "--since", since)
        assert (refused.status, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"zyenta: Invalid time '{since}'")
        assert "Traceback" not in refused.stderr
    backwards = zyenta(tmp_path, *ask, "--since", "2026-11-29", "--until", "2026-11-28")
    assert backwards.stderr.startswith("zyenta: Invalid --until 2026-11-28 00:00:00 UTC: it is not after --since")
