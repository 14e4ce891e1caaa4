"""A client forges a payment in the topic: no order is paid, nothing stops, and the record is named."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from commands.bus import CommandBus
from commands.inbox import ReceiveWebhook
from commands.reactions import BusDispatch, EventLogAggregates
from consumers.app import ConsumerApp
from consumers.policies.payments import PaymentsPolicy
from domain.kernel import StreamKind
from domain.money import Money
from domain.order.aggregate import ORDER
from domain.order.events import OrderStatus
from domain.order.ports import PaymentConfirmed, PaymentNotice
from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.kafka.dead_letter_queue import DeadLetterQueue
from infra.adapters.kafka.topic import ensure_topics
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.provenance import PostgresProvenance, foreign_records
from infra.bootstrap import handlers
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.log.restoration import republish
from infra.log.verification import verify_log
from schemas.envelope import RawEvent
from schemas.topics import EVENTS, partition_of
from tests.integration.log.halves import published, publishing
from tests.support.builders.records import headers_of
from tests.support.platforms.write_side import Platform

pytestmark = pytest.mark.kafka
S = TypeVar("S")
SOURCE = "sandbox-payments"


class JsonGateway:
    """Reads plain JSON and opens no sessions."""

    name = "json"
    signature_header = "json-signature"

    def recordable(self, body: str) -> str:
        return body

    def read_webhook(self, body: bytes, signature: str) -> PaymentNotice | None:
        raise NotImplementedError

    def read_body(self, body: str) -> PaymentNotice | None:
        said = json.loads(body)
        return None if "order" not in said else PaymentConfirmed(
            external_id="evt",
            type="payment",
            store_id=UUID(said["store"]),
            order_id=UUID(said["order"]),
            intent_id="pi_1",
            amount=Money(minor=2000),
            platform_fee=Money(minor=100),
        )  # fmt: skip


@dataclass
class OnPostgres(Platform):
    """A write side on the real event store."""

    aggregates: EventLogAggregates = field(init=False)

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        return await self.aggregates.get(kind, id)


async def receive(platform: Platform, body: str) -> None:
    await platform.send(
        ReceiveWebhook(source=SOURCE, external_id=str(uuid4()), type="payment", store_id=platform.store_id, body=body)
    )


@asynccontextmanager
async def consuming(platform: Platform, pool: asyncpg.Pool, log: PostgresEventLog, kafka: str) -> AsyncIterator[None]:
    letters = DeadLetterProducer(kafka)
    app = ConsumerApp(
        [PaymentsPolicy(BusDispatch(platform.bus), EventLogAggregates(log), {SOURCE: JsonGateway()})],
        bootstrap_servers=kafka,
        ledger=PostgresDeliveries(pool),
        dead_letters=letters,
        provenance=PostgresProvenance(pool),
        clock=SystemClock(),
        grace_seconds=1.0,
    )
    await app.start()
    try:
        yield
    finally:
        await app.stop()
        await letters.close()


async def send(kafka: str, *events: RawEvent) -> None:
    """Send events like any client that reaches the broker."""
    async with AIOKafkaProducer(bootstrap_servers=kafka) as stranger:
        for event in events:
            await stranger.send_and_wait(
                EVENTS.name,
                event.data,
                key=str(event.tenant).encode(),
                partition=partition_of(event.tenant),
                headers=headers_of(event),
            )


async def test_a_forged_payment_pays_nothing_stops_no_process_and_is_named(
    pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    servers = kafka.bootstrap_servers
    platform = OnPostgres()
    platform.bus, platform.aggregates = CommandBus(log, handlers(SystemClock())), EventLogAggregates(log)
    aggregates = platform.aggregates
    order_id = await platform.order_a_lamp()
    payment = json.dumps({"store": str(platform.store_id), "order": str(order_id)})
    await receive(platform, "{}")
    await ensure_topics(servers)
    async with publishing(pool, log, kafka), consuming(platform, pool, log, servers):
        await published(log, kafka)
        known = (await log.read_settled(await log.last_position() - 1, 1))[0]
        body = known.data.replace(b'"{}"', json.dumps(payment).encode())
        assert body != known.data
        copied = replace(known, id=uuid4(), position=999_999, data=body)
        clever = replace(copied, id=uuid4())
        clever = replace(clever, hash=clever.computed_hash)
        in_place = replace(known, data=body)
        await send(servers, copied, clever, in_place)
        async with asyncio.timeout(30):
            while len(await DeadLetterQueue(servers).open_letters()) < 3:
                await asyncio.sleep(0.1)
        order = await aggregates.get(ORDER, order_id)
        assert order.status is OrderStatus.PENDING
        assert len(await foreign_records(pool)) == 3
        # The publisher continues, and so does one that starts after the forgery.
        await receive(platform, "{}")
        await published(log, kafka)
    async with publishing(pool, log, kafka), consuming(platform, pool, log, servers):
        await receive(platform, payment)
        await published(log, kafka)
        async with asyncio.timeout(30):
            while (await aggregates.get(ORDER, order_id)).status is not OrderStatus.PAID:
                await asyncio.sleep(0.1)
        # The policy's own event must reach the topic while a publisher runs.
        await published(log, kafka)
    found = await verify_log(log, servers)
    assert (found.equal, found.difference) == (True, None)
    assert [(each.partition, each.offset) for each in found.foreign] == [
        (each.partition, each.offset) for each in await foreign_records(pool)
    ]
    last = await log.last_position()
    assert await republish(pool, log, servers) == last
    assert (await verify_log(log, servers)).foreign == ()
    assert await foreign_records(pool) == []
