"""Promise 12: never falsely green. Whatever is stopped, killed or frozen turns it red within ten seconds, by name."""

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from infra.adapters.postgres.canaries import Canary, CanaryReport
from infra.adapters.postgres.migrations import migrate
from infra.bootstrap import open_platform
from infra.bootstrap.consumers import CONSUMERS, consumers
from infra.embedded.kafka import ApacheKafka
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import free_port
from infra.log.readiness import Components, PlatformReadiness, judge
from infra.settings import Settings
from projections.registry import READ_MODELS
from schemas.topics import CANARY
from tests.chaos.conftest import Chaos
from tests.chaos.services import ROOT, Service
from tests.conftest import started

pytestmark = [pytest.mark.kafka, pytest.mark.long]

WITHIN_SECONDS = 10.0
PROCESSES: Mapping[str, tuple[str, ...]] = {
    "publisher": ("publisher",),
    "projector-catalog": ("projector", "catalog"),
    "other projectors": ("projector", *(name for name in READ_MODELS if name != "catalog")),
    "brand-agent": ("consumer", "brand-agent"),
    "other consumers": ("consumer", "deadlines", *(n for n in CONSUMERS if n not in {"brand-agent", "imager"})),
    "gateway": ("gateway",),
    "storefront": ("storefront",),
}
# The imager is left out: its model takes long to load, and it reads as all consumers do.
COMPONENTS = Components(
    readers=[*(f"projector-{name}" for name in READ_MODELS), *(name for name in CONSUMERS if name != "imager")],
    roles=["gateway", "storefront", "deadlines"],
)
EVERYTHING = {"postgresql", "broker", "publisher", *COMPONENTS.readers, *COMPONENTS.roles}


@dataclass
class World:
    """A platform of one process for every kind of component."""

    environment: dict[str, str]
    readiness: PlatformReadiness
    postgres: EmbeddedPostgres
    kafka: ApacheKafka
    logs: Path
    services: dict[str, Service] = field(default_factory=dict)

    async def launch(self, name: str) -> None:
        self.services[name] = await Service.python(
            "-m", "infra.cli", *PROCESSES[name], log_file=self.logs / f"{name}.log", environment=self.environment
        )

    async def unwell(self) -> dict[str, str]:
        """Return what is red, and why."""
        return {check.name: check.detail for check in await self.readiness.checks() if not check.healthy}

    async def green(self, *, seconds: float = 60) -> None:
        """Wait until nothing is red."""
        unwell: dict[str, str] = {}
        try:
            async with asyncio.timeout(seconds):
                while unwell := await self.unwell():
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"still red after {seconds:.0f} s: {unwell}") from None

    async def red(self, name: str) -> dict[str, str]:
        """Wait until a component is red; all that is red then."""
        started = time.monotonic()
        while True:
            unwell = await self.unwell()
            took = time.monotonic() - started
            assert took < WITHIN_SECONDS, f"{name} is not red after {took:.1f} s, but {sorted(unwell)}"
            if name in unwell:
                return unwell
            await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A platform that every test leaves as it should be: to start one takes longer than to look at it."""
    directory = tmp_path_factory.mktemp("readiness")
    async with started(ApacheKafka(directory / "kafka")) as kafka, private_postgres() as postgres:
        ports = {name: str(free_port()) for name in ("GATEWAY", "STOREFRONT")}
        environment = {
            "DATABASE_URL": postgres.dsn,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "ZYENTA_DATA_DIR": str(directory / "data"),
            "ZYENTA_MASTER_KEYS": "00" * 32,
            **{f"ZYENTA_{name}_PORT": port for name, port in ports.items()},
        }
        async with asyncpg.create_pool(postgres.dsn, min_size=1, max_size=4) as pool:
            world = World(
                environment, PlatformReadiness(pool, kafka.bootstrap_servers, COMPONENTS), postgres, kafka, directory
            )
            try:
                for name in PROCESSES:
                    await world.launch(name)
                yield world
            finally:
                await asyncio.gather(*(service.kill() for service in world.services.values()))
                pool.terminate()


@asynccontextmanager
async def private_postgres() -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL that may be paused."""
    with tempfile.TemporaryDirectory(prefix="zyenta-test-") as directory:
        Path(directory).chmod(0o711)
        postgres = EmbeddedPostgres(Path(directory) / "postgres")
        await postgres.start()
        try:
            await migrate(postgres.dsn)
            yield postgres
        finally:
            await postgres.kill()


