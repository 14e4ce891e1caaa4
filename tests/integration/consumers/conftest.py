"""A real Apache Kafka for the consumers' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.embedded.kafka import ApacheKafka, KafkaUnavailable
from tests.support.requirements import missing


@pytest.fixture(scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The bootstrap address of an Apache Kafka of this session's own."""
    broker = ApacheKafka(Path(tmp_path_factory.mktemp("kafka")) / "broker")
    try:
        await broker.start()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    yield broker.bootstrap_servers
    await broker.stop()
