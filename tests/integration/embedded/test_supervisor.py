"""A platform keeps its addresses over restarts, because photos, pages and scripts refer to them."""

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from infra.adapters.kafka.topic import ensure_topics, open_admin
from infra.cli.platform_settings import configured_settings, settings_from, settings_of_running, supervisor_of
from infra.embedded.addresses import Addresses
from infra.embedded.process import LOOPBACK, accepts_connections, free_port
from infra.embedded.services import WEB
from infra.embedded.supervisor import Supervisor, master_keys_of
from infra.settings import Settings, variables


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("ZYENTA_") or name in {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"}:
            monkeypatch.delenv(name)


def supervisor_on_free_ports(data_dir: Path, **configured: Any) -> Supervisor:
    """Return a supervisor that does not use the usual ports, which a platform next to the tests may have."""
    if not (data_dir / "ports.json").exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        ports = {name: [free_port()] for name in WEB if f"{name}_port" not in configured}
        (data_dir / "ports.json").write_text(json.dumps(ports))
    return supervisor_of(Settings(_env_file=None, data_dir=data_dir, **configured))


@asynccontextmanager
async def platform(data_dir: Path, **configured: Any) -> AsyncIterator[Settings]:
    """Run the services with addresses, and yield their settings."""
    supervisor = supervisor_on_free_ports(data_dir, **configured)
    await supervisor.start(WEB)
    try:
        await everything_answers(supervisor)
        yield settings_from(supervisor.environment)
    finally:
        await supervisor.stop()


async def everything_answers(supervisor: Supervisor) -> None:
    settings = settings_from(supervisor.environment)
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://{LOOPBACK}:{settings.gateway_port}/healthz")).json() == {"status": "ok"}
        assert (await client.get(f"http://{LOOPBACK}:{settings.storefront_port}/-/health")).text == "ok"
        assert (await client.get(f"http://{LOOPBACK}:{settings.sandbox_port}/v1/products")).status_code == 401


@contextmanager
def taken(*ports: int) -> Iterator[None]:
    """Occupy the ports, like another program."""
    held = [socket.create_server((LOOPBACK, port)) for port in ports]
    try:
        yield
    finally:
        for each in held:
            each.close()


def addresses(settings: Settings) -> dict[str, str | None]:
    return {
        "PostgreSQL": settings.database_url,
        "broker": settings.kafka_bootstrap_servers,
        "gateway": settings.gateway_url,
        "storefront": settings.storefront_domain,
        "sandbox": settings.sandbox_url,
    }


@pytest.mark.long
async def test_a_platform_keeps_its_ports_and_a_part_whose_port_is_taken_keeps_its_new_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with platform(tmp_path / "data") as first:
        assert first.sandbox_former_urls == []
    broker = int(str(first.kafka_bootstrap_servers).rpartition(":")[2])
    with taken(broker, first.sandbox_port), caplog.at_level(logging.WARNING):
        async with platform(tmp_path / "data") as second:
            before, now = addresses(first), addresses(second)
            assert {part for part in now if now[part] != before[part]} == {"broker", "sandbox"}
    warning = f"Port {first.sandbox_port} is taken: sandbox uses port {second.sandbox_port} now."
    assert warning in caplog.messages
    assert any(message.startswith(f"Port {broker} is taken") for message in caplog.messages)
    async with platform(tmp_path / "data") as third:
        assert addresses(third) == addresses(second)
        assert third.sandbox_former_urls == [first.sandbox_url]


async def test_configured_addresses_and_keys_are_used(tmp_path: Path) -> None:
    port = free_port()
    async with platform(
        tmp_path / "data",
        gateway_port=port,
        gateway_url="https://api.example",
        storefront_domain="shops.example",
        master_keys=["00" * 32],
    ) as settings:
        assert [key.get_secret_value() for key in settings.master_keys] == ["00" * 32]
        assert (settings.gateway_port, settings.gateway_url) == (port, "https://api.example")
        assert settings.storefront_domain == "shops.example"
        assert settings.storefront_port != port
        assert urlsplit(settings.sandbox_url).port == settings.sandbox_port


async def test_a_command_in_another_shell_finds_the_platform_s_settings(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir = tmp_path / "data"
    environment = {
        "ZYENTA_DATA_DIR": str(data_dir),
        "ZYENTA_MASTER_KEYS": "00" * 32,
        "DATABASE_URL": database,
        "S3_BUCKET": "pictures",
        "OPENAI_API_KEY": "",
        "ANTHROPIC_API_KEY": "",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    supervisor = supervisor_of(Settings(_env_file=None))
    await supervisor.start(())
    try:
        for name in environment:
            monkeypatch.delenv(name)
        monkeypatch.setenv("ZYENTA_DATA_DIR", str(data_dir))
        async with settings_of_running() as settings:
            assert [key.get_secret_value() for key in settings.master_keys] == ["00" * 32]
            assert (settings.database_url, settings.s3_bucket) == (database, "pictures")
            assert settings.kafka_bootstrap_servers == supervisor.environment["KAFKA_BOOTSTRAP_SERVERS"]
            assert settings.broker_address is not None
            await ensure_topics(settings.broker_address)
        async with open_admin(supervisor.readers_address) as analyst:
            assert "zyenta.events" in await analyst.list_topics()
        assert (data_dir / "running.json").stat().st_mode & 0o777 == 0o600
        assert {*json.loads((data_dir / "running.json").read_text())} <= variables()
        monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_of_this_shell")
        monkeypatch.setenv("ZYENTA_MASTER_KEYS", "11" * 32)
        configured = configured_settings()
        assert [key.get_secret_value() for key in configured.master_keys] == ["00" * 32]
        assert (configured.database_url, configured.stripe_secret_key) == (database, None)
        assert configured.kafka_bootstrap_servers is None, "the broker is the platform's own"
    finally:
        await supervisor.stop()


def test_a_key_and_a_broker_that_a_platform_made_itself_do_not_count_as_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own,) = master_keys_of(tmp_path, [])
    (tmp_path / "ports.json").write_text(json.dumps({"broker": [9092], "broker (platform)": [9093, 9094]}))
    made = {"ZYENTA_MASTER_KEYS": own, "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:9093", "DATABASE_URL": "postgresql://x"}
    (tmp_path / "running.json").write_text(json.dumps(made))
    monkeypatch.setenv("ZYENTA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZYENTA_MASTER_KEYS", "11" * 32)
    configured = configured_settings()
    assert (configured.master_keys, configured.kafka_bootstrap_servers) == ([], None)
    assert configured.database_url == "postgresql://x"


@pytest.mark.long
async def test_a_platform_starts_even_if_a_configured_port_is_taken(tmp_path: Path) -> None:
    port = free_port()
    configured = {"gateway_port": port, "gateway_url": f"http://{LOOPBACK}:{port}"}
    with taken(port):
        async with platform(tmp_path / "data", **configured) as settings:
            assert settings.gateway_port != port
            assert settings.gateway_url == f"http://{LOOPBACK}:{settings.gateway_port}"


async def test_the_sandbox_serves_photos_until_its_clients_have_ended(tmp_path: Path) -> None:
    supervisor = supervisor_on_free_ports(tmp_path / "data")
    await supervisor.start((*WEB, "agents"))
    agents = psutil.Process(supervisor.pids()["agents"])
    broker = int(supervisor.environment["KAFKA_BOOTSTRAP_SERVERS"].rpartition(":")[2])
    async with asyncio.timeout(30):  # until the agents work, because then they take a while to end
        while sum(each.raddr[1:] == (broker,) for each in agents.net_connections()) < 9:
            await asyncio.sleep(0.05)
    stopping = asyncio.create_task(supervisor.stop())
    while await accepts_connections(supervisor.ports["sandbox"]):
        await asyncio.sleep(0.005)
    assert not agents.is_running()
    await stopping


def test_a_configured_key_comes_first_and_the_directory_s_own_key_stays(
    tmp_path: Path,
) -> None:
    (own,) = master_keys_of(tmp_path, [])
    assert len(bytes.fromhex(own)) == 32
    assert master_keys_of(tmp_path, []) == [own]
    assert master_keys_of(tmp_path, ["00" * 32, "11" * 32]) == ["00" * 32, "11" * 32, own]
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_directory_with_a_configured_key_creates_no_own_key(tmp_path: Path) -> None:
    assert master_keys_of(tmp_path, ["00" * 32]) == ["00" * 32]
    assert not (tmp_path / "master.key").exists()


async def test_a_port_of_a_killed_platform_is_used_again_once_its_processes_have_ended(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    port = await Addresses(file, {}).choose("sandbox")
    held = socket.create_server((LOOPBACK, port))
    asyncio.get_running_loop().call_later(0.3, held.close)
    assert await Addresses(file, {}).choose("sandbox") == port


async def test_a_configured_port_is_used_again_once_it_is_free(tmp_path: Path) -> None:
    file, port = tmp_path / "ports.json", free_port()
    with taken(port):
        other = await Addresses(file, {"sandbox": port}).choose("sandbox")
        assert await Addresses(file, {"sandbox": port}).choose("sandbox") == other != port
    addresses = Addresses(file, {"sandbox": port})
    assert await addresses.choose("sandbox") == port
    assert addresses.known("sandbox") == [port, other]


async def test_the_first_start_uses_the_usual_port_or_else_keeps_another_one(
    tmp_path: Path,
) -> None:
    usual = free_port()
    assert await Addresses(tmp_path / "first.json", {}, {"gateway": usual}).choose("gateway") == usual
    with taken(usual):
        other = await Addresses(tmp_path / "second.json", {}, {"gateway": usual}).choose("gateway")
    second = Addresses(tmp_path / "second.json", {}, {"gateway": usual})
    assert await second.choose("gateway") == other != usual
    assert second.moved == set()


def test_the_usual_ports_are_8000_8080_and_8090(tmp_path: Path) -> None:
    supervisor = supervisor_of(Settings(_env_file=None, data_dir=tmp_path))
    assert supervisor.configuration.usual_ports == {"gateway": 8000, "storefront": 8080, "sandbox": 8090}


async def test_two_parts_never_share_a_port_even_if_it_is_configured(tmp_path: Path) -> None:
    port = free_port()
    addresses = Addresses(tmp_path / "ports.json", {"gateway": port, "sandbox": port})
    assert await addresses.choose("gateway") == port
    assert await addresses.choose("sandbox") != port


async def test_a_failed_restart_of_a_server_is_logged_and_retried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    supervisor = supervisor_of(Settings(_env_file=None, data_dir=data))
    await supervisor.start(())
    try:
        started = [(each, " ".join(each.cmdline())) for each in psutil.Process().children()]
        (broker,) = (
            each for each, command in started if "infra.embedded.logbroker" in command and str(data) in command
        )
        away = (data / "broker").rename(data / "away")
        (data / "broker").touch()
        broker.kill()
        async with asyncio.timeout(20):
            while "broker cannot be restarted yet" not in caplog.text:
                await asyncio.sleep(0.05)
            (data / "broker").unlink()
            away.rename(data / "broker")
            address = urlsplit(f"//{supervisor.environment['KAFKA_BOOTSTRAP_SERVERS']}")
            while not await accepts_connections(address.port or 0):
                await asyncio.sleep(0.05)
    finally:
        await supervisor.stop()
