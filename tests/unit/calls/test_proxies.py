"""With a proxy in the environment, in-house calls go straight to their address and outside calls to the proxy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from pydantic import SecretStr

from domain.calls.ports import ModelRequest, Turn
from infra.adapters.media.s3 import S3MediaStore
from infra.adapters.models.openai import OpenAiModel
from infra.adapters.rdap.registry import RdapRegistry
from infra.bootstrap import open_platform
from infra.demo.calls import CallFailed
from infra.demo.merchant import Merchant
from infra.demo.shopper import Shopper
from infra.embedded.process import free_port
from infra.sandbox.payments.app import WebhookSender
from infra.settings import Settings
from infra.web.http_clients import in_house_client, is_in_house, outside_client
from tests.unit.storefront.test_sandbox_payments import payments

ANSWER = b'{"choices": []}'


@dataclass
class Listener:
    """A server that answers every request and records it."""

    port: int = 0
    requests: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head.splitlines()[0])
        self.hosts += [line[6:] for line in head.splitlines() if line.lower().startswith("host: ")]
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n")
        body = b"" if head.startswith("PUT") else ANSWER
        writer.write(f"content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.answer, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


@pytest.fixture
async def server() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    """A proxy that the environment sets for all calls."""
    async with listening() as listener:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            for spelled in (name, name.lower()):
                monkeypatch.setenv(spelled, listener.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield listener


async def test_in_house_calls_bypass_the_proxy(server: Listener, proxy: Listener) -> None:
    async with in_house_client() as client:
        await client.get(f"{server.url}/healthz")
    assert (server.requests, proxy.requests) == (["GET /healthz HTTP/1.1"], [])


async def test_outside_calls_go_to_the_proxy_and_loopback_and_own_addresses_do_not(
    server: Listener, proxy: Listener
) -> None:
    async with outside_client([f"http://sandbox.test:{server.port}/pay"]) as client:
        await client.get("http://photos.example/1.jpg")
        await client.get(f"{server.url}/photo")
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://sandbox.test:{server.port}/")
    assert proxy.requests == ["GET http://photos.example/1.jpg HTTP/1.1"]
    assert server.requests == ["GET /photo HTTP/1.1"]


async def test_the_platform_s_client_calls_the_sandbox_directly(server: Listener, proxy: Listener) -> None:
    async with open_platform(Settings(_env_file=None, sandbox_url=server.url), with_database=False) as platform:
        client = await platform.client()
        await client.get(f"{server.url}/v1/products")
        await client.get("http://photos.example/1.jpg")
    assert server.requests == ["GET /v1/products HTTP/1.1"]
    assert proxy.requests == ["GET http://photos.example/1.jpg HTTP/1.1"]


async def test_webhooks_of_the_sandbox_bypass_the_proxy(server: Listener, proxy: Listener) -> None:
    await WebhookSender(payments(), f"{server.url}/webhooks/payments/sandbox").send("{}")
    assert (len(server.requests), proxy.requests) == (1, [])


async def test_a_local_model_is_called_directly_and_any_other_through_the_proxy(
    server: Listener, proxy: Listener
) -> None:
    request = ModelRequest(system="", turns=[Turn("user", "hello")], shape="Word", schema={}, max_tokens=9)
    for base, listener in ((f"{server.url}/v1", server), ("http://models.example/v1", proxy)):
        model = OpenAiModel(model="m", api_key="k", base_url=base)
        with pytest.raises(Exception, match="without any choice"):
            await model.complete(request)
        await model.aclose()
        assert len(listener.requests) == 1
    assert proxy.requests == ["POST http://models.example/v1/chat/completions HTTP/1.1"]


async def test_domain_registries_are_called_through_the_proxy(proxy: Listener) -> None:
    registry = RdapRegistry(bootstrap={"shop": "http://rdap.example"})
    await registry.availability(["lamps.shop"])
    await registry.aclose()
    assert proxy.requests == ["GET http://rdap.example/domain/lamps.shop HTTP/1.1"]


async def test_a_local_object_store_is_called_directly(server: Listener, proxy: Listener) -> None:
    secret = SecretStr("secret")
    store = S3MediaStore(bucket="media", endpoint=server.url, region="us-east-1", access_key=secret, secret_key=secret)
    async with aclosing(store):
        await store.put(b"picture", mime_type="image/webp")
    assert (len(server.requests), proxy.requests) == (1, [])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://localhost:9000", True),
        ("http://s3.localhost:9000", True),
        ("http://minio:9000", True),
        ("http://10.0.0.7:9000", True),
        ("https://s3.eu-central-1.amazonaws.com", False),
        ("https://8.8.8.8", False),
    ],
)
def test_an_address_is_in_house_if_no_proxy_outside_could_reach_it(url: str, expected: bool) -> None:
    assert is_in_house(url) is expected


async def test_a_failed_call_of_the_demo_names_the_address(proxy: Listener) -> None:
    gateway, shop = f"http://127.0.0.1:{free_port()}", f"http://lamps.localhost:{free_port()}"
    async with in_house_client() as client:
        with pytest.raises(CallFailed, match=f"^{gateway}/graphql did not return a usable answer"):
            await Merchant(client, gateway).register()
        with pytest.raises(
            CallFailed, match=f"^{gateway.replace('http', 'ws')}/graphql did not return a usable answer"
        ):
            async for _ in Merchant(client, gateway).watch("store", "token"):
                pass
        with pytest.raises(CallFailed, match=f"^{shop}/ did not return a usable answer"):
            await Shopper(client, shop).visit("/")
    assert proxy.requests == []


@pytest.mark.parametrize("name", ["lamps.localhost", "localhost"])
async def test_a_shopper_of_the_demo_needs_no_resolver(server: Listener, name: str) -> None:
    async with in_house_client() as client:
        await Shopper(client, f"http://{name}:{server.port}").visit("/products")
    assert (server.requests, server.hosts) == (["GET /products HTTP/1.1"], [f"{name}:{server.port}"])
