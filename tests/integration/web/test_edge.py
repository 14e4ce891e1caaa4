"""The outermost layer of every application, over a real connection."""

import gzip
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from infra.adapters.payments.sandbox import SandboxPayments
from infra.sandbox.app import sandbox_app
from tests.support.fakes.payments import SignedPayments
from tests.support.platforms.gateway import a_platform
from tests.support.platforms.storefront import SECRET
from tests.support.servers.web_server import answer_to, served

PAGE = "<p>A page of some length.</p>" * 100


async def page(_: Request) -> Response:
    return HTMLResponse(PAGE)


async def hook(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


APP = Starlette(
    routes=[
        Route("/", page),
        Route("/page", page),
        Route("/hook", hook, methods=["POST"]),
        Mount("/pay", routes=[Route("/{token}", page), Route("/{token}", hook, methods=["POST"])]),
    ]
)
APP.router.redirect_slashes = False


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with served(APP) as number:
        yield number


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=60, headers={"accept-encoding": "identity"}
    ) as one:
        yield one


@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: a.test\r\nHost: b.test\r\n",
        b"Host: a.test\r\nHost: a.test\r\n",
        b"Host: a.test/x\r\n",
        b"Host: a.test@b.test\r\n",
        b"Host: a b\r\n",
    ],
)
async def test_a_request_without_one_host_is_refused(port: int, hosts: bytes) -> None:
    answer = await answer_to(port, b"GET /page HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("hosts", "status"), [(b"", b"200"), (b"Host: a.test\r\nHost: b.test\r\n", b"400")])
async def test_only_http_1_0_knows_requests_without_a_host(port: int, hosts: bytes, status: bytes) -> None:
    assert (await answer_to(port, b"GET /page HTTP/1.0\r\n" + hosts + b"\r\n")).split()[1] == status


@pytest.mark.parametrize("host", [b"a.test", b"a.test:80", b"A.Test.", b"[::1]:8080", b"127.0.0.1"])
async def test_a_request_with_one_host_is_served(port: int, host: bytes) -> None:
    answer = await answer_to(port, b"GET /page HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_two_hosts_open_no_websocket(port: int) -> None:
    answer = await answer_to(
        port,
        b"GET /page HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/page/", "/page"),
        ("/page//", "/page"),
        ("/page/?q=a%20b&c=%2F", "/page?q=a%20b&c=%2F"),
        ("//elsewhere.example/", "/elsewhere.example"),
        ("/\\elsewhere.example/", "/%5Celsewhere.example"),
        ("/pay/token/", "/pay/token"),
        ("/caf%C3%A9/", "/caf%C3%A9"),
    ],
)
async def test_an_extra_slash_is_removed_by_a_relative_redirect(port: int, asked: str, location: str) -> None:
    sent = f"GET {asked} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
    head = (await answer_to(port, sent.encode())).decode().lower()
    assert head.startswith("http/1.1 308 ")
    assert f"\r\nlocation: {location.lower()}\r\n" in head


@pytest.mark.parametrize("path", ["/hook/", "/hook", "/pay/token/"])
async def test_a_post_is_never_redirected(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b"signed")
    assert (answer.status_code, answer.text) == (200, "6 bytes")


async def test_a_body_without_end_is_refused_at_the_limit(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield bytes(50_000)

    assert (await client.post("/hook", content=endless())).status_code == 413


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("zstd, gzip", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
    ],
)
async def test_pages_are_compressed_as_the_client_can_read_them(
    client: httpx.AsyncClient, accepted: str, used: str | None
) -> None:
    async with client.stream("GET", "/page", headers={"accept-encoding": accepted}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == used
    assert answer.headers["vary"].lower() == "accept-encoding"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[used]
    assert unpack(body).decode() == PAGE
    assert used is None or len(body) < len(PAGE) / 10


@pytest.mark.parametrize("path", ["/page", "/pay/nothing/of/ours", "/nothing"])
async def test_every_response_forbids_framing(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_webhook_with_an_extra_slash_arrives(database: str) -> None:
    async with (
        a_platform(database) as platform,
        served(platform.app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        store_id = await platform.store(await platform.merchant())
        notice = json.dumps({"type": "paid", "id": "n1", "store": str(store_id), "order": str(uuid4())}).encode()
        signed = {"sandbox-signature": SignedPayments.sign(notice)}
        for path in ("/webhooks/payments/sandbox/", "/webhooks/payments/sandbox"):
            assert (await client.post(path, content=notice, headers=signed)).json() == {"received": True}
        moved = await client.get("/api/v1/stores/x/?first=3")
        assert (moved.status_code, moved.headers["location"]) == (308, "/api/v1/stores/x?first=3")


@pytest.mark.parametrize("path", ["/v1/products/", "/v1/products", "/assets/listing.css/", "/pay/assets/page.css"])
async def test_the_sandbox_redirects_to_no_other_scheme_or_host(path: str) -> None:
    payments = SandboxPayments(SECRET, page_url="http://127.0.0.1:1/pay")
    async with (
        served(sandbox_app(payments, webhook_url="http://127.0.0.1:1/hook")) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        answer = await client.get(path)
    assert answer.headers.get("location", path.rstrip("/")) == path.rstrip("/")
    assert answer.headers["x-frame-options"] == "DENY"
