"""Latency of a store query as of an earlier position of the log, over HTTP from a real gateway.

The query is a dashboard's: the store with a page of products, their images and variants, its pages and its media. It runs as
of random positions, in turns with the same query as of now. The limit is the query as of now, which reads the live tables.
"""

import asyncio
import random
import secrets
import time
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from pydantic import SecretStr

from domain.store.events import StoreRequested
from gateway.auth.tokens import AccessTokens
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target, percentile
from infra.bench.filling import fill_with_catalog
from infra.bench.servers import Servers, processes
from infra.bootstrap import open_platform
from infra.bootstrap.gateway import signing_keys
from infra.embedded.process import free_port
from infra.web.http_clients import in_house_client

PROCESSES = (("publisher", "projectors"), ("gateway",))
READY_SECONDS = 60.0
QUERY = """query ($id: ID!, $asOf: AsOfInput) { store(id: $id, asOf: $asOf) {
  id name slug status brandIdentity { name colors { primary } } createdAt publishedAt
  products(first: 20) { totalCount pageInfo { hasNextPage endCursor } nodes {
    id title description sellingPrice compareAtPrice stockQuantity status
    images { processedUrl status } variants { title price stock } } }
  pages { nodes { title slug } }
  media(first: 20) { totalCount nodes { id status url } }
} }"""


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill one store's history, start a gateway, and query it."""
    count, queries, dice = sizes["events"], sizes["queries"], random.Random(seed)  # noqa: S311  # repeatable on purpose
    await fill_with_catalog(servers.dsn, count, seed=seed, report=report)
    port = free_port()
    key = secrets.token_hex(32)
    commands = {roles[0]: ("infra.cli", "run", *roles) for roles in PROCESSES}
    environment = {"ZYENTA_MASTER_KEYS": key, "ZYENTA_GATEWAY_PORT": str(port)}
    settings = servers.settings.model_copy(update={"master_keys": [SecretStr(key)]})
    report("waiting for the gateway")
    async with (
        processes(servers, commands, more=dict.fromkeys(commands, environment)),
        open_platform(settings, migrated=False) as platform,
    ):
        pool = await platform.pool()
        store_id, merchant_id = await _first_store(pool)
        token, _ = AccessTokens(signing_keys(platform.keys()), platform.clock).sign(merchant_id)
        async with in_house_client(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}, timeout=30
        ) as client:
            await _until_served(client, store_id, pool, count)
            past: list[float] = []
            present: list[float] = []
            for number in range(-sizes["warm_up"], queries):
                report(f"{max(0, number)} of {queries} queries")
                place = {"position": str(dice.randrange(count // 5, count + 1))}
                for as_of, taken in ((place, past), (None, present)):
                    seconds = await _ask(client, store_id, as_of)
                    if number >= 0:
                        taken.append(seconds)
    return {
        "p50_ms": 1000 * percentile(past, 0.50),
        "p95_ms": 1000 * percentile(past, 0.95),
        "present_p50_ms": 1000 * percentile(present, 0.50),
        "present_p95_ms": 1000 * percentile(present, 0.95),
    }


async def _first_store(pool: asyncpg.Pool) -> tuple[UUID, UUID]:
    """Return the first store's id and its merchant's id."""
    (row,) = await pool.fetch(
        "select stream_id, data from events where type = $1 order by position limit 1", StoreRequested.wire_name
    )
    return row["stream_id"], StoreRequested.model_validate_json(row["data"]).merchant_id


async def _until_served(client: httpx.AsyncClient, store_id: UUID, pool: asyncpg.Pool, count: int) -> None:
    """Wait until the gateway answers and the read model is at the end of the log."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                if await pool.fetchval("select max(position) from checkpoints where schema_name = 'catalog'") == count:
                    await _ask(client, store_id, None)
                    return
            except (asyncpg.UndefinedTableError, httpx.TransportError):
                pass  # not there yet
            await asyncio.sleep(0.05)


async def _ask(client: httpx.AsyncClient, store_id: UUID, as_of: dict[str, str] | None) -> float:
    """Query the store and return the seconds until the whole answer."""
    began = time.perf_counter()
    response = await client.post("/graphql", json={"query": QUERY, "variables": {"id": str(store_id), "asOf": as_of}})
    seconds = time.perf_counter() - began
    answer: dict[str, Any] = response.json()
    if "errors" in answer or answer["data"]["store"] is None:
        raise NoFigures(f"The query as of {as_of} failed: {response.text[:300]}")
    return seconds


BENCH = Bench(
    name="travel",
    about="A store as of an earlier position in the log, next to the same store as of now",
    measure=measure,
    full={"events": 500, "queries": 500, "warm_up": 30},
    quick={"events": 500, "queries": 60, "warm_up": 10},
    targets=(
        Target(figure="p95_ms", limit="present_p95_ms", most=60),
        Target(figure="p50_ms", limit="present_p50_ms"),
    ),
)
