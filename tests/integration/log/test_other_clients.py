"""Other clients read the log on both brokers: kcat, and the manual's script on a plain Kafka library."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from domain.money import Money
from domain.order.events import OrderPaid
from infra.adapters.kafka.producer import TransactionalProducer
from infra.adapters.kafka.record_batches import prepare
from infra.adapters.kafka.topic import ensure_topics
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.kafka import ApacheKafka, KafkaUnavailable
from schemas.envelope import RawEvent
from tests.support.builders.records import outgoing, raw
from tests.support.requirements import missing

AT = datetime(2025, 11, 23, 12, 0, tzinfo=UTC)
ANALYSTS = (Path(__file__).parents[3] / "infra" / "manual" / "analysts.md").read_text("utf-8")


@pytest.fixture(
    scope="module",
    params=[pytest.param(ApacheKafka, marks=pytest.mark.kafka), EmbeddedBroker],
    ids=["apache", "embedded"],
)
async def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a broker with six paid orders in its log, and six in an aborted transaction."""
    broker = request.param(Path(tmp_path_factory.mktemp("clients")) / "broker")
    try:
        await broker.start()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    try:
        await ensure_topics(broker.bootstrap_servers)
        producer = TransactionalProducer(bootstrap_servers=broker.bootstrap_servers, transactional_id="clients")
        await producer.start()
        for committed in (True, False):
            await producer.begin_transaction()
            sent = [
                await producer.send_batch(each.batch, each.topic, partition=each.partition)
                for each in await prepare(map(outgoing, paid_orders()))
            ]
            await asyncio.gather(*sent)
            await (producer.commit_transaction() if committed else producer.abort_transaction())
        await producer.stop()
        yield broker.readers_address if isinstance(broker, EmbeddedBroker) else broker.bootstrap_servers
    finally:
        await broker.kill()


def paid_orders() -> list[RawEvent]:
    """Six, of two stores: some of them travel together, compressed."""
    stores = uuid4(), uuid4()
    return [
        raw(
            OrderPaid(
                originator_id=uuid4(), originator_version=2, occurred_at=AT, intent_id=f"pi_{number}",
                amount=Money(minor=100 + number), platform_fee=Money(minor=5),
            ),
            tenant=stores[number % 2],
        )
        for number in range(6)
    ]  # fmt: skip


def test_kcat_reads_key_headers_and_body(log: str) -> None:
    if shutil.which("kcat") is None:
        missing("kcat", "Debian's package of that name is not installed")
    printed = subprocess.run(
        ["kcat", "-b", log, "-C", "-t", "zyenta.events", "-o", "beginning", "-e", "-q", "-J",
         "-X", "isolation.level=read_committed"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    records = [json.loads(line) for line in printed.splitlines()]
    assert sorted(json.loads(record["payload"])["amount"]["minor"] for record in records) == list(range(100, 106))
    for record in records:
        headers = dict(zip(record["headers"][::2], record["headers"][1::2], strict=True))
        assert (headers["ce_type"], headers["ce_specversion"]) == ("order.order_paid.v1", "1.0")
        assert headers["ce_tenant"] == record["key"]


def test_the_script_of_the_manual_sums_what_was_paid(log: str, tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", ANALYSTS, re.DOTALL)
    assert found is not None
    script = tmp_path / "paid.py"
    script.write_text(found[1])
    # From another directory and isolated, so that it cannot import our packages.
    printed = subprocess.run(
        [sys.executable, "-I", str(script), log], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    ).stdout
    assert json.loads(printed) == {"USD": "6.15"}, "amounts of 1.00 to 1.05"
