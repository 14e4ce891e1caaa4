"""What each page of a store weighs and costs when the store has 10,000 products and thousands of orders.

``pytest -s`` prints the figures.
"""

import gzip
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import pytest
from fastapi.routing import APIRoute
from starlette.requests import Request

from gateway.dashboard.app import area_routers
from gateway.dashboard.backend import Documents
from infra.bench.growth.copies import grow
from tests.integration.gateway.test_dashboard_manage import a_shop, an_order, products_of
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Platform, a_platform

PRODUCTS, TIMES = 20, 500
DOCUMENTS_MOST = 5
"""Documents of a page, who is logged in and which store it is included."""
COMPRESSED_MOST = 40_000
"""Bytes of a page's HTML as browsers receive it."""
SLOWER_MOST = 4.0
"""CPU time of a page of the large store in that of the same page of the small one."""
UUIDS = r"[0-9a-f-]{36}"
STORE = "/dashboard/stores/{store_id:uuid}"


class CountedDocuments:
    """Documents that count themselves."""

    def __init__(self, documents: Documents) -> None:
        self._documents, self.count = documents, 0

    def input_fields(self, document: str) -> frozenset[str]:
        return self._documents.input_fields(document)

    def role_of(self, document: str) -> str:
        return self._documents.role_of(document)

    async def run(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        request: Request,
        access_token: str | None,
        consistency: str | None = None,
    ) -> dict[str, Any]:
        self.count += 1
        return await self._documents.run(
            document, variables, request=request, access_token=access_token, consistency=consistency
        )


async def grow_store(database: str, fixed: list[UUID]) -> None:
    """Multiply all rows. Streams that exist once, as the store's, keep their events only."""
    connection = await asyncpg.connect(database)
    try:
        last = await connection.fetchval("select max(position) from events")
        await connection.execute("alter table events drop constraint events_stream_version")
        await grow(database, times=TIMES, fixed=fixed, report=lambda _: None)
        await connection.execute("delete from events where position > $1 and stream_id = any($2)", last, fixed)
    finally:
        await connection.close()


def pages_of_a_store() -> list[str]:
    """Return the paths of a store's pages that need no other id. Downloads are not pages."""
    return sorted(
        route.path.removeprefix(STORE)
        for router in area_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path.startswith(STORE)
        if "{" not in route.path.removeprefix(STORE) and not route.path.endswith(".csv")
    )


@pytest.fixture
async def platform(database: str) -> Any:
    async with a_platform(database) as whole:
        yield whole


@pytest.mark.long
async def test_pages_of_a_store_with_ten_thousand_products_stay_light_and_quick(
    platform: Platform, database: str
) -> None:
    owner = await platform.merchant()
    store_id = await a_shop(platform, owner, products=PRODUCTS)
    products = await products_of(platform, owner, store_id)
    for product in products[:6]:
        await an_order(platform, store_id, product, paid=True)
    query = """query ($id: ID!) { store(id: $id) {
      orders(first: 1) { nodes { id shopper { email } } } pages(first: 1) { nodes { id } } generation { id } } }"""
    some = await platform.ask(query, {"id": str(store_id)}, by=owner)
    (order,), (text,) = some["orders"]["nodes"], some["pages"]["nodes"]
    store = f"/dashboard/stores/{store_id}"
    paths = [
        *(store + path for path in pages_of_a_store()),
        *(store + path for path in ("/products?search=lamp", "/products?sort=PRICE_LOW", "/orders?view=ship")),
        f"{store}/products/{products[0]['id']}",
        f"{store}/media/{products[0]['images'][0]['id']}",
        f"{store}/orders/{order['id']}",
        f"{store}/orders/{order['id']}/packing-slip",
        f"{store}/pages/{text['id']}",
        f"{store}/customers?email={quote(order['shopper']['email'])}",
        f"/dashboard/jobs/{some['generation']['id']}",
        *(f"/dashboard{path}" for path in ("", "/stores", "/jobs", "/team", "/activity", "/integrations", "/billing")),
    ]
    async with a_dashboard(platform, owner) as dashboard:
        shell = platform.app.state.dashboard
        documents = CountedDocuments(shell._backend.documents)
        shell._backend = replace(shell._backend, documents=documents)

        async def measured(path: str) -> tuple[float, int, int]:
            """Return CPU seconds, compressed bytes and documents of a page; the least of three loads."""
            least = []
            for _ in range(3):
                documents.count, begun = 0, time.process_time()
                response = await dashboard.client.get(path)
                least.append(time.process_time() - begun)
                assert response.status_code in {200, 303}, (path, response.status_code)
            # A token is random and does not compress.
            html = re.sub(r'name="csrf" value="[^"]*"', "", response.text)
            return min(least), len(gzip.compress(html.encode())), documents.count

        small = {path: await measured(path) for path in paths}
        fixed = [store_id, owner.id]
        await grow_store(database, fixed)
        large = {path: await measured(path) for path in paths}
        searched = (await dashboard.client.get(f"{store}/products?search=lamp")).text
    for path, (seconds, size, count) in large.items():
        ratio = seconds / small[path][0]
        figures = f"{seconds * 1000:6.1f} ms CPU {ratio:5.1f} times {size / 1000:6.1f} kB {count} documents"
        print(f"{re.sub(UUIDS, '…', path):45} {figures}")  # noqa: T201 - for a person who runs it alone
    found = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products { totalCount } } }", {"id": str(store_id)}, by=owner
    )
    assert found["products"]["totalCount"] == PRODUCTS * TIMES
    assert "more than 1,000 in all" in searched
    assert [path for path, (_, _, count) in large.items() if count > DOCUMENTS_MOST] == []
    assert [(path, size) for path, (_, size, _) in large.items() if size > COMPRESSED_MOST] == []
    slow = {path: seconds / small[path][0] for path, (seconds, _, _) in large.items() if seconds > 0.05}
    assert {path: ratio for path, ratio in slow.items() if ratio > SLOWER_MOST} == {}
