"""Pages for shoppers, from a real storefront process: the list, a product, the home page.

The limit is a bare ASGI application that reads the revision of the store for each request and sends the bytes of the list
page. The storefront reads it once for the requests that wait, so it can be faster. The list page is also measured from a
process that keeps no page, only links, shelves and counts, and with an edit before each request.
"""

import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from uuid import UUID, uuid4

import asyncpg
import httpx

from domain.money import Money
from domain.product.events import PriceChanged
from infra.bench.figures import Bench, Figures, NoFigures, ReportPhase, Sizes, Target, percentile
from infra.bench.http_load import Load, closing_all, get, until_open
from infra.bench.interleaving import interleave
from infra.bench.memory import memory_targets, watch_memory
from infra.bench.one_store import SLUG, dress, fill_with_one_store
from infra.bench.servers import Servers, processes
from infra.embedded.process import free_port
from projections.engine.revisions import move_revisions
from projections.registry import READ_MODELS, SEARCH_PATH

HOST = f"{SLUG}.localhost"
LIST, HOME = "/products", "/"
SERVERS = ("kept", "uncached", "ceiling")
BODY_FILE = "list.html"


async def measure(servers: Servers, sizes: Sizes, seed: int, report: ReportPhase) -> Figures:
    """Fill the read models, start one process per way of answering, and ask them in turns."""
    merchant_id, store_id = uuid4(), uuid4()
    await fill_with_one_store(
        servers.dsn, merchant_id=merchant_id, store_id=store_id, products=sizes["products"], seed=seed, report=report
    )
    await dress(servers.dsn, store_id=store_id)
    report("waiting for the servers")
    async with _processes(servers, store_id) as ports:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports['kept']}", headers={"host": HOST}) as browser:
            page = (await browser.get(LIST)).raise_for_status()
        (servers.directory / BODY_FILE).write_bytes(page.content)
        links = re.findall(r'href="(/products/[^"?]+)"', page.text)
        if not links:
            raise NoFigures(f"the list page shows no product: {page.text[:300]!r}")
        report("filling carts")
        shoppers = [await _shopper(ports["kept"], links[number % len(links)]) for number in range(sizes["shoppers"])]

        def load(server: str, path: str, **headers: str) -> Load:
            requests = cycle([get(path, host=HOST, cookie=cookie, **headers) for cookie in shoppers])
            return Load(ports[server], sizes["connections"], requests, _check)

        loads = {
            "list_per_s": load("kept", LIST),
            "product_per_s": load("kept", links[0]),
            "home_per_s": load("kept", HOME),
            "compressed_per_s": load("kept", LIST, accept_encoding="gzip, br"),
            "uncached_per_s": load("uncached", LIST),
            "ceiling_per_s": load("ceiling", LIST),
        }
        async with watch_memory({"storefront": "kept"}) as memory:
            with closing_all(*loads.values()):
                figures = await interleave(
                    {name: each.run for name, each in loads.items()},
                    seconds=sizes["seconds"],
                    rounds=sizes["rounds"],
                    report=report,
                )
        report("editing")
        visible = await _edits(servers.dsn, store_id, ports["kept"], count=sizes["edits"])
    return (
        figures
        | memory
        | {
            "p95_ms": 1000 * percentile(loads["list_per_s"].seconds, 0.95),
            "edit_visible_ms": 1000 * percentile(visible, 0.5),
        }
    )


def _check(status: int, body: bytes) -> None:
    if status != 200 or len(body) < 1_000:
        raise NoFigures(f"status {status}: {body[:300]!r}")


async def _shopper(port: int, product: str) -> str:
    """Put a product into a new cart, and return the shopper's cookies."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"host": HOST}) as browser:
        page = (await browser.get(product)).raise_for_status().text
        form = {
            name: match[1]
            for name in ("csrf", "product", "variant")
            if (match := re.search(rf'name="{name}" value="([^"]+)"', page))
        }
        await browser.post("/cart/add", data=form, headers={"origin": f"http://{HOST}"})
        # The cart page shows the notice, which the first page only shows once.
        await browser.get("/cart")
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)


async def _edits(dsn: str, store_id: UUID, port: int, *, count: int) -> list[float]:
    """Change prices; return the seconds from each commit to the page that shows it.

    Raises:
        NoFigures: the next request did not show an edit.
    """
    seconds: list[float] = []
    connection = await asyncpg.connect(dsn, server_settings={"search_path": f"{SEARCH_PATH}, public"})
    try:
        product = await connection.fetchrow(
            "select id, slug from products where store_id = $1 and status = 'ACTIVE' limit 1", store_id
        )
        assert product is not None
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"host": HOST}) as browser:
            for number in range(count):
                price = Money(minor=100_001 + number)
                changed = PriceChanged(
                    originator_id=product["id"],
                    originator_version=10 + number,
                    occurred_at=await connection.fetchval("select now()"),
                    price=price,
                    compare_at=None,
                )
                async with connection.transaction():
                    await READ_MODELS["catalog"].apply([(changed, store_id)], connection)
                    await move_revisions(connection, {"catalog": [store_id]})
                began = time.perf_counter()
                page = await browser.get(f"/products/{product['slug']}")
                seconds.append(time.perf_counter() - began)
                if f'content="{price.decimal}"' not in page.text:
                    raise NoFigures(f"the page after edit {number} does not show {price.decimal}")
    finally:
        await connection.close()
    return seconds


@asynccontextmanager
async def _processes(servers: Servers, store_id: UUID) -> AsyncIterator[dict[str, int]]:
    """Start the servers and yield their ports by name."""
    ports = {name: free_port() for name in SERVERS}
    rest = (str(servers.directory / BODY_FILE), str(store_id))
    commands = {name: ("infra.bench.storefront_server", name, str(port), *rest) for name, port in ports.items()}
    environment = {"ZYENTA_MASTER_KEYS": secrets.token_hex(32), "ZYENTA_RATE_FACTOR": "1e6"}
    more = dict.fromkeys(SERVERS, environment) | {"uncached": environment | {"ZYENTA_PAGE_CACHE_BYTES": "0"}}
    async with processes(servers, commands, more=more):
        for port in ports.values():
            await until_open(port)
        yield ports


BENCH = Bench(
    name="storefront",
    about="pages for 100 shoppers, next to the same bytes from a bare application that reads the store's revision",
    measure=measure,
    full={"products": 2_000, "shoppers": 100, "connections": 16, "seconds": 10, "rounds": 10, "edits": 20},
    quick={"products": 300, "shoppers": 20, "connections": 16, "seconds": 2, "rounds": 2, "edits": 5},
    targets=(
        Target(figure="list_per_s", limit="ceiling_per_s", share=0.6),
        Target(figure="product_per_s", limit="ceiling_per_s", share=0.6),
        Target(figure="home_per_s", limit="ceiling_per_s", share=0.6),
        Target(figure="compressed_per_s", limit="ceiling_per_s"),
        Target(figure="uncached_per_s", limit="ceiling_per_s"),
        Target(figure="p95_ms", most=100),
        Target(figure="edit_visible_ms"),
        *memory_targets("storefront"),
    ),
    with_kafka=False,
)
