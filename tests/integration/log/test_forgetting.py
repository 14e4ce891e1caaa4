"""Promise 11: no byte of the platform holds a forgotten shopper, and all others are unchanged."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from commands.bus import CommandBus
from commands.ports import Context
from commands.shopper import ForgetShopper
from domain.privacy import Sealed
from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.kafka.topic import open_reader, read_to_end
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.vault import PostgresPersonalData, count_forgotten_keys
from infra.bootstrap import handlers
from infra.clock import SystemClock
from infra.demo.shopper import Shopper, UnexpectedPage
from infra.embedded.kafka import ApacheKafka
from infra.embedded.process import accepts_connections, free_port
from infra.log.restoration import restore_store
from infra.log.verification import verify_log
from projections.registry import SEARCH_PATH
from schemas.internal.deliveries import DeadLetter
from schemas.topics import DEAD_LETTERS, EVENTS, TOPICS, Topic
from tests.chaos.services import ROOT, Service
from tests.integration.log.halves import published, publishing, rows_of
from tests.support.builders.commands import Ask, bus_on, context
from tests.support.platforms.write_side import Platform

pytestmark = pytest.mark.kafka


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose name occurs nowhere else."""

    name: str
    email: str
    street: str

    @property
    def words(self) -> tuple[bytes, ...]:
        return (self.name.encode(), self.email.encode(), self.street.encode())


ADA = Person("Wilhelmina Quackenbush", "wilhelmina@quackenbush.example", "77 Larkspur Crescent")
BEN = Person("Thaddeus Oppenshaw", "thaddeus@oppenshaw.example", "12 Bramblewick Yard")
CLEO = Person("Philippa Sprocketby", "philippa@sprocketby.example", "3 Umbrella Steps")


@pytest.mark.long
async def test_a_forgotten_shopper_is_in_no_byte_and_everybody_else_is_as_before(
    database: str, own_kafka: ApacheKafka, tmp_path: Path
) -> None:
    async with (
        asyncpg.create_pool(
            database, min_size=1, max_size=6, server_settings={"search_path": f"{SEARCH_PATH}, public"}
        ) as pool,
        _platform(database, own_kafka, tmp_path) as (environment, storefront_url),
    ):
        log = PostgresEventLog(pool, SystemClock())
        bus = CommandBus(log, handlers(SystemClock()))
        await _open_store(bus)
        for person in (ADA, BEN, CLEO):
            await _order(storefront_url, person)
        orders = await _paid_orders(pool, 3)
        await _park_every_order(own_kafka)
        personal = PostgresPersonalData(pool, MasterKeys([bytes.fromhex(environment["ZYENTA_MASTER_KEYS"])]))
        by_name = {str(await personal.open(_sealed(order["shopper_name"]))): order for order in orders}
        assert set(by_name) == {ADA.name, BEN.name, CLEO.name}
        before = await rows_of(pool, "events", but="transaction_id")

        told = await _cli(environment, "shoppers", "forget", by_name[ADA.name]["number"], "--json")
        assert told["shopper_id"] == str(by_name[ADA.name]["shopper_id"])
        # The same if the requesting process died before it deleted the key:
        cleo = by_name[CLEO.name]
        id = uuid4()
        await bus.dispatch(
            ForgetShopper(shopper_id=cleo["shopper_id"], store_id=cleo["store_id"]),
            Context(command_id=id, correlation_id=id),
        )
        async with asyncio.timeout(30):
            while await pool.fetchval("select true from person_keys where person_id = $1", cleo["shopper_id"]):
                await asyncio.sleep(0.05)

        for name in (ADA.name, CLEO.name):
            for column in ("shopper_name", "shopper_email", "shipping_address"):
                assert await personal.open(_sealed(by_name[name][column])) is None
        assert await personal.open(_sealed(by_name[BEN.name]["shopper_email"])) == BEN.email
        assert (await _cli(environment, "shoppers", "find", ADA.email, "--json"))["shoppers"] == []
        (found,) = (await _cli(environment, "shoppers", "find", BEN.email.upper(), "--json"))["shoppers"]
        assert found["order_number"] == by_name[BEN.name]["number"]

        after = await rows_of(pool, "events", but="transaction_id")
        assert after[: len(before)] == before
        assert [row["type"] for row in after[len(before) :]] == ["shopper.shopper_forgotten.v1"] * 2
        await published(log, own_kafka)
        assert (await verify_log(log, own_kafka.bootstrap_servers)).difference is None
        await pool.execute("checkpoint")
        places = [Path(await pool.fetchval("show data_directory")), tmp_path]
        # The broker's files hold compressed batches, so their content is read through a consumer.
        topics = {topic.name: await _bytes_of(own_kafka, topic) for topic in TOPICS}
    scanned = list(_files(places))
    # The searched files are the right ones: the order is in them, its shopper is not.
    ordered = str(by_name[ADA.name]["id"]).encode()
    assert {place for place in places if _holding(list(_files([place])), (ordered, ordered.replace(b"-", b"")))} >= {
        tmp_path
    }
    assert _holding(scanned, (*ADA.words, *CLEO.words, *BEN.words)) == []
    assert [name for name, data in topics.items() if ordered in data] == [EVENTS.name, DEAD_LETTERS.name]
    assert not [word for data in topics.values() for word in (*ADA.words, *CLEO.words, *BEN.words) if word in data]


