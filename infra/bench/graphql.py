"""A list query over GraphQL: 20 products with ten fields, from a real gateway process.

The limit is the same rows by one narrow statement from a bare ASGI application with the same log-in check. The same query
also runs through graphql-core's executor, and as texts that the gateway has never seen: some of them with another name of
the operation only, some with another shape each.
"""

import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count, repeat
from uuid import uuid4

from pydantic import SecretStr

from gateway.auth.tokens import AccessTokens
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target, percentile
from infra.bench.http_load import Load, closing_all, post, until_open
from infra.bench.interleaving import interleave
from infra.bench.memory import memory_targets, watch_memory
from infra.bench.one_store import fill_with_one_store
from infra.bench.servers import Servers, processes
from infra.bootstrap import open_platform
from infra.bootstrap.gateway import signing_keys
from infra.embedded.process import free_port

FIELDS = (
    "id", "title", "slug", "status", "category", "currency", "sellingPrice", "compareAtPrice", "stockQuantity", "createdAt",
)  # fmt: skip
QUERY = f"query($id: ID!) {{ store(id: $id) {{ products(first: 20) {{ nodes {{ {' '.join(FIELDS)} }} }} }} }}"
SERVERS = ("planned", "executor", "plain")


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill the read models, start one process per way of answering, and query them in turns."""
    merchant_id, store_id, key = uuid4(), uuid4(), secrets.token_hex(32)
    await fill_with_one_store(
        servers.dsn, merchant_id=merchant_id, store_id=store_id, products=sizes["products"], seed=seed, report=report
    )
    settings = servers.settings.model_copy(update={"master_keys": [SecretStr(key)]})
    async with open_platform(settings, migrated=False) as platform:
        token, _ = AccessTokens(signing_keys(platform.keys()), platform.clock).sign(merchant_id)
    variables = {"id": str(store_id)}
    known = request(QUERY, variables, token)
    unseen = (request(f"query Unseen{number}{QUERY.removeprefix('query')}", variables, token) for number in count())
    unknown = (request(QUERY.replace("slug", f"slug{number}: slug"), variables, token) for number in count())
    plain = post("/", json.dumps({"storeId": str(store_id)}).encode(), authorization=f"Bearer {token}")
    rows = min(20, sizes["products"])

    def check(status: int, body: bytes) -> None:
        if status != 200 or b'"errors"' in body or body.count(b"createdAt") != rows:
            raise NoFigures(f"status {status}: {body[:300]!r}")

    def load(port: int, requests: Iterator[bytes]) -> Load:
        return Load(port, sizes["connections"], requests, check)

    report("waiting for the servers")
    async with server_processes(servers, key, SERVERS) as ports:
        planned = load(ports["planned"], repeat(known))
        loads = {
            "requests_per_s": planned,
            "plain_json_per_s": load(ports["plain"], repeat(plain)),
            "executor_per_s": load(ports["executor"], repeat(known)),
            "unseen_per_s": load(ports["planned"], unseen),
            "unknown_shape_per_s": load(ports["planned"], unknown),
        }
        async with watch_memory({"gateway": "planned"}) as memory:
            with closing_all(*loads.values()):
                figures = await interleave(
                    {name: each.run for name, each in loads.items()},
                    seconds=sizes["seconds"],
                    rounds=sizes["rounds"],
                    report=report,
                )
    return figures | memory | {"p95_ms": 1000 * percentile(planned.seconds, 0.95)}


def request(query: str, variables: Mapping[str, str], token: str) -> bytes:
    """Return a request of a logged-in merchant."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    return post("/graphql", body, authorization=f"Bearer {token}")


@asynccontextmanager
async def server_processes(servers: Servers, key: str, names: Sequence[str]) -> AsyncIterator[dict[str, int]]:
    """Start servers of :mod:`infra.bench.graphql_server` and yield their ports by name.

    Args:
        servers: the servers behind them.
        key: the platform's master key.
        names: which servers.
    """
    ports = {name: free_port() for name in names}
    commands = {name: ("infra.bench.graphql_server", name, str(port)) for name, port in ports.items()}
    environment = {"ZYENTA_MASTER_KEYS": key, "ZYENTA_RATE_FACTOR": "1e6"}
    async with processes(servers, commands, more=dict.fromkeys(names, environment)):
        for port in ports.values():
            await until_open(port)
        yield ports


BENCH = Bench(
    name="graphql",
    about="20 products with ten fields over GraphQL, next to the same rows from a bare application",
    measure=measure,
    full={"products": 10_000, "connections": 16, "seconds": 10, "rounds": 10},
    quick={"products": 2_000, "connections": 16, "seconds": 3, "rounds": 3},
    targets=(
        Target(figure="requests_per_s", limit="plain_json_per_s", share=0.6),
        Target(figure="requests_per_s", limit="executor_per_s", share=8),
        Target(figure="unseen_per_s", limit="plain_json_per_s", share=0.2),
        Target(figure="p95_ms", most=200),
        *memory_targets("gateway"),
    ),
    with_kafka=False,
)
