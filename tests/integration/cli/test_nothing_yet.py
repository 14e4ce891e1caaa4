"""Commands that look into a platform say where there is nothing, and leave nothing there."""

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
def test_where_no_platform_ever_ran_a_command_says_so_and_leaves_nothing(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    nowhere = tmp_path / "data"
    done = zyenta(nowhere, *command)
    assert (done.status, done.told.count("\n")) == (1, 1), done.told
    assert done.told.startswith(f"zyenta: There is nothing in {nowhere} yet. Start a platform there with “zyenta up”, ")
    assert not nowhere.exists()


async def test_where_servers_were_started_and_no_service_ever_a_command_says_what_is_missing(tmp_path: Path) -> None:
    supervisor = supervisor_of(Settings(_env_file=None, data_dir=tmp_path / "data"))
    await supervisor.start(())
    try:
        listed = zyenta(tmp_path / "data", "projections", "list")
        assert (listed.status, listed.told.count("\n")) == (1, 1), listed.told
        assert listed.told.startswith("zyenta: The broker has no topic zyenta.events.")
        sought = zyenta(tmp_path / "data", "shoppers", "find", "robin@example.com")
        assert (sought.status, sought.told.count("\n")) == (1, 1), sought.told
        assert sought.told.startswith("zyenta: The read model of orders is not there yet.")
    finally:
        await supervisor.stop()
