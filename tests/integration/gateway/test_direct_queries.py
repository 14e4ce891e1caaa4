"""Queries that skip the router are answered like those that do not."""

import asyncio
import gc
import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.graphql.planned_executor import plan_cache
from gateway.graphql.schema import build_schema
from infra.web.server import guarded
from tests.support.platforms.gateway import Merchant, Platform

LIST = "query List($first: Int) { stores(first: $first) { nodes { id name } } }"
DIGEST = hashlib.sha256(LIST.encode()).hexdigest()
PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}

BODIES: list[Any] = [
    {"query": LIST},
    {"query": LIST, "variables": {"first": 1}, "operationName": "List", "more": 1},
    {"query": LIST, "variables": {"first": "many"}},
    {"query": LIST, "variables": {"first": 100000}},
    {"query": LIST, "operationName": "Other"},
    {"query": LIST + " query Second { me { id } }"},
    {"query": LIST, "extensions": PERSISTED},
    {"extensions": PERSISTED},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
    {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
    {"query": '{ store(id: "no id") { id } me { id } }'},
    # The same shape: the positions of its errors are its own.
    {"query": '{\n  store(id: "nor\tthis") { id }\n  me { id } }'},
    {"query": '{ page(id: "\ud800") { id } }'},
    {"query": "{ stores(first: 3) { nothing } }"},
    {"query": "{ stores("},
    {"query": "{ " + "a: me { id } " * 3000 + "}"},
    {"query": "fragment F on Query { me { id } }"},
    {"query": 'mutation { logIn(input: {email: "a@example.com", password: "none"}) { userErrors { code } } }'},
    {"query": "subscription { generationProgress(generationId: 1) { id } }"},
    {"query": "{ __schema { queryType { name } } }"},
    {"query": ""},
    {"query": 7},
    {"variables": {}},
    {},
    [],
    None,
    7,
]


@pytest.fixture
async def routed(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same gateway without plans."""
    app = create_app(platform.deps, plans=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded(app)), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("body", BODIES, ids=lambda body: json.dumps(body)[:60])
@pytest.mark.parametrize("log_in", [True, False], ids=["owner", "anonymous"])
async def test_both_ways_give_the_same_response(
    platform: Platform, routed: httpx.AsyncClient, owner: Merchant, body: Any, log_in: bool
) -> None:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {owner.token}"} if log_in else {})
    content = json.dumps(body)
    for client in (platform.client, routed):
        # The text is registered first on both.
        await client.post("/graphql", content=json.dumps({"query": LIST, "extensions": PERSISTED}), headers=headers)
    direct = await platform.client.post("/graphql", content=content, headers=headers)
    expected = await routed.post("/graphql", content=content, headers=headers)
    assert (direct.status_code, direct.json()) == (expected.status_code, expected.json())
    own = {"x-request-id", "content-length"}
    assert dict(direct.headers).keys() - own == dict(expected.headers).keys() - own
    assert direct.headers["content-type"] == expected.headers["content-type"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"query": NaN}', b'"\xff"', b"[" * 5000, b'{"query": "{ me { id } }"} x']
)
async def test_both_ways_reject_a_bad_body_with_the_same_words(
    platform: Platform, routed: httpx.AsyncClient, content: bytes
) -> None:
    headers = {"content-type": "application/json"}
    direct = await platform.client.post("/graphql", content=content, headers=headers)
    expected = await routed.post("/graphql", content=content, headers=headers)
    assert (direct.status_code, direct.json()) == (expected.status_code, expected.json())


class StuckReader:
    """Implements ``Reader``: a query never ends.

    Args:
        queries: how many must be running before ``running`` is set.
    """

    def __init__(self, queries: int) -> None:
        self.running = asyncio.Event()
        self.stopped = 0
        self._waiting = queries

    async def fetch(self, *_: Any) -> list[Any]:
        self._waiting -= 1
        if self._waiting == 0:
            self.running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return []

    fetchrow = fetchval = fetch


@pytest.mark.parametrize("fields", ["stores { nodes { id } }", "me { id } stores { nodes { id } }"])
async def test_a_client_that_hangs_up_stops_its_queries(platform: Platform, owner: Merchant, fields: str) -> None:
    reader = StuckReader(fields.count("id"))
    app = create_app(replace(platform.deps, reader=reader))
    body = json.dumps({"query": f"{{ {fields} }}"}).encode()
    messages = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await reader.running.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    headers = [
        (b"host", b"test"),
        (b"content-type", b"application/json"),
        (b"authorization", f"Bearer {owner.token}".encode()),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }
    async with asyncio.timeout(60):
        await app(scope, receive, send)
    assert reader.stopped == fields.count("id")


async def test_documents_of_strangers_never_push_out_a_plan(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    counts = plan_cache(build_schema()._schema).counts
    await platform.post(LIST, by=owner)
    before = counts.made
    for number in range(150):
        await platform.post(f"{{ s{number}: __typename }}", by=stranger)
        await platform.post(f"{{ a{number}: __typename }}")
    made = counts.made
    assert made == before + 300, "each text has a shape of its own"
    # Parsed documents have reference cycles, and plans live as long as they.
    gc.collect()
    await platform.post(LIST, by=owner)
    assert counts.made == made


async def counters(platform: Platform) -> dict[str, int]:
    response = await platform.client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        name: int(count) for name, count in re.findall(r"^zyenta_graphql_(\S+) (\d+)$", response.text, re.MULTILINE)
    }


async def test_metrics_say_how_queries_were_run_and_why_not_by_a_plan(platform: Platform, owner: Merchant) -> None:
    text = f"query Q{owner.id.hex} {{ a{owner.id.hex}: me {{ id }} }}"
    before = await counters(platform)
    for query in (text, text, text.replace("query Q", "query R")):
        await platform.post(query, by=owner)
    await platform.post("{ __schema { queryType { name } } me { id } }", by=owner)
    await platform.post(f'{{ s{owner.id.hex}: store(id: "no id") {{ id }} }}', by=owner)
    after = await counters(platform)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        'queries_total{way="planned"}': 4,
        'queries_total{way="unplannable",reason="introspection"}': 1,
        'texts_total{known="no"}': 3,
        'texts_total{known="text"}': 1,
        'texts_total{known="shape"}': 1,
        "plans_made_total": 4,
    }


class BrokenClock:
    """Implements ``Clock``, and fails."""

    def now(self) -> datetime:
        raise RuntimeError("no battery")


async def test_pages_of_another_origin_can_read_an_internal_error(platform: Platform, owner: Merchant) -> None:
    deps = replace(platform.deps, clock=BrokenClock(), cors_origins=["https://dashboard.example"])
    transport = httpx.ASGITransport(guarded(create_app(deps)))
    headers = {"origin": "https://dashboard.example", "authorization": f"Bearer {owner.token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        for query in (LIST, "{ __schema { queryType { name } } }"):
            response = await client.post("/graphql", json={"query": query})
            assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")
            assert response.headers["access-control-allow-origin"] == "https://dashboard.example"
            assert {"x-request-id", "content-security-policy"} <= response.headers.keys()


async def sent_raw(platform: Platform, headers: list[tuple[bytes, bytes]], *bodies: bytes) -> tuple[int, bytes]:
    """Send a query's body in pieces, and return the status and the body of the response."""
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    messages[-1]["more_body"] = False
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), *headers],
        "client": ("127.0.0.1", 1),
    }
    await guarded(platform.app)(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_planned_queries_keep_the_rules_of_the_layers_that_they_skip(platform: Platform, owner: Merchant) -> None:
    counts = plan_cache(build_schema()._schema).counts
    body, host = json.dumps({"query": LIST}).encode(), (b"host", b"test")
    by_owner = (b"authorization", f"Bearer {owner.token}".encode())
    planned = counts.planned
    assert await sent_raw(platform, [host, by_owner], *(bytes([byte]) for byte in body)) == (
        200,
        b'{"data":{"stores":{"nodes":[]}}}',
    )
    assert counts.planned == planned + 1

    for bad in ([by_owner], [host, host, by_owner], [(b"host", b"a b"), by_owner]):
        assert (await sent_raw(platform, bad, body))[0] == 400, bad
    assert (await sent_raw(platform, [host, by_owner], body + b" " * 1_000_000))[0] == 413
    assert counts.planned == planned + 1


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
async def test_a_long_answer_is_compressed_as_the_client_accepts(
    platform: Platform, routed: httpx.AsyncClient, owner: Merchant, coding: str
) -> None:
    headers = {"authorization": f"Bearer {owner.token}", "accept-encoding": coding}
    body = {"query": "{ " + " ".join(f"a{n}: stores {{ nodes {{ id }} }}" for n in range(28)) + " }"}
    direct, expected = [
        await client.post("/graphql", json=body, headers=headers) for client in (platform.client, routed)
    ]
    assert direct.json() == expected.json()
    assert direct.headers.get("content-encoding", "identity") == coding
    for name in ("content-encoding", "vary"):
        assert direct.headers.get(name) == expected.headers.get(name)