@pytest.mark.timeout(900)
async def test_whatever_is_frozen_killed_or_stopped_is_named_within_ten_seconds(chaos: Chaos, world: World) -> None:
    await world.green(seconds=120)
    assert await _doctor(world) == (0, EVERYTHING, set())

    attacks: list[tuple[str, str, Callable[[str], Any]]] = [
        ("publisher", "publisher", _freezing(world)),
        ("projector-catalog", "projector-catalog", _ending(world, signal.SIGKILL)),
        ("brand-agent", "brand-agent", _freezing(world)),
        ("storefront", "storefront", _ending(world, signal.SIGTERM)),
    ]
    if chaos.full:
        named = {"other projectors": "projector-jobs", "other consumers": "deadlines"}
        attacks = [
            (process, named.get(process, process), attack)
            for process in PROCESSES
            for attack in (_freezing(world), _ending(world, signal.SIGKILL), _ending(world, signal.SIGTERM))
        ]
    for process, component, attack in attacks:
        async with attack(process):
            unwell = await world.red(component)
            if process == component:
                assert set(unwell) == {component}
        await world.green()

    async with _forgetting_a_transaction(world) as holder:
        assert f"process {holder} " in (await world.red("publisher"))["publisher"]
        assert await _doctor(world) == (1, EVERYTHING - set(COMPONENTS.readers), {"publisher"})
    await world.green()

    for server, component in ((world.kafka, "broker"), (world.postgres, "postgresql")):
        server.pause()
        try:
            await world.red(component)
        finally:
            server.resume()
        await world.green()
    await world.kafka.kill()
    assert (await world.red("broker"))["broker"]
    status, _, unwell_ = await _doctor(world)
    assert (status, "broker" in unwell_) == (1, True)
    await world.kafka.start()
    await world.green(seconds=120)


async def test_the_gateway_tells_the_same(world: World) -> None:
    await world.green(seconds=120)
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.get(f"http://127.0.0.1:{world.environment['ZYENTA_GATEWAY_PORT']}/readyz")
    # The imager does not run here, and the gateway knows that there should be one.
    assert answer.status_code == 503
    assert [check["name"] for check in answer.json()["checks"] if not check["healthy"]] == ["imager"]


async def test_everybody_who_consumes_is_expected_to_answer(database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database, master_keys=[SecretStr("00" * 32)])
    async with open_platform(settings, migrated=False) as platform:
        assert sorted(consumer.name for consumer in await consumers(platform)) == sorted(CONSUMERS)


def test_a_canary_under_way_is_waited_for_and_a_late_one_is_not() -> None:
    components = Components(readers=["reader"], roles=["role"])
    everywhere = dict.fromkeys(range(CANARY.partitions), 1)

    def red(*canaries: Canary, seen: Mapping[str, Mapping[int, int]]) -> set[str] | None:
        checks = judge(CanaryReport(canaries, seen), components)
        return None if checks is None else {check.name for check in checks if not check.healthy}

    seen = {"reader": everywhere, "role": {0: 1}}
    assert red(Canary(1, 0.1, 0.1), seen=seen) == set()
    assert red(Canary(1, 0.1, None), seen={}) is None
    assert red(Canary(1, 4.0, 3.5), seen={"role": {0: 1}}) is None
    assert red(Canary(1, 5.5, 5.4), seen={"role": {0: 1}}) == {"reader"}
    assert red(Canary(1, 5.5, 5.4), seen={"reader": everywhere}) == {"role"}
    assert red(Canary(1, 5.5, 5.4), seen={"reader": {**everywhere, 3: 0}, "role": {0: 1}}) == {"reader"}
    # Nothing says anything of those who read what was never published.
    assert red(Canary(2, 5.5, None), seen={"role": {0: 2}}) == {"publisher"}
    # Who has seen one lately is not waited for; who has not, is.
    assert red(Canary(1, 6.0, 6.0), Canary(2, 2.0, 2.0), seen=seen) == set()
    assert red(Canary(1, 9.0, 9.0), Canary(2, 2.0, 2.0), seen=seen) is None


@asynccontextmanager
async def _forgetting_a_transaction(world: World) -> AsyncIterator[int]:
    """Write in a transaction and do not end it; yield the process of the server that has it open."""
    connection = await asyncpg.connect(world.postgres.dsn)
    try:
        async with connection.transaction():
            await connection.execute("select pg_current_xact_id()")
            yield connection.get_server_pid()
    finally:
        await connection.close()


def _freezing(world: World) -> Callable[[str], Any]:
    @asynccontextmanager
    async def attack(process: str) -> AsyncIterator[None]:
        world.services[process].freeze()
        try:
            yield
        finally:
            world.services[process].thaw()

    return attack


def _ending(world: World, number: signal.Signals) -> Callable[[str], Any]:
    @asynccontextmanager
    async def attack(process: str) -> AsyncIterator[None]:
        await world.services[process].end(number)
        yield
        await world.launch(process)

    return attack


async def _doctor(world: World) -> tuple[int | None, set[str], set[str]]:
    """Run ``zyenta doctor``; its exit status, what it judged or measured but the imager, and what is red of that."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.cli", "doctor", "--json", stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**world.environment, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    found = json.loads(output)
    checks = [check for check in found["checks"] if check["name"] != "imager"]
    lags = {lag["group"]: lag["behind"] for lag in found["lags"]}
    red = {check["name"] for check in checks if not check["healthy"]}
    if "broker" not in red:
        assert set(lags) >= set(COMPONENTS.readers)
        assert set(lags.values()) <= {0, None}
    status = process.returncode if red or "imager" not in lags else 0
    return status, {check["name"] for check in checks}, red
