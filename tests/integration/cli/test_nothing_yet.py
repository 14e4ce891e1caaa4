"""Reading commands report a missing platform and create nothing in its data directory."""

from pathlib import Path

import pytest

from infra.cli.platform_settings import supervisor_of
from infra.settings import Settings
from tests.integration.cli.commands import zyenta

READING = [
    ("projections", "list"),
    ("shoppers", "find", "robin@example.com"),
    ("log", "query", "show tables"),
    ("log", "verify"),
    ("dlq", "list"),
]


@pytest.mark.parametrize("command", READING)
def test_a_command_reports_an_unused_data_directory_and_creates_nothing(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    nowhere = tmp_path / "data"
    result = zyenta(nowhere, *command)
    assert (result.status, result.stderr.count("\n")) == (1, 1), result.stderr
    assert result.stderr.startswith(f"zyenta: There is no platform in {nowhere} yet. Start one with “zyenta up”, ")
    assert not nowhere.exists()


async def test_a_command_names_what_is_missing_if_no_service_ever_ran(tmp_path: Path) -> None:
    supervisor = supervisor_of(Settings(_env_file=None, data_dir=tmp_path / "data"))
    await supervisor.start(())
    try:
        listed = zyenta(tmp_path / "data", "projections", "list")
        assert (listed.status, listed.stderr.count("\n")) == (1, 1), listed.stderr
        assert listed.stderr.startswith("zyenta: The broker has no topic zyenta.events.")
        sought = zyenta(tmp_path / "data", "shoppers", "find", "robin@example.com")
        assert (sought.status, sought.stderr.count("\n")) == (1, 1), sought.stderr
        assert sought.stderr.startswith("zyenta: The read model of orders does not exist yet.")
    finally:
        await supervisor.stop()