@pytest.mark.parametrize("order", ["before", "after"])
async def test_a_key_that_comes_back_with_a_backup_is_deleted_again(
    pool: asyncpg.Pool, log: PostgresEventLog, other_pool: asyncpg.Pool, kafka: ApacheKafka, order: str
) -> None:
    keys = MasterKeys([bytes(32)])
    personal, store = PostgresPersonalData(pool, keys), uuid4()
    await bus_on(log, SystemClock()).dispatch(Ask(store_id=store), context())
    forgotten, other = uuid4(), uuid4()
    values = {person: await personal.seal(person, "somebody@example.com") for person in (forgotten, other)}
    backup = await pool.fetch("select * from person_keys")
    bus = CommandBus(log, handlers(SystemClock()))
    await bus.dispatch(ForgetShopper(shopper_id=forgotten, store_id=store), context())
    async with publishing(pool, log, kafka):
        await published(log, kafka)

    if order == "after":
        await restore_store(other_pool, kafka.bootstrap_servers)
    # Whatever a backup says of when a key was made: some tools do not keep it.
    await other_pool.executemany(
        "insert into person_keys (person_id, wrapped_key) values ($1, $2)",
        [(row["person_id"], row["wrapped_key"]) for row in backup],
    )
    restored = PostgresPersonalData(other_pool, keys)
    assert await restored.open(values[forgotten]) is not None
    assert (await restore_store(other_pool, kafka.bootstrap_servers)).forgotten == 1

    assert await restored.open(values[forgotten]) is None
    assert await restored.open(values[other]) == "somebody@example.com"


async def test_the_doctor_finds_keys_of_people_who_are_forgotten(pool: asyncpg.Pool, log: PostgresEventLog) -> None:
    personal, store = PostgresPersonalData(pool, MasterKeys([bytes(32)])), uuid4()
    await bus_on(log, SystemClock()).dispatch(Ask(store_id=store), context())
    forgotten, other = uuid4(), uuid4()
    for person in (forgotten, other):
        await personal.seal(person, "somebody@example.com")
    bus = CommandBus(log, handlers(SystemClock()))
    await bus.dispatch(ForgetShopper(shopper_id=forgotten, store_id=store), context())
    assert await count_forgotten_keys(pool) == 0, "the policy is given time"
    await pool.execute("update events set recorded_at = recorded_at - interval '2 minutes'")
    assert await count_forgotten_keys(pool) == 1
    await personal.forget(forgotten)
    assert await count_forgotten_keys(pool) == 0


