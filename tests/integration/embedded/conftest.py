"""The brokers that one contract is run against: ours, and a real Apache Kafka to hold it to."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from infra.embedded import Broker
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.kafka import ApacheKafka, KafkaUnavailable
from tests.integration.embedded.clients import Clients
from tests.requirements import missing

KINDS: dict[str, Callable[[Path], EmbeddedBroker | ApacheKafka]] = {
    "embedded": EmbeddedBroker,
    "kafka": ApacheKafka,
}


async def started(kind: str, data_dir: Path) -> Broker:
    """A running broker of the kind; the test is skipped, or in CI fails, where there is none."""
    broker = KINDS[kind](data_dir)
    try:
        await broker.start()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    return broker


@pytest.fixture(scope="session", params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def shared_broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Broker]:
    """A broker that many tests use one after the other, each with topics of its own."""
    broker = await started(request.param, tmp_path_factory.mktemp("broker") / "data")
    yield broker
    await broker.kill()


@pytest.fixture
async def clients(shared_broker: Broker) -> AsyncIterator[Clients]:
    """Clients of the shared broker."""
    async with Clients(shared_broker.bootstrap_servers) as clients:
        yield clients


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker that one test may kill, freeze and wipe."""
    broker = await started(request.param, tmp_path / "data")
    yield broker
    await broker.kill()


@pytest.fixture
async def own_clients(own_broker: Broker) -> AsyncIterator[Clients]:
    """Clients of the test's own broker."""
    async with Clients(own_broker.bootstrap_servers) as clients:
        yield clients
