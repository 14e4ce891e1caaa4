"""A gateway stops within its bound, whatever its clients hold open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from infra.web.protocols import ConnectionLimits
from infra.web.server import make_server
from tests.integration.gateway.test_subscription import connected, read_to_the_end, received, subscribe
from tests.support.platforms.gateway import Merchant, Platform, a_platform
from tests.support.servers.web_server import complaints

GRACE, BOUND = 0.3, 8.0
"""Seconds that requests get to end, and the supervisor's patience."""
SLOW = "query ($id: ID!) { store(id: $id) { products { nodes { id } } } }"


@pytest.fixture
async def shared_platform(database: str) -> AsyncIterator[Platform]:
    """A platform of its own, whose tables a test may lock."""
    async with a_platform(database) as whole:
        yield whole


@asynccontextmanager
async def locked(database: str, table: str) -> AsyncIterator[asyncpg.Connection]:
    """Make each query of a table wait. Yield the connection that holds the lock."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in access exclusive mode")
            yield connection
    finally:
        await connection.close()


async def test_a_gateway_with_dashboards_a_subscription_and_a_slow_query_stops_within_its_bound(
    platform: Platform, owner: Merchant, database: str
) -> None:
    store_id = await platform.stocked_store(owner)
    limits = ConnectionLimits()
    server = make_server(platform.app, "127.0.0.1", 0, limits, lifespan="off", timeout_graceful_shutdown=GRACE)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"authorization": f"Bearer {owner.token}"}
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, headers=headers) as client,
        connected(f"ws://127.0.0.1:{port}/graphql", owner) as wire,
    ):
        await client.get("/dashboard/log-in")  # a kept-alive connection, as browsers hold it
        await subscribe(wire, store_id)
        assert (await received(wire))["type"] == "next"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /dashboard HTTP/1.1\r\nhost: half\r\n")
        body = {"query": SLOW, "variables": {"id": str(store_id)}}
        async with locked(database, "catalog.products") as holder:
            slow = asyncio.create_task(client.post("/graphql", json=body))
            async with asyncio.timeout(60):
                while not await holder.fetchval("select count(*) from pg_locks where not granted"):
                    await asyncio.sleep(0.01)
            with complaints("uvicorn.error") as logged:
                async with asyncio.timeout(BOUND):
                    server.should_exit = True
                    await serving
            assert not server.server_state.tasks, "a cancelled request has returned its connection"
            answer = await slow
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1"), (answer.text, answer.headers)
        assert [each.getMessage() for each in logged if each.exc_info] == []
        assert await reader.read() == b""
        with pytest.raises(ConnectionClosed) as closed:
            await read_to_the_end(wire)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        writer.close()
