"""A real PostgreSQL stops and returns: what shoppers, merchants and payment providers see until then."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from infra.adapters.postgres.migrations import migrate
from infra.embedded.postgres import EmbeddedPostgres
from tests.conftest import opened_pool
from tests.support.fakes.payments import SignedPayments
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.storefront import BRAND, READER_SETTINGS, StorefrontPlatform
from tests.support.servers.web_server import complaints

PAUSE = "mutation ($input: StoreInput!) { pauseStore(input: $input) { userErrors { code } } }"
LOGGERS = ("storefront", "gateway", "uvicorn.error")


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedPostgres]:
    """A migrated PostgreSQL that only this test uses and may stop."""
    with tempfile.TemporaryDirectory(prefix="zyenta-test-") as directory:
        Path(directory).chmod(0o711)
        postgres = EmbeddedPostgres(Path(directory) / "postgres")
        await postgres.start()
        await migrate(postgres.dsn)
        yield postgres
        await postgres.stop()


async def until_well(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
    async with asyncio.timeout(60):
        while (await ask()).status_code >= 500:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_shoppers_see_the_shop_say_that_it_is_back_in_a_moment(
    server: EmbeddedPostgres, tmp_path: Path, end: str
) -> None:
    async with (
        opened_pool(server.dsn) as pool,
        asyncpg.create_pool(server.dsn, min_size=1, max_size=4, server_settings=READER_SETTINGS) as readers,
    ):
        floor = await StorefrontPlatform.build(pool, readers, tmp_path / "media")
        store = await floor.open_store("fern", BRAND)
        await floor.open_store("quiet", BRAND)
        await floor.stock(store, "Pot", slug="pot")
        transport = httpx.ASGITransport(app=floor.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as browser:
            style = (await browser.get("/theme.css")).text
            assert (await browser.get("/")).status_code == 200
            await getattr(server, end)()
            with complaints(*LOGGERS) as heard:
                for path in (
                    "/",
                    "/products",
                    "/products/pot",
                    "/cart",
                    "/pages/about",
                    "/sitemap.xml",
                    "/sitemap-1.xml",
                ):
                    for _ in range(2):
                        away = await browser.get(path)
                        assert away.status_code == 503, path
                        assert int(away.headers["retry-after"]) > 0
                        assert "Fern &amp; Clay cannot be reached at the moment" in away.text
                assert (await browser.get("/theme.css")).text == style
                assert (await browser.get("/logo.svg")).status_code == 200
                assert (await browser.post("/checkout", data={"name": "Anna"})).status_code == 503
                never_seen = await browser.get("http://quiet.shops.test/")
                assert never_seen.status_code == 503
                assert "retry-after" in never_seen.headers
                assert (await browser.get("/-/health")).status_code == 200
            assert [record.levelname for record in heard if record.levelname == "ERROR"] == []
            await server.start()
            await until_well(lambda: browser.get("/"))
            assert "Pot" in (await browser.get("/products/pot")).text


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_merchants_and_payment_providers_get_an_error_that_asks_for_a_retry(
    server: EmbeddedPostgres, end: str
) -> None:
    async with a_platform(server.dsn) as platform:
        owner = await platform.merchant()
        store_id = await platform.store(owner)
        notice = json.dumps({"type": "paid", "id": "n1", "store": str(store_id), "order": str(uuid4())}).encode()

        async def notify() -> httpx.Response:
            return await platform.client.post(
                "/webhooks/payments/sandbox",
                content=notice,
                headers={"sandbox-signature": SignedPayments.sign(notice)},
            )

        await getattr(server, end)()
        with complaints(*LOGGERS) as heard:
            for _ in range(2):
                asked = await platform.post("{ me { id } stores { totalCount } }", by=owner)
                codes = {error["extensions"]["code"] for error in asked["errors"]}
                assert codes == {"UNAVAILABLE"}, asked
                assert all(error["extensions"]["retryAfter"] > 0 for error in asked["errors"])
                changed = await platform.post(PAUSE, {"input": {"storeId": str(store_id)}}, by=owner)
                assert "UNAVAILABLE" in str(changed), changed
                assert "INTERNAL" not in str(changed)
                listed = await platform.call("GET", f"/stores/{store_id}/products", by=owner)
                for answer in (listed, await notify()):
                    assert answer.status_code == 503, answer.text
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert answer.json()["code"] == "UNAVAILABLE"
                    assert int(answer.headers["retry-after"]) > 0
            assert (await platform.client.get("/healthz")).status_code == 200
        assert [record.getMessage() for record in heard if record.levelname == "ERROR"] == []
        await server.start()
        await until_well(notify)
        assert (await notify()).json() == {"received": True}
        assert (await platform.ask("{ me { id } }", by=owner))["id"]


def test_a_faulty_statement_is_not_an_outage() -> None:
    from projections.reading.availability import is_database_away

    for outage in (OSError("Multiple exceptions: [Errno 111] ..."), OSError(113, "no route"), TimeoutError()):
        assert is_database_away(outage)
    for fault in (
        asyncpg.UndefinedTableError("no table"),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        ValueError("no"),
        FileNotFoundError(2, "no such file", "photo.webp"),
    ):
        assert not is_database_away(fault)
