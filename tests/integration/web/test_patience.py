"""A server with short limits and real connections that are slow, many, silent or broken off."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from infra.web.protocols import ConnectionLimits
from tests.support.servers.web_server import answer_to, complaints, hang_up_after, served

LIMITS = ConnectionLimits(
    head_seconds=0.5, body_seconds=0.7, unread_seconds=0.5, head_bytes=8_000, connections=6, connections_per_address=4
)
HEAD = b"POST /echo HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 100\r\n\r\n"


class Witness:
    """An application that records how its requests end."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/echo", self.echo, methods=["POST"]),
                Route("/form", self.form, methods=["POST"]),
                Route("/large", self.large),
                WebSocketRoute("/flood", self.flood),
            ]
        )

    async def echo(self, request: Request) -> Response:
        self.begun += 1
        try:
            return Response(await request.body())
        finally:
            self.ended += 1

    async def form(self, request: Request) -> Response:
        self.begun += 1
        try:
            return PlainTextResponse(str(len(await request.form())))
        finally:
            self.ended += 1

    async def large(self, _: Request) -> Response:
        self.begun += 1

        async def parts() -> AsyncIterator[bytes]:
            try:
                for _ in range(400):
                    yield bytes(100_000)
            finally:
                self.ended += 1

        return StreamingResponse(parts())

    async def flood(self, websocket: WebSocket) -> None:
        self.begun += 1
        await websocket.accept()
        try:
            while True:
                await websocket.send_bytes(bytes(100_000))
        except WebSocketDisconnect:
            pass
        finally:
            self.ended += 1


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def port(witness: Witness) -> AsyncIterator[int]:
    async with served(witness.app(), LIMITS) as number:
        yield number


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("sent", [b"POST /echo HTTP/1.1\r\nHost: sh", b"POST", b"GET / HTTP/1.1\r\nX-A: 1\r\n"])
async def test_headers_that_never_complete_are_answered_408(port: int, sent: bytes) -> None:
    assert (await answer_to(port, sent)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_connection_that_asks_nothing_is_closed(port: int, sent: bytes) -> None:
    assert (await answer_to(port, sent)).partition(b"\r\n")[0] in {b"", b"HTTP/1.1 408 Request Timeout"}


async def test_a_header_a_byte_at_a_time_buys_no_more_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(reader.read())

    async def drip() -> None:
        while True:
            writer.write(b"X")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(60):
        assert (await answer).startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 "))
    dripping.cancel()
    await let_go([(reader, writer)])


async def test_a_body_that_never_completes_is_answered_408_and_its_request_ends(port: int, witness: Witness) -> None:
    with complaints("uvicorn.error") as heard:
        assert (await answer_to(port, HEAD + b"half")).startswith(b"HTTP/1.1 408 ")
        await until(lambda: witness.ended == 1)
    assert heard == []


async def test_slow_chunks_are_a_slow_body(port: int, witness: Witness) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await answer_to(port, head + b"1\r\nx\r\n")).startswith(b"HTTP/1.1 408 ")
    await until(lambda: witness.ended == 1)


async def test_a_head_without_end_is_refused_at_its_limit(port: int) -> None:
    answer = await answer_to(port, b"GET / HTTP/1.1\r\nHost: shop.test\r\nX: " + b"x" * 20_000)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""


async def test_a_client_that_never_reads_is_dropped(port: int, witness: Witness) -> None:
    with _reads_nothing(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        await until(lambda: witness.begun == 1)
        await until(lambda: witness.ended == 1)


async def test_a_websocket_that_is_never_read_is_dropped(port: int, witness: Witness) -> None:
    with _reads_nothing(port) as client:
        client.sendall(
            b"GET /flood HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await until(lambda: witness.begun == 1)
        await until(lambda: witness.ended == 1)


async def test_connections_of_one_address_are_capped_and_others_are_served(witness: Witness) -> None:
    limits = ConnectionLimits(connections_per_address=4, connections=6)
    async with served(witness.app(), limits, host="0.0.0.0") as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        assert (await answer_to(port, b"")).startswith(b"HTTP/1.1 503 ")
        body = b"GET /echo HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"
        assert (await answer_to(port, body, local="127.0.0.2")).startswith(b"HTTP/1.1 405 ")
        await let_go(held)

        async def served_again() -> bool:
            return not (await answer_to(port, body)).startswith(b"HTTP/1.1 503 ")

        async with asyncio.timeout(60):
            while not await served_again():
                await asyncio.sleep(0.05)


async def test_connections_in_all_are_capped_whatever_their_address(witness: Witness) -> None:
    async with served(witness.app(), ConnectionLimits(connections=3, connections_per_address=None)) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        answer = await answer_to(port, b"")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after" in answer
        await let_go(held)


async def test_a_keep_alive_connection_outlives_the_limits_of_one_request(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        for _ in range(4):
            assert (await client.post("/echo", content=b"words")).text == "words"
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("path", [b"/echo", b"/form"])
async def test_an_upload_that_is_broken_off_is_no_error(port: int, witness: Witness, path: bytes) -> None:
    with complaints("uvicorn.error") as heard:
        head = HEAD.replace(b"/echo", path).replace(
            b"\r\n\r\n", b"\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        await hang_up_after(port, head + b"a=b")
        await until(lambda: witness.ended == 1)
    assert heard == []


async def test_a_client_that_hangs_up_while_it_is_answered_is_no_error(port: int, witness: Witness) -> None:
    with complaints("uvicorn.error") as heard:
        await hang_up_after(port, b"GET /large HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        await until(lambda: witness.begun == witness.ended == 1)
    assert heard == []


async def let_go(held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
    for _, writer in held:
        writer.close()
        await writer.wait_closed()


def _reads_nothing(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    return client
