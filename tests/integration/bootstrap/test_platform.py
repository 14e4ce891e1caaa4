"""The parts that roles share."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from infra.bootstrap import NotConfigured, gateway_app, open_platform, storefront_app
from infra.bootstrap.consumers import consumers
from infra.bootstrap.mail import mailer
from infra.settings import Settings
from projections.reading.time_travel import travel_pool
from projections.registry import READ_MODELS

UNUSED: dict[str, Any] = {"kafka_bootstrap_servers": "127.0.0.1:1", "master_keys": ["ab" * 32]}
"""Settings that must be set but are not used here."""


async def test_connections_for_queries_can_change_nothing(database: str, tmp_path: Path) -> None:
    async with open_platform(Settings(data_dir=tmp_path, database_url=database), migrated=False) as platform:
        readers = await platform.readers()
        assert await readers.fetchval("select count(*) from events") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await readers.execute("delete from events")


async def test_a_transaction_of_a_frozen_program_is_ended_by_the_server(database: str, tmp_path: Path) -> None:
    statement = "show idle_in_transaction_session_timeout"
    async with (
        open_platform(Settings(data_dir=tmp_path, database_url=database), migrated=False) as platform,
        travel_pool(database, READ_MODELS.values()) as travel,
    ):
        pool = await platform.pool()
        assert [await pool.fetchval(statement), await travel.fetchval(statement)] == ["30s", "30s"]


async def test_a_past_that_is_still_read_does_not_keep_a_platform_from_stopping(database: str) -> None:
    async with travel_pool(database, READ_MODELS.values()) as travel:
        connection = await travel.acquire()
        reading = asyncio.create_task(connection.execute("select pg_sleep(300)", timeout=300))
        await asyncio.sleep(0)
    # It was ended with its connection: nothing waited until it was done.
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        await reading


async def test_a_query_that_failed_or_was_cancelled_leaves_its_connection_fit_for_the_next(
    database: str, tmp_path: Path
) -> None:
    async with open_platform(Settings(data_dir=tmp_path, database_url=database), migrated=False) as platform:
        readers = await platform.readers()
        with pytest.raises(asyncpg.DivisionByZeroError):
            await readers.fetchval("select 1 / 0")
        with pytest.raises(TimeoutError):
            await readers.fetchval("select pg_sleep(30)", timeout=0.05)
        assert await readers.fetchval("select 1") == 1
        assert readers.get_idle_size() == readers.get_size()


async def test_only_what_receives_webhooks_needs_their_secret(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, stripe_secret_key=SecretStr("sk_test_1"))
    async with open_platform(settings, with_database=False) as platform:
        assert [reader.name for reader in platform.payments.notices().values()] == ["stripe", "stripe-platform"]
        with pytest.raises(NotConfigured, match="STRIPE_WEBHOOK_SECRET"):
            platform.payments.webhooks()


REGISTER = "mutation($input: RegisterInput!) { register(input: $input) { userErrors { code } } }"


async def tries_to_register(client: httpx.AsyncClient, *forwarded_for: str) -> str:
    given = {"email": "no address", "password": "a long enough password", "name": "Someone"}
    answer = await client.post(
        "/graphql",
        json={"query": REGISTER, "variables": {"input": given}},
        headers=[("x-forwarded-for", line) for line in forwarded_for],
    )
    (error,) = answer.json()["data"]["register"]["userErrors"]
    return str(error["code"])


@pytest.mark.parametrize(("behind_proxy", "others"), [(True, "INVALID_INPUT"), (False, "TOO_MANY_ATTEMPTS")])
async def test_behind_a_proxy_every_caller_has_an_allowance_of_its_own(
    database: str, tmp_path: Path, behind_proxy: bool, others: str
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database, behind_proxy=behind_proxy, **UNUSED)
    async with open_platform(settings, migrated=False) as platform:
        transport = httpx.ASGITransport(app=await gateway_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            assert await is_refused_beyond_an_allowance(
                lambda _: tries_to_register(client, "198.51.100.7, 203.0.113.1")
            )
            assert await tries_to_register(client, "198.51.100.7, 203.0.113.2") == others


async def is_refused_beyond_an_allowance(attempt: Callable[[int], Awaitable[str]]) -> bool:
    """Whether the attempts of one caller are refused after a while.

    An allowance of 30 refills with the real time, which a slow machine uses up too.
    """
    codes = [await attempt(n) for n in range(30)]
    assert set(codes) <= {"INVALID_INPUT", "TOO_MANY_ATTEMPTS"}
    return any([await attempt(n) == "TOO_MANY_ATTEMPTS" for n in range(30, 90)]) or "TOO_MANY_ATTEMPTS" in codes


@pytest.mark.parametrize(
    "lines",
    [
        lambda n: [f"10.0.0.{n}", "198.51.100.7, 203.0.113.1"],
        lambda n: [f"203.0.113.1:{40_000 + n}"],
        lambda n: [f"[2001:db8::1]:{40_000 + n}"],
        lambda n: [f"2001:db8::{n:x}"],
    ],
    ids=["two lines", "a changing port", "a changing port in IPv6", "a changing half of an IPv6 address"],
)
async def test_behind_a_proxy_one_caller_has_one_allowance(
    database: str, tmp_path: Path, lines: Callable[[int], list[str]]
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database, behind_proxy=True, **UNUSED)
    async with open_platform(settings, migrated=False) as platform:
        transport = httpx.ASGITransport(app=await gateway_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            assert await is_refused_beyond_an_allowance(lambda n: tries_to_register(client, *lines(n)))


async def test_the_storefront_speaks_the_configured_scheme(database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database, storefront_scheme="https", **UNUSED)
    async with open_platform(settings, migrated=False) as platform:
        transport = httpx.ASGITransport(app=await storefront_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.localhost") as client:
            assert "strict-transport-security" in (await client.get("/-/health")).headers


@pytest.mark.parametrize("server", [None, "smtps://mail.example"])
async def test_mails_go_to_the_mailbox_or_to_the_mail_server(database: str, tmp_path: Path, server: str | None) -> None:
    mail: dict[str, Any] = {} if server is None else {"smtp_url": server, "mail_from": "orders@shops.example"}
    settings = Settings(data_dir=tmp_path, database_url=database, **UNUSED, **mail)
    async with open_platform(settings, migrated=False) as platform:
        (policy,) = await consumers(platform, names=("mail-policy",))
        assert policy.name == "mail-policy"
    assert type(mailer(settings)).__name__ == ("MailboxMailer" if server is None else "SmtpMailer")
