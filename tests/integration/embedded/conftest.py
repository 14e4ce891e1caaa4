"""The brokers for one contract: the embedded one, and a real Apache Kafka as the reference."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from infra.embedded import Broker
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.kafka import ApacheKafka, KafkaUnavailable
from tests.integration.embedded.clients import Clients
from tests.support.requirements import missing

# A killed Kafka may register again only after its old session has expired.
IMPATIENT = {"broker.session.timeout.ms": "1000", "broker.heartbeat.interval.ms": "200"}

KINDS: dict[str, Callable[[Path], EmbeddedBroker | ApacheKafka]] = {
    "embedded": EmbeddedBroker,
    "kafka": lambda data_dir: ApacheKafka(data_dir, settings=IMPATIENT),
}

# Kafka is the reference and does not change with us, so it is asked again in the long run only.
either_kind = ["embedded", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.long])]


@pytest.fixture(scope="session", params=either_kind)
async def any_broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Broker]:
    """One broker of each kind for all tests. Skipped if Kafka is missing, a failure in CI."""
    broker = KINDS[request.param](tmp_path_factory.mktemp("broker") / "data")
    try:
        await broker.start()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    yield broker
    await broker.kill()


@pytest.fixture
async def broker(any_broker: Broker) -> Broker:
    """A running broker; restarted if the previous test stopped it. Each test uses its own topics."""
    if any_broker.running:
        any_broker.resume()
    await any_broker.start()
    return any_broker


@pytest.fixture
async def clients(broker: Broker) -> AsyncIterator[Clients]:
    """Clients of the broker."""
    async with Clients(broker.bootstrap_servers) as clients:
        yield clients
