"""Real parts for tests: one PostgreSQL a session, a fresh migrated database a test."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from infra.adapters.postgres.migrations import migrate
from infra.embedded.kafka import ApacheKafka, KafkaUnavailable
from infra.embedded.postgres import EmbeddedPostgres
from tests.support.chance import SEED, draw_no_constants_of_modules, register_own_dice, seed_everything, seeded
from tests.support.examples import drawn
from tests.support.platforms.read_models import create_read_models
from tests.support.requirements import missing
from tests.support.servers.brokers import Brokers
from tests.support.servers.databases import (
    copied_database,
    copy_template,
    execute,
    memory_directory,
    named,
    server_directory,
)

CLOSE_SECONDS = 15

# How fast inputs are drawn is the machine's business: it may be busy with something else.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=not SEED,
    max_examples=drawn(100),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")
draw_no_constants_of_modules()
register_own_dice()

_numbers = itertools.count(1)
seed_everything("collection")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the test's name decide its ids, before fixtures make some."""
    seed_everything(item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let a shared fixture's name decide its ids: which test makes it depends on the worker."""
    if fixturedef.scope == "function":
        return (yield)
    with seeded(f"{fixturedef.baseid}::{fixturedef.argname}[{getattr(request, 'param_index', 0)}]"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let a module's name decide the ids that it makes when it is imported."""
    with seeded(collector.nodeid):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None]:
    """Collect without the garbage collector, which takes a third of that time, and let it never visit the tests again.

    While tests run, it takes a sixth of their time, and half as much if it looks less often.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(5_000, 20, 20)
        gc.enable()


def pytest_unconfigure() -> None:
    """Let the end of the process free everything: DuckDB reports objects that are left then.

    The frozen objects would be left, and so would what Hypothesis's callback refers to.
    """
    gc.unfreeze()
    gc.callbacks.clear()


@pytest.fixture(scope="session")
async def postgres_dsn() -> AsyncIterator[str]:
    """A PostgreSQL of this session's own; the address of its maintenance database."""
    with server_directory(memory_directory()) as directory:
        # Only tests may write. Autovacuum's transactions hold the settled log back; the platform waits for that, but a
        # test that reads once does not.
        # A test loses its server at most, never the machine: nothing has to reach the disk.
        settings = {"max_connections": "200", "autovacuum": "off", "fsync": "off", "full_page_writes": "off"}
        server = EmbeddedPostgres(directory / "postgres", settings=settings)
        await server.start()
        yield server.dsn
        await server.stop()


@pytest.fixture(scope="session")
async def migrated(postgres_dsn: str) -> str:
    """A migrated database that tests copy; copying takes a tenth of migrating."""
    await execute(postgres_dsn, "create database template_zyenta")
    await migrate(named(postgres_dsn, "template_zyenta"))
    return "template_zyenta"


@pytest.fixture(scope="session")
async def with_read_models(postgres_dsn: str, migrated: str) -> str:
    """A migrated database with empty read models: to create them takes longer than to copy them."""
    name = f"{migrated}_with_read_models"
    async with asyncpg.create_pool(await copy_template(postgres_dsn, migrated, name), min_size=1) as pool:
        await create_read_models(pool)
    return name


@pytest.fixture(scope="session")
def template(migrated: str) -> str:
    """The database that the tests of a directory copy."""
    return migrated


@pytest.fixture
async def database(postgres_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    async with copied_database(postgres_dsn, template, f"test_{next(_numbers)}") as dsn:
        yield dsn


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a fresh database."""
    async with opened_pool(database) as connections:
        yield connections


@pytest.fixture
async def other_database(postgres_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of another fresh, migrated database: what is there after the first was lost."""
    async with copied_database(postgres_dsn, template, f"other_{next(_numbers)}") as dsn:
        yield dsn


@pytest.fixture
async def other_pool(other_database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the other database."""
    async with opened_pool(other_database) as connections:
        yield connections


@asynccontextmanager
async def opened_pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool. Closing it fails if a test still holds a connection."""
    connections = await asyncpg.create_pool(dsn, min_size=1, max_size=10)
    try:
        yield connections
    finally:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connections.close()


@pytest.fixture(scope="session")
async def brokers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Brokers]:
    """Lends Apache Kafka."""
    lending = Brokers(tmp_path_factory.mktemp("kafka"))
    yield lending
    await lending.close()


@pytest.fixture
async def kafka(brokers: Brokers) -> AsyncIterator[ApacheKafka]:
    """A real, empty Apache Kafka, for this test alone while it runs; it may be killed, frozen and wiped."""
    try:
        broker = await brokers.lend()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    pid = broker.pid
    yield broker
    await brokers.take_back(broker, pid)


@pytest.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[ApacheKafka]:
    """An unused Apache Kafka in the test's directory, for tests that read its files or kill it."""
    async with started(ApacheKafka(tmp_path / "kafka")) as broker:
        yield broker


@asynccontextmanager
async def started(broker: ApacheKafka) -> AsyncIterator[ApacheKafka]:
    """Run a broker; where none can be installed, say what is missing."""
    try:
        await broker.start()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    try:
        yield broker
    finally:
        await broker.kill()
