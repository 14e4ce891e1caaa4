"""The servers of the bench ``graphql``, one per process: ``python -m infra.bench.graphql_server NAME PORT``."""

import asyncio
import signal
import sys
from typing import Any
from uuid import UUID

import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.auth.sessions import Sessions
from gateway.auth.tokens import AccessTokens
from infra.adapters.postgres.accounts import PostgresRefreshTokens
from infra.bootstrap import open_platform
from infra.bootstrap.gateway import gateway_app, signing_keys
from infra.bootstrap.lifecycle import serve
from infra.bootstrap.roles import connection_limits
from infra.event_loop import new_runner
from infra.settings import read_settings

PLAIN_SQL = """
select p.id, p.title, p.slug, p.category, p.currency, p.price_minor, p.compare_at_minor, p.created_at, p.on_hand, p.status
from unnest(array['DRAFT', 'ACTIVE', 'OUT_OF_STOCK', 'ARCHIVED']) as wanted (status), lateral (
  select * from products p where p.store_id = $1 and p.status = wanted.status order by p.created_at desc, p.id desc limit 20
) p
where exists (select from stores s where s.id = $1 and s.merchant_id = $2)
order by p.created_at desc, p.id desc limit 20
"""
"""The rows of ``infra.bench.graphql.QUERY`` in one statement, by the index of products by status."""

_json = msgspec.json.Encoder()


def plain_app(pool: Any, sessions: Sessions) -> ASGIApp:
    """Return an application that only checks the log-in, selects the rows and writes them."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        merchant_id = await sessions.merchant(authorization.decode("latin-1"))
        body = (await receive())["body"]
        records = await pool.fetch(PLAIN_SQL, UUID(msgspec.json.decode(body)["storeId"]), merchant_id)
        nodes = [
            {
                "id": record["id"],
                "title": record["title"],
                "slug": record["slug"],
                "status": record["status"],
                "category": record["category"],
                "currency": record["currency"],
                "sellingPrice": _decimal(record["price_minor"]),
                "compareAtPrice": _decimal(record["compare_at_minor"]),
                "stockQuantity": record["on_hand"],
                "createdAt": record["created_at"],
            }
            for record in records
        ]
        content = _json.encode({"data": {"store": {"products": {"nodes": nodes}}}})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


def _decimal(minor: int | None) -> str | None:
    return None if minor is None else f"{minor // 100}.{minor % 100:02}"


async def run(name: str, port: int) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = read_settings()
    async with open_platform(settings, migrated=False) as platform:
        if name == "plain":
            access = AccessTokens(signing_keys(platform.keys()), platform.clock)
            sessions = Sessions(access, PostgresRefreshTokens(await platform.pool()), platform.clock)
            app = plain_app(await platform.readers(), sessions)
            config = uvicorn.Config(
                app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", ws="none"
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            await stop.wait()
            server.should_exit = True
            await serving
            return
        await serve(
            await gateway_app(platform, plans=name == "planned"), "127.0.0.1", port, stop, connection_limits(settings)
        )


if __name__ == "__main__":
    with new_runner() as runner:
        runner.run(run(sys.argv[1], int(sys.argv[2])))
