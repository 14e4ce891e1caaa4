"""What reads cost in a large platform, next to the same reads in a platform of a hundredth of its size.

Both platforms are databases of one server. The gateway and the storefront answer in this process. The cost of a read is
the processor time of this process and of PostgreSQL, so that it does not depend on what else the machine does. The large
platform is made of the small one: see :mod:`infra.bench.growth.copies`.

What still costs a little more in the large one, by the plans of 100,000 products and 1,000,000 orders:

- A search for a common word (``search_common``, ``orders/alternatives``) ranks the same 250 products in both. In the large
  one, each product's words are one level deeper in the index (4 pages instead of 3), and in a page of their own that no
  cache of the processor has. The plans are equal.
- A typing error is compared with 159 words that look alike instead of 25: the copies' words differ by their numbers only.
- The index of the sitemap names 100 parts instead of one.
"""

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any, Self
from uuid import UUID, uuid4

import asyncpg
import httpx
import psutil
from pydantic import SecretStr

from gateway.auth.tokens import AccessTokens
from infra.adapters.postgres.migrations import migrate
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target
from infra.bench.growth.copies import grow
from infra.bench.growth.dashboard import dashboard_requests
from infra.bench.growth.reads import READS, requests_of
from infra.bench.growth.requests import Request
from infra.bench.growth.shoppers import fill_addresses, seal_some
from infra.bench.growth.template import fill_template
from infra.bench.one_store import SLUG
from infra.bench.servers import Servers
from infra.bootstrap import open_platform, storefront_app
from infra.bootstrap.gateway import gateway_app, signing_keys
from infra.settings import Settings
from projections.registry import SEARCH_PATH

TIMES = 100
"""How much larger the large platform is."""
HUNDREDTH, WHOLE = "hundredth", "whole"
"""The databases of the two platforms."""
TURN_SECONDS = 1.0
"""The most time of a turn."""
WITHIN = 1.15


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill both databases, then read them in turns."""
    store_id, merchant_id = await fill(servers.dsn, sizes, seed, report)
    return await compare(servers.settings, store_id, merchant_id, sizes, report)


async def _nothing(_: str) -> Sequence[UUID]:
    return ()


async def fill(
    dsn: str,
    sizes: Sizes,
    seed: int,
    report: ReportPhase,
    *,
    names: tuple[str, str] = (HUNDREDTH, WHOLE),
    beside: Callable[[str], Awaitable[Sequence[UUID]]] = _nothing,
) -> tuple[UUID, UUID]:
    """Make both databases; return the ids of the store and of its merchant.

    Args:
        dsn: any database of the server.
        sizes: of the large platform.
        seed: see :func:`fill_template`.
        report: receives the phase.
        names: of the databases.
        beside: writes more rows into the small one, whose address it gets. It returns the ids that copies keep.
    """
    hundredth, whole = (database_of(dsn, name) for name in names)
    store_id, merchant_id = uuid4(), uuid4()
    small = {name: max(1, sizes[name] // TIMES) for name in ("products", "orders", "tenants", "events")}
    admin = await asyncpg.connect(dsn)
    try:
        await admin.execute(f"create database {names[0]}")
        await migrate(hundredth)
        await fill_template(hundredth, small, merchant_id=merchant_id, store_id=store_id, seed=seed, report=report)
        fixed = (store_id, merchant_id, *await beside(hundredth))
        await admin.execute(f"create database {names[1]} template {names[0]}")
    finally:
        await admin.close()
    await grow(whole, times=TIMES, fixed=fixed, report=report)
    for database in (hundredth, whole):
        await fill_addresses(database)
    return store_id, merchant_id


def database_of(dsn: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return f"{dsn.rpartition('/')[0]}/{name}"


async def compare(
    settings: Settings,
    store_id: UUID,
    merchant_id: UUID,
    sizes: Sizes,
    report: ReportPhase,
    reads: Sequence[str] = READS,
) -> Figures:
    """Return the milliseconds of processor time of each read, in both databases."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        sides = [
            (name, await stack.enter_async_context(_Side(settings, database, store_id, merchant_id)))
            for name, database in (("{}_small_ms", HUNDREDTH), ("{}_ms", WHOLE))
        ]
        for turn in range(-1, sizes["rounds"]):
            for read in reads:
                report(f"round {max(0, turn) + 1} of {sizes['rounds']}: {read}")
                for name, side in sides:
                    seconds = await side.cost(read, sizes["requests"])
                    if turn >= 0:
                        taken[name.format(read)].append(seconds)
    return {name: 1000 * median(values) for name, values in taken.items()}


