"""Clients of the real applications may break off their uploads without causing an error."""

import asyncio
import json
from pathlib import Path

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from gateway.app import create_app
from infra.adapters.payments.sandbox import SandboxPayments
from infra.sandbox.app import sandbox_app
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.storefront import BRAND, READER_SETTINGS, SECRET, StorefrontPlatform
from tests.support.servers.web_server import complaints, hang_up_after, served

LOGGERS = ("uvicorn.error", "gateway", "storefront", "infra.web", "infra.sandbox", "strawberry")


def half_a_post(path: str, host: str, kind: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: 500\r\n\r\n"
    return head.encode() + b'{"half'


async def is_well(port: int, path: str, host: str) -> None:
    """Wait until a later request is answered; then the earlier ones are finished too."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, headers={"host": host}) as client:
        for _ in range(3):
            assert (await client.get(path)).status_code == 200
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/graphql", "application/json"),
        ("/graphql", "multipart/form-data; boundary=x"),
        ("/api/v1/images/process", "application/json"),
        ("/webhooks/payments/sandbox", "application/json"),
        ("/nothing", "application/json"),
    ],
)
async def test_uploads_to_the_gateway_may_be_broken_off(database: str, path: str, kind: str) -> None:
    async with a_platform(database) as platform, served(platform.app) as port:
        with complaints(*LOGGERS) as heard:
            for _ in range(5):
                await hang_up_after(port, half_a_post(path, "gateway.test", kind))
            await is_well(port, "/healthz", "gateway.test")
    assert [record.getMessage() for record in heard] == []


async def test_a_websocket_may_be_broken_off_in_the_middle_of_anything(database: str) -> None:
    async with a_platform(database) as platform, served(platform.app) as port:
        with complaints(*LOGGERS) as heard:
            for messages in (
                [],
                [{"type": "connection_init"}],
                [{"type": "connection_init"}, {"id": "1", "type": "subscribe", "payload": {"query": "{ me { id } }"}}],
            ):
                wire = await connect(
                    f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
                )
                for message in messages:
                    await wire.send(json.dumps(message))
                wire.transport.abort()
                await wire.wait_closed()
            await is_well(port, "/healthz", "gateway.test")
    assert [record.getMessage() for record in heard] == []


@pytest.mark.parametrize("path", ["/cart/add", "/cart/change", "/checkout", "/nothing"])
async def test_forms_to_a_shop_may_be_broken_off(database: str, pool: asyncpg.Pool, tmp_path: Path, path: str) -> None:
    async with asyncpg.create_pool(database, min_size=1, max_size=4, server_settings=READER_SETTINGS) as readers:
        floor = await StorefrontPlatform.build(pool, readers, tmp_path / "media")
        await floor.open_store("fern", BRAND)
        async with served(floor.app()) as port:
            with complaints(*LOGGERS) as heard:
                for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                    await hang_up_after(port, half_a_post(path, "fern.shops.test", kind))
                await is_well(port, "/", "fern.shops.test")
    assert [record.getMessage() for record in heard] == []


async def test_a_page_ends_with_its_client_and_the_next_client_gets_it(
    database: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'products'"
    async with (
        asyncpg.create_pool(database, min_size=1, max_size=4, server_settings=READER_SETTINGS) as readers,
        httpx.AsyncClient(headers={"host": "fern.shops.test"}, timeout=60) as other,
    ):
        floor = await StorefrontPlatform.build(pool, readers, tmp_path / "media")
        await floor.open_store("fern", BRAND)
        async with served(floor.app()) as port, pool.acquire() as holder, pool.acquire() as watcher:

            async def waiting(number: int) -> None:
                async with asyncio.timeout(60):
                    while await watcher.fetchval(waits) != number:
                        await asyncio.sleep(0.02)

            with complaints(*LOGGERS) as heard:
                async with holder.transaction():
                    await holder.execute("lock table catalog.products in access exclusive mode")
                    _, leaving = await asyncio.open_connection("127.0.0.1", port)
                    leaving.write(b"GET /products HTTP/1.1\r\nHost: fern.shops.test\r\n\r\n")
                    await waiting(1)
                    staying = asyncio.create_task(other.get(f"http://127.0.0.1:{port}/products"))
                    await waiting(2)
                    leaving.transport.abort()
                    await waiting(1)
                page = await staying
    assert (page.status_code, heard) == (200, [])


WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
LIST = "query ($id: ID!) { store(id: $id) { products(first: 5) { nodes { title } } } }"
EDIT = 'mutation ($id: ID!) { editProduct(input: {productId: $id, description: "Warm."}) { userErrors { message } } }'


async def test_reads_of_the_gateway_end_with_their_client_and_changes_do_not(database: str, pool: asyncpg.Pool) -> None:
    async with a_platform(database) as platform, a_dashboard(platform) as dashboard:
        owner, port = dashboard.merchant, int(dashboard.url.rpartition(":")[2])
        store = await platform.stocked_store(owner)
        product = str(await pool.fetchval("select id from catalog.products limit 1"))
        # Without plans, the library runs every query.
        gateway = create_app(platform.deps, plans=False)
        async with served(gateway) as executor, pool.acquire() as holder, pool.acquire() as watcher:

            async def waiting(number: int) -> None:
                async with asyncio.timeout(60):
                    while await watcher.fetchval(WAITING) != number:
                        await asyncio.sleep(0.02)

            async def sent(port: int, head: str, content: object = None) -> asyncio.StreamWriter:
                body = b"" if content is None else json.dumps(content).encode()
                also = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"{head}\r\nHost: 127.0.0.1:{port}\r\n{also}\r\n".encode() + body)
                return writer

            cookies = "; ".join(f"{each['name']}={each['value']}" for each in dashboard.cookies())
            log_in = f"\r\nAuthorization: Bearer {owner.token}"
            edit = {"query": EDIT, "variables": {"id": product}}
            reads = (
                (executor, f"POST /graphql HTTP/1.1{log_in}", {"query": LIST, "variables": {"id": str(store)}}),
                (port, f"POST /graphql HTTP/1.1{log_in}", {"query": LIST, "variables": {"id": str(store)}}),
                (port, f"GET /api/v1/stores/{store}/products HTTP/1.1{log_in}", None),
                (port, f"GET /dashboard/stores/{store}/products HTTP/1.1\r\nCookie: {cookies}", None),
            )
            with complaints(*LOGGERS) as heard:
                async with holder.transaction():
                    await holder.execute("lock table catalog.products, events in access exclusive mode")
                    changing = await sent(executor, f"POST /graphql HTTP/1.1{log_in}", edit)
                    await waiting(1)
                    changing.transport.abort()
                    for read in reads:
                        leaving = await sent(*read)
                        await waiting(2)
                        leaving.transport.abort()
                        await waiting(1)
                async with asyncio.timeout(60):
                    while not await watcher.fetchval(
                        "select exists (select from events where type ~ 'product_described')"
                    ):
                        await asyncio.sleep(0.02)
    assert [record.getMessage() for record in heard] == []


async def test_the_payment_form_may_be_broken_off() -> None:
    payments = SandboxPayments(SECRET, page_url="http://127.0.0.1:1/pay")
    async with served(sandbox_app(payments, webhook_url="http://127.0.0.1:1/hook")) as port:
        with complaints(*LOGGERS) as heard:
            await hang_up_after(port, half_a_post("/pay/token", "pay.test", "application/x-www-form-urlencoded"))
            await is_well(port, "/pay/assets/page.css", "pay.test")
    assert [record.getMessage() for record in heard] == []
