"""Promise 8: a query with the token of a write returns that write or ``STALE``; never older rows, never a hang."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from infra.embedded.kafka import ApacheKafka
from infra.embedded.process import free_port
from tests.chaos.conftest import Chaos
from tests.chaos.services import Service

pytestmark = [pytest.mark.kafka, pytest.mark.long, pytest.mark.timeout(900)]

ACCOUNTS = 8
BOUND_SECONDS = 5.0
"""After which a read model that stands still is said to be ``STALE``."""
GRACE_SECONDS = 3.0
"""For all that comes beside the waiting, on a busy machine."""
EDIT = """mutation ($id: ID!, $content: String!) { done: editPage(input: {pageId: $id, content: $content}) {
  consistencyToken userErrors { message } } }"""
ROLLED_BACK = """
select append_events($1, '\\x00'::bytea, null, 0, 0, $1, null, null, array[$2]::uuid[], array[$2]::uuid[], array[1],
                     array['store.store_paused.v1'], array[$2]::uuid[], array['\\x7b7d']::bytea[])
"""


class StaleAnswer(Exception):
    """The gateway said ``STALE``."""


@dataclass
class Merchant:
    """Edits one page, and looks at it by every way there is."""

    client: httpx.AsyncClient
    dice: Random
    store_id: str = ""
    page_id: str = ""
    edits: int = 0
    told_stale: int = 0

    async def register(self, number: int) -> None:
        account = {"email": f"m{number}@example.com", "password": "correct horse battery"}
        session = await self._ask(
            "mutation ($email: String!, $password: String!) { done: register(input: {email: $email, password: $password}) "
            "{ accessToken } }",
            account,
        )
        self.client.headers["authorization"] = f"Bearer {session['accessToken']}"

    async def open(self) -> None:
        store = await self._ask(
            'mutation { done: requestStore(input: {niche: "Desk lamps"}) { storeId consistencyToken } }', {}
        )
        self.store_id = store["storeId"]
        added = await self._ask(
            'mutation ($id: ID!) { done: addPage(input: {storeId: $id, title: "News", content: "# 0"}) { page { id } } }',
            {"id": self.store_id},
        )
        self.page_id = added["page"]["id"]

    async def pair(self) -> None:
        """Write, and read what was written."""
        self.edits += 1
        content = f"# {self.edits}"
        assert await self.read_at_last(await self.edit(content)) == content

    async def edit(self, content: str) -> str:
        """Write; the token that it answers."""
        edited = await self._ask(EDIT, {"id": self.page_id, "content": content})
        assert edited["userErrors"] == []
        return str(edited["consistencyToken"])

    async def read_at_last(self, token: str) -> str:
        """Read, and read again as long as the answer is ``STALE``."""
        while True:
            with suppress(StaleAnswer):
                return await self.read(token)
            self.told_stale += 1

    async def read(self, token: str) -> str:
        """Return the page's content, read with a token in one of the places where it may stand.

        Raises:
            StaleAnswer: the gateway would have had to answer with older rows.
        """
        way = self.dice.randrange(3)
        began = time.monotonic()
        try:
            if way == 0:
                found = await self._ask(
                    "query ($id: ID!, $token: String) { done: page(id: $id, consistencyToken: $token) { content } }",
                    {"id": self.page_id, "token": token},
                )
                return str(found["content"])
            if way == 1:
                found = await self._ask(
                    "query ($id: ID!) { done: page(id: $id) { content } }",
                    {"id": self.page_id},
                    headers={"x-consistency-token": token},
                )
                return str(found["content"])
            found = await self._ask(
                "query ($id: ID!, $token: String) { done: store(id: $id, consistencyToken: $token) { pages { nodes "
                "{ content } } } }",
                {"id": self.store_id, "token": token},
            )
            return str(found["pages"]["nodes"][0]["content"])
        finally:
            assert time.monotonic() - began < BOUND_SECONDS + GRACE_SECONDS

    async def _ask(self, query: str, variables: dict[str, Any], **options: Any) -> Any:
        response = await self.client.post("/graphql", json={"query": query, "variables": variables}, **options)
        body = response.json()
        if "errors" in body:
            if {error["extensions"]["code"] for error in body["errors"]} == {"STALE"}:
                raise StaleAnswer
            raise AssertionError(body["errors"])
        return body["data"]["done"]


@dataclass
class World:
    """Publisher, gateway and two processes of projectors."""

    database: str
    kafka: str
    logs: Path
    port: int = field(default_factory=free_port)
    services: dict[str, Service] = field(default_factory=dict)

    async def launch(self, name: str) -> None:
        environment = {"ZYENTA_MASTER_KEYS": "00" * 32, "ZYENTA_GATEWAY_PORT": str(self.port)}
        self.services[name] = await Service.launch(
            name.partition("-")[0],
            database=self.database,
            kafka=self.kafka,
            log_file=self.logs / f"{name}.log",
            environment=environment,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            for name in ("publisher", "projectors-0", "projectors-1", "gateway"):
                await self.launch(name)
            async with (
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=60) as client,
                asyncio.timeout(60),
            ):
                while True:
                    try:
                        if (await client.get("/healthz")).status_code == 200:
                            break
                    except httpx.TransportError:
                        await asyncio.sleep(0.1)
            yield
        finally:
            await asyncio.gather(*(service.kill() for service in self.services.values()))


async def test_no_client_reads_older_rows_than_it_wrote(
    chaos: Chaos, pool: asyncpg.Pool, database: str, kafka: ApacheKafka, tmp_path: Path
) -> None:
    pairs, dice, done = chaos.pick(short=300, full=10_000), chaos.dice, asyncio.Event()
    # Side by side, each with a store of their own, so that partitions differ.
    crowd = chaos.pick(short=8, full=32)
    world = World(database, kafka.bootstrap_servers, tmp_path)
    async with world.running():
        merchants = [
            Merchant(httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.port}", timeout=30), Random(dice.random()))
            for _ in range(crowd)
        ]
        # An address may open few accounts: the others are the same merchants with one more store.
        await asyncio.gather(*(merchant.register(number) for number, merchant in enumerate(merchants[:ACCOUNTS])))
        for number, merchant in enumerate(merchants):
            merchant.client.headers["authorization"] = merchants[number % ACCOUNTS].client.headers["authorization"]
        await asyncio.gather(*(merchant.open() for merchant in merchants))

        async def rebalance() -> int:
            """Take the partitions from one half of the projectors and give them back, again and again."""
            count = 0
            while not done.is_set():
                name = dice.choice(["projectors-0", "projectors-1"])
                await world.services[name].end(dice.choice([signal.SIGTERM, signal.SIGTERM, signal.SIGKILL]))
                await world.launch(name)
                count += 1
                # The long form has some of its pairs in peace, or it would mostly wait for killed members to be given up.
                await asyncio.sleep(dice.uniform(0.5, chaos.pick(short=3, full=15)))
            return count

        async def take_back() -> int:
            """Append and roll back: gaps among the positions, and settling that others must wait for."""
            count = 0
            while not done.is_set():
                async with pool.acquire() as connection:
                    transaction = connection.transaction()
                    await transaction.start()
                    await connection.execute(ROLLED_BACK, *(UUID(int=dice.getrandbits(128), version=4) for _ in "12"))
                    await asyncio.sleep(dice.uniform(0, 0.03))
                    await transaction.rollback()
                count += 1
                await asyncio.sleep(dice.uniform(0, 0.2))
            return count

        async def work(merchant: Merchant) -> None:
            while sum(each.edits for each in merchants) < pairs:
                await merchant.pair()

        attacks = [asyncio.create_task(rebalance()), asyncio.create_task(take_back())]
        try:
            await asyncio.gather(*(work(merchant) for merchant in merchants))
        finally:
            done.set()
            rebalances, rollbacks = await asyncio.gather(*attacks)
        stale = sum(merchant.told_stale for merchant in merchants)
        sys.stdout.write(f"{pairs} pairs, {rebalances} rebalances, {rollbacks} rollbacks, {stale} times STALE\n")
        assert rebalances > 0 < rollbacks

        await _stands_still(world, merchants[0])
        for merchant in merchants:
            await merchant.client.aclose()


async def _stands_still(world: World, merchant: Merchant) -> None:
    """With all projectors frozen, what was written cannot be read; everything else can."""
    await merchant.pair()
    frozen = [service for name, service in world.services.items() if name.startswith("projectors")]
    for service in frozen:
        service.freeze()
    token = await merchant.edit("# !")
    with pytest.raises(StaleAnswer):
        await merchant.read(token)
    for service in frozen:
        service.thaw()
    async with asyncio.timeout(30):
        assert await merchant.read_at_last(token) == "# !"
