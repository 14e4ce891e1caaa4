"""The embedded broker lets the platform write, and other clients only read."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    for_code,
)

from infra.adapters.kafka.topic import open_admin
from infra.embedded.broker import EmbeddedBroker
from schemas.internal.broker_address import BrokerAddress, BrokerSecurity, client_settings, security_of
from tests.integration.embedded.clients import Clients, share, take
from tests.support.requirements import missing


@pytest.fixture(scope="module")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path_factory.mktemp("broker") / "data")
    await broker.start()
    yield broker
    await broker.kill()


@pytest.fixture
async def platform(started: EmbeddedBroker) -> AsyncIterator[Clients]:
    """Clients with the platform's log-in."""
    async with Clients(started.bootstrap_servers) as clients:
        yield clients


@pytest.fixture
async def readers(started: EmbeddedBroker) -> AsyncIterator[Clients]:
    """Clients on the read-only listener."""
    async with Clients(started.readers_address) as clients:
        yield clients


def kcat(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    if shutil.which("kcat") is None:
        missing("kcat", "Debian's package of that name is not installed")
    return subprocess.run(
        ["kcat", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip


async def test_a_forged_record_is_rejected_and_the_topic_is_unchanged(
    platform: Clients, readers: Clients, started: EmbeddedBroker
) -> None:
    topic = await platform.topic()
    await (await platform.producer()).send_and_wait(topic, b"ours")
    for address in (started.readers_address, str(started.bootstrap_servers)):
        # The platform's port does not answer at all, because kcat has not logged in.
        forged = await asyncio.to_thread(
            kcat, "-b", address, "-P", "-t", topic, "-X", "message.timeout.ms=3000", stdin="forged\n"
        )
        assert forged.returncode != 0
        assert address != started.readers_address or "Topic authorization failed" in forged.stderr
    reader = await readers.consumer(topic)
    assert [record.value for record in await take(reader, 1)] == [b"ours"]
    assert await reader.end_offsets([TopicPartition(topic, 0)]) == {TopicPartition(topic, 0): 1}


async def test_kcat_logs_in_as_the_platform_and_writes(platform: Clients, started: EmbeddedBroker) -> None:
    topic, security = await platform.topic(), security_of(started.bootstrap_servers)
    log_in = {
        "security.protocol": security.protocol,
        "sasl.mechanism": security.mechanism,
        "sasl.username": security.username,
        "sasl.password": security.password,
    }
    options = [argument for name, value in log_in.items() for argument in ("-X", f"{name}={value}")]
    sent = await asyncio.to_thread(
        kcat, "-b", str(started.bootstrap_servers), "-P", "-t", topic, *options, stdin="by kcat\n"
    )
    assert sent.returncode == 0, sent.stderr
    assert [record.value for record in await take(await platform.consumer(topic), 1)] == [b"by kcat"]


async def test_every_kind_of_change_is_rejected_with_its_error_code(platform: Clients, readers: Clients) -> None:
    topic = await platform.topic()
    plain = await readers.producer(enable_idempotence=False)
    with pytest.raises(TopicAuthorizationFailedError):
        await plain.send_and_wait(topic, b"forged")
    with pytest.raises(ClusterAuthorizationFailedError):
        await readers.producer()
    with pytest.raises(TransactionalIdAuthorizationFailed):
        await readers.producer(transactional_id="zyenta-publisher")
    async with open_admin(readers.bootstrap_servers) as admin:
        created = await admin.create_topics([NewTopic("forged", 1, 1)])
        assert for_code(created.topic_errors[0][1]) is TopicAuthorizationFailedError
        deleted = await admin.delete_topics([topic])
        assert for_code(deleted.topic_error_codes[0][1]) is TopicAuthorizationFailedError
        assert topic in await admin.list_topics()
        assert "forged" not in await admin.list_topics()


async def test_readers_cannot_use_groups_of_the_platform_but_can_use_their_own(
    platform: Clients, readers: Clients
) -> None:
    topic = await platform.topic()
    await (await platform.producer()).send_and_wait(topic, b"ours")
    agent = await platform.consumer(topic, group_id=f"agent-{topic}")
    await take(agent, 1)
    await agent.commit()
    place = TopicPartition(topic, 0)

    skipping = await readers.consumer(group_id=f"agent-{topic}")
    skipping.assign([place])
    with pytest.raises(GroupAuthorizationFailedError):
        await skipping.commit({place: 0})
    joining = await readers.consumer(topic, group_id=f"analysts-{topic}")
    await take(joining, 1)
    await joining.commit()
    assert await joining.committed(place) == 1

    intruding = AIOKafkaConsumer(topic, group_id=f"agent-{topic}", **client_settings(readers.bootstrap_servers))
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            await asyncio.wait_for(intruding.start(), 20)
    finally:
        await intruding.stop()
    assert await agent.committed(place) == 1
    async with open_admin(readers.bootstrap_servers) as admin:
        listed = {name for name, _ in await admin.list_consumer_groups()}
    assert {f"agent-{topic}", f"analysts-{topic}"} <= listed


async def test_offsets_committed_by_readers_do_not_make_the_platform_skip_records(
    platform: Clients, readers: Clients
) -> None:
    topic = await platform.topic()
    await (await platform.producer()).send_and_wait(topic, b"not to be skipped")
    place = TopicPartition(topic, 0)
    early = await readers.consumer(group_id=f"agent-{topic}")
    early.assign([place])
    await early.commit({place: 1})
    assert await early.committed(place) == 1

    member = await readers.consumer(topic, group_id=f"agent-{topic}")
    await share([member], [1])

    agent = await platform.consumer(topic, group_id=f"agent-{topic}")
    assert [record.value for record in await take(agent, 1)] == [b"not to be skipped"]
    assert agent.assignment() == {place}
    with pytest.raises(GroupAuthorizationFailedError):
        await early.commit({place: 1})


@pytest.mark.parametrize("changed", [{"password": "guessed"}, {"username": "admin"}, {"mechanism": "PLAIN"}])
async def test_a_client_without_the_password_is_rejected(started: EmbeddedBroker, changed: dict[str, Any]) -> None:
    right = security_of(started.bootstrap_servers)
    known = {"protocol": right.protocol, "username": right.username, "password": right.password, **changed}
    producer = AIOKafkaProducer(**client_settings(BrokerAddress(started.bootstrap_servers, BrokerSecurity(**known))))
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_only_the_owner_can_read_the_password_and_it_survives_a_wipe(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "data")
    await broker.start()
    try:
        secret, state = tmp_path / "data" / "platform.secret", tmp_path / "data" / "log" / "state.jsonl"
        assert (secret.stat().st_mode & 0o777, state.stat().st_mode & 0o777) == (0o600, 0o600)
        before = security_of(broker.bootstrap_servers)
        assert before.password == secret.read_text()
        await broker.wipe()
        await broker.start()
        assert security_of(broker.bootstrap_servers) == before
        admin = AIOKafkaAdminClient(**client_settings(broker.bootstrap_servers))
        await admin.start()
        await admin.close()
    finally:
        await broker.kill()


async def test_a_group_of_an_earlier_version_goes_with_its_offsets_to_its_first_user(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "data")
    await broker.start()
    try:
        async with Clients(broker.bootstrap_servers) as platform:
            await platform.create("topic", 1)
            place = TopicPartition("topic", 0)
            producer = await platform.producer()
            await producer.send_and_wait("topic", b"0")
            consumer = await platform.consumer(group_id="agent")
            consumer.assign([place])
            await consumer.commit({place: 1})
        await broker.stop()
        state = tmp_path / "data" / "log" / "state.jsonl"
        state.write_text("".join(line for line in state.read_text().splitlines(True) if "group_owner" not in line))
        await broker.start()
        async with Clients(broker.bootstrap_servers) as platform, Clients(broker.readers_address) as readers:
            consumer = await platform.consumer("topic", group_id="agent")
            assert await consumer.committed(place) == 1
            reader = await readers.consumer(group_id="agent")
            reader.assign([place])
            with pytest.raises(GroupAuthorizationFailedError):
                await reader.commit({place: 0})
    finally:
        await broker.kill()