class _Side:
    """The gateway and the storefront over one of the databases."""

    def __init__(self, settings: Settings, database: str, store_id: UUID, merchant_id: UUID) -> None:
        assert settings.database_url is not None
        self._dsn = database_of(settings.database_url, database)
        update = {
            "database_url": self._dsn,
            "master_keys": [SecretStr(secrets.token_hex(32))],
            # A page from memory costs the same in any store.
            "page_cache_bytes": 0,
            "rate_factor": 0.0,
        }
        self._settings = settings.model_copy(update=update)
        self._store_id, self._merchant_id = store_id, merchant_id
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        platform = await self._stack.enter_async_context(open_platform(self._settings, migrated=False))
        self._access = AccessTokens(signing_keys(platform.keys()), platform.clock)
        self._gateway = await self._client(await gateway_app(platform), "http://gateway.localhost")
        self._shop = await self._client(await storefront_app(platform), f"http://{SLUG}.localhost")
        self._watch = await asyncpg.connect(self._dsn, server_settings={"search_path": f"{SEARCH_PATH}, public"})
        self._stack.push_async_callback(self._watch.close)
        emails = await seal_some(self._watch, await platform.personal(), self._store_id)
        found = {
            **await requests_of(self._watch, self._store_id, self._merchant_id),
            **await dashboard_requests(self._watch, self._store_id, self._merchant_id, emails),
        }
        empty = [read for read in READS if not found[read]]
        if empty:
            raise NoFigures(f"the platform is too small to read {', '.join(empty)}")
        self._requests = {read: cycle(requests) for read, requests in found.items()}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _client(self, app: Callable[..., Any], address: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address)
        return await self._stack.enter_async_context(client)

    async def cost(self, read: str, count: int) -> float:
        """Answer some requests; return the seconds of processor time of one."""
        answered, units, end = 0, 0.0, time.perf_counter() + TURN_SECONDS
        own, database = time.process_time(), await self._database_seconds()
        while answered < count and time.perf_counter() < end:
            request = next(self._requests[read])
            await self._answer(request)
            answered, units = answered + 1, units + request.units
        now = await self._database_seconds()
        # A connection may have ended: what it took is left out.
        spent = sum(max(0.0, seconds - database.get(pid, 0.0)) for pid, seconds in now.items())
        return (time.process_time() - own + spent) / units

    async def _answer(self, request: Request) -> None:
        if request.path is not None:
            page = await self._shop.get(request.path)
            if page.status_code != 200:
                raise NoFigures(f"{request.path}: status {page.status_code}")
            return
        assert request.merchant_id is not None
        token, _ = self._access.sign(request.merchant_id)
        answer = await self._gateway.post(
            "/graphql",
            content=json.dumps({"query": request.query, "variables": request.variables}),
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        if answer.status_code != 200 or b'"errors"' in answer.content or b'{"store":null}' in answer.content:
            raise NoFigures(f"{request.query[:120]}: {answer.text[:500]}")

    async def _database_seconds(self) -> dict[int, float]:
        """Return the processor time that each connection of this database has taken, apart from the asking one."""
        # Autovacuum works for a database, too, but not for its reads.
        rows = await self._watch.fetch(
            "select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
            " and pid <> pg_backend_pid()"
        )
        seconds: dict[int, float] = {}
        for row in rows:
            with suppress(psutil.NoSuchProcess):  # its connection ended
                seconds[row["pid"]] = _processor_seconds(row["pid"])
        return seconds


def _processor_seconds(pid: int) -> float:
    try:
        # Nanoseconds; other systems have hundredths of a second.
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system


BENCH = Bench(
    name="growth",
    about="processor time of reads in a large platform, next to one of a hundredth of its size",
    measure=measure,
    full={"products": 20_000, "orders": 100_000, "tenants": 1_000, "events": 400_000, "requests": 20, "rounds": 7},
    quick={"products": 6_000, "orders": 10_000, "tenants": 300, "events": 60_000, "requests": 10, "rounds": 3},
    least={"products": 2_500, "orders": 1_000, "tenants": 300, "events": 51_000},
    targets=tuple(Target(figure=f"{read}_ms", limit=f"{read}_small_ms", most_share=WITHIN) for read in READS),
    with_kafka=False,
)
