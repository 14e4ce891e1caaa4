"""The same list of 20 products from our gateway, from PostGraphile on our tables, and from Vendure's search.

Ours checks the log-in of every request; the peers answer anybody. Vendure has tables of its own, so its search index gets as
many products, and its list has the fields that the index knows.
"""

import asyncio
import json
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import repeat
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from gateway.auth.tokens import AccessTokens
from infra.bench import graphql
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target, percentile
from infra.bench.http_load import Load, closing_all, post, until_open
from infra.bench.interleaving import interleave
from infra.bench.one_store import fill_with_one_store
from infra.bench.peers.install import HERE, PEERS, missing_peers, peer_folder
from infra.bench.servers import Servers
from infra.bootstrap import open_platform
from infra.bootstrap.gateway import signing_keys
from infra.embedded.process import ChildProcess, free_port

PAGE = 20
READY_SECONDS = 120.0

POSTGRAPHILE_QUERY = f"""
query ($id: UUID!) {{
  allProducts(first: {PAGE}, condition: {{storeId: $id}}, orderBy: [CREATED_AT_DESC, ID_DESC]) {{
    nodes {{ id title slug status category currency priceMinor compareAtMinor onHand createdAt }}
  }}
}}"""
VENDURE_QUERY = f"""
{{
  search(input: {{take: {PAGE}, sort: {{name: ASC}}}}) {{
    items {{
      productId productVariantId productName productVariantName slug sku description currencyCode
      price {{ ... on SinglePrice {{ value }} }} priceWithTax {{ ... on SinglePrice {{ value }} }}
    }}
  }}
}}"""

# Vendure's own reindexing writes the same rows, but takes minutes.
VENDURE_INDEX = """
insert into search_index_item ("languageCode", enabled, "productName", "productVariantName", description, slug, sku,
  "facetIds", "facetValueIds", "collectionIds", "collectionSlugs", "channelIds", "productPreview",
  "productVariantPreview", "productVariantId", "channelId", "productId", price, "priceWithTax")
select 'en', true, 'Lamp ' || n, 'Lamp ' || n, 'A lamp for a desk.', 'lamp-' || n, 'L-' || n,
  '', '', '', '', '1', '', '', n, 1, n, 900 + n, 900 + n
from generate_series(1, $1) n
"""


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill the read models and the search index, start the servers, and query them in turns."""
    merchant_id, store_id, key = uuid4(), uuid4(), secrets.token_hex(32)
    await fill_with_one_store(
        servers.dsn, merchant_id=merchant_id, store_id=store_id, products=sizes["products"], seed=seed, report=report
    )
    settings = servers.settings.model_copy(update={"master_keys": [SecretStr(key)]})
    async with open_platform(settings, migrated=False) as platform:
        token, _ = AccessTokens(signing_keys(platform.keys()), platform.clock).sign(merchant_id)
    variables = {"id": str(store_id)}
    requests = {
        "requests_per_s": graphql.request(graphql.QUERY, variables, token),
        "postgraphile_per_s": post("/graphql", _body(POSTGRAPHILE_QUERY, variables)),
        "vendure_per_s": post("/shop-api", _body(VENDURE_QUERY, {})),
    }
    rows = min(PAGE, sizes["products"])

    def load(figure: str, port: int, field: bytes) -> Load:
        return Load(port, sizes["connections"], repeat(requests[figure]), _check(rows, field))

    report("installing the peers")
    missing = await asyncio.to_thread(missing_peers)
    report("waiting for the servers")
    async with graphql.server_processes(servers, key, ["planned"]) as ours, AsyncExitStack() as stack:
        loads = {"requests_per_s": load("requests_per_s", ours["planned"], b"createdAt")}
        if "postgraphile_per_s" not in missing:
            port = await stack.enter_async_context(_postgraphile(servers))
            loads["postgraphile_per_s"] = load("postgraphile_per_s", port, b"createdAt")
        if "vendure_per_s" not in missing:
            port = await stack.enter_async_context(_vendure(servers, sizes["products"]))
            loads["vendure_per_s"] = load("vendure_per_s", port, b"productVariantId")
        with closing_all(*loads.values()):
            figures = await interleave(
                {name: each.run for name, each in loads.items()},
                seconds=sizes["seconds"],
                rounds=sizes["rounds"],
                report=report,
                # The peers' just-in-time compiler needs some time.
                warm_up=sizes["warm_up"],
            )
    return figures | {"p95_ms": 1000 * percentile(loads["requests_per_s"].seconds, 0.95)}


def _body(query: str, variables: Mapping[str, str]) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def _check(rows: int, field: bytes) -> Callable[[int, bytes], None]:
    def check(status: int, body: bytes) -> None:
        if status != 200 or b'"errors"' in body or body.count(b'"' + field + b'"') != rows:
            raise NoFigures(f"status {status}: {body[:300]!r}")

    return check


@asynccontextmanager
async def _postgraphile(servers: Servers) -> AsyncIterator[int]:
    async with _node(servers, "postgraphile", servers.dsn) as port:
        yield port


@asynccontextmanager
async def _vendure(servers: Servers, products: int) -> AsyncIterator[int]:
    connection = await asyncpg.connect(servers.dsn)
    try:
        await connection.execute("create database vendure")
    finally:
        await connection.close()
    dsn = urlunsplit(urlsplit(servers.dsn)._replace(path="/vendure"))
    async with _node(servers, "vendure", dsn) as port:
        connection = await asyncpg.connect(dsn)
        try:
            async with asyncio.timeout(READY_SECONDS):
                # The last thing that the server makes before it is ready.
                while not await connection.fetchval("select exists (select from tax_rate)"):
                    await asyncio.sleep(0.2)
            await connection.execute("delete from search_index_item")
            await connection.execute(VENDURE_INDEX, products)
            await connection.execute("vacuum (analyze) search_index_item")
        finally:
            await connection.close()
        yield port


@asynccontextmanager
async def _node(servers: Servers, peer: str, dsn: str) -> AsyncIterator[int]:
    """Start a peer and yield its port."""
    folder, port = peer_folder(peer), free_port()
    node = shutil.which("node")
    assert node is not None
    # Node looks for packages beside the program.
    script = shutil.copyfile(HERE / peer / "server.js", folder / "server.js")
    child = ChildProcess(peer, log_file=servers.directory / f"{peer}.log")
    environment = servers.environment | {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    child.launch([node, str(script), dsn, str(port)], env=environment, cwd=servers.directory)
    try:
        await until_open(port)
        yield port
    finally:
        await child.stop(signal.SIGTERM, grace=8)


BENCH = Bench(
    name="peers",
    about="20 products from our GraphQL, from PostGraphile on our tables, and from Vendure's search",
    measure=measure,
    full={"products": 10_000, "connections": 16, "seconds": 10, "rounds": 10, "warm_up": 5},
    quick={"products": 2_000, "connections": 16, "seconds": 3, "rounds": 3, "warm_up": 2},
    targets=tuple(Target(figure="requests_per_s", limit=f"{peer}_per_s", share=1) for peer in PEERS),
    missing=missing_peers,
    with_kafka=False,
)