@asynccontextmanager
async def _platform(database: str, kafka: ApacheKafka, directory: Path) -> AsyncIterator[tuple[dict[str, str], str]]:
    """Run every service that a purchase needs; yield their environment and the store's address."""
    ports = {name: free_port() for name in ("GATEWAY", "STOREFRONT", "SANDBOX")}
    environment = {
        "DATABASE_URL": database,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "ZYENTA_DATA_DIR": str(directory / "data"),
        "ZYENTA_MASTER_KEYS": secrets.token_hex(32),
        "ZYENTA_LOG_LEVEL": "INFO",
        "ZYENTA_GATEWAY_URL": f"http://127.0.0.1:{ports['GATEWAY']}",
        "ZYENTA_SANDBOX_URL": f"http://127.0.0.1:{ports['SANDBOX']}",
        "ZYENTA_STOREFRONT_DOMAIN": f"localhost:{ports['STOREFRONT']}",
        **{f"ZYENTA_{name}_PORT": str(port) for name, port in ports.items()},
    }
    services = [
        await Service.python("-m", "infra.cli", *arguments, log_file=directory / f"{name}.log", environment=environment)
        for name, arguments in {
            "web": ("run", "gateway", "storefront", "sandbox"),
            "log": ("run", "publisher", "projectors"),
            "policies": ("consumer", "payments-policy", "forgetting-policy"),
        }.items()
    ]
    try:
        async with asyncio.timeout(60):
            while not all([await accepts_connections(port) for port in ports.values()]):
                await asyncio.sleep(0.1)
        yield environment, f"http://neon-haven.localhost:{ports['STOREFRONT']}"
    finally:
        await asyncio.gather(*(service.kill() for service in services))


async def _open_store(bus: CommandBus) -> None:
    maker = Platform()
    maker.bus = bus
    await maker.publish()


async def _order(storefront_url: str, person: Person) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        shopper = Shopper(client, storefront_url)
        async with asyncio.timeout(60):
            while not await _finds_a_product(shopper):
                await asyncio.sleep(0.1)
        await shopper.submit("/cart/add", quantity="1")
        await shopper.visit("/checkout")
        where = {"line1": person.street, "city": "Springfield", "region": "IL", "postcode": "62701"}
        # The first attempt is refused, so that the traces of a refusal are searched too.
        with pytest.raises(UnexpectedPage, match="422"):
            await shopper.submit("/checkout", name=person.name, email="no address at all", **where)
        await shopper.submit("/checkout", name=person.name, email=person.email, **where)
        await shopper.submit("/pay", decision="pay")
        assert "/checkout/success/" in shopper.url


async def _finds_a_product(shopper: Shopper) -> bool:
    try:
        await shopper.visit("/products")
        await shopper.follow("/products/")
    except UnexpectedPage:
        return False
    return True


async def _paid_orders(pool: asyncpg.Pool, count: int) -> list[asyncpg.Record]:
    async with asyncio.timeout(60):
        while True:
            orders: list[asyncpg.Record] = await pool.fetch("select * from orders where status = 'PAID'")
            if len(orders) == count:
                return orders
            await asyncio.sleep(0.1)


async def _park_every_order(kafka: ApacheKafka) -> None:
    letters = DeadLetterProducer(kafka.bootstrap_servers)
    async with open_reader(kafka.bootstrap_servers, EVENTS) as reader:
        async for records in read_to_end(reader, await reader.end_offsets(reader.assignment())):
            for record in records:
                if dict(record.headers)["ce_type"] == b"order.order_placed.v1":
                    await letters.park(
                        DeadLetter(
                            group="a test",
                            topic=record.topic,
                            partition=record.partition,
                            offset=record.offset,
                            key=record.key,
                            value=record.value,
                            headers=tuple(record.headers),
                            reason="it was asked for",
                            traceback_digest="",
                            count=1,
                            parked_at=datetime.now(UTC),
                        )
                    )
    await letters.close()


async def _cli(environment: dict[str, str], *arguments: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.cli", *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


def _sealed(column: str) -> Sealed:
    return Sealed(**json.loads(column))


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())


async def _bytes_of(kafka: ApacheKafka, topic: Topic) -> bytes:
    """Return the keys, values and headers of a topic's records."""
    parts: list[bytes] = []
    async with open_reader(kafka.bootstrap_servers, topic) as reader:
        async for records in read_to_end(reader, await reader.end_offsets(reader.assignment())):
            for record in records:
                parts += [record.key or b"", record.value or b"", *(value or b"" for _, value in record.headers)]
    return b"\n".join(parts)


def _holding(files: Sequence[Path], words: Sequence[bytes]) -> list[str]:
    """Return the files that contain one of the words, with the word."""
    found: list[str] = []
    for path in files:
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # PostgreSQL replaces some files while it runs; what is gone holds nothing
            continue
        found.extend(f"{path.name}: {word.decode()}" for word in words if word in data)
    return found
