"""Slow, silent, numerous or malformed clients of the embedded broker cost it little and do not affect other clients."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.embedded.logbroker.access import READING, WRITING, Credentials, Limits, Listener
from infra.embedded.logbroker.server import Broker
from infra.embedded.process import LOOPBACK, accepts_connections, free_port
from schemas.internal.broker_address import BrokerAddress, BrokerSecurity
from tests.integration.embedded.clients import Clients, take, until

IMPATIENT = replace(READING, transfer_seconds=0.3, idle_seconds=1.0, connections=8)
PASSWORD = "secret"
API_VERSIONS = struct.pack(">hhih", 18, 0, 7, -1)

Serve = Callable[..., AbstractAsyncContextManager[tuple[int, BrokerAddress]]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Return a context that runs a broker in this process and yields its read-only port and the platform's address."""

    @asynccontextmanager
    async def serving(limits: Limits = IMPATIENT, **writing: Any) -> AsyncIterator[tuple[int, BrokerAddress]]:
        port, writing_port = free_port(), free_port()
        listeners = (
            Listener(host=LOOPBACK, port=port, limits=limits),
            Listener(
                host=LOOPBACK,
                port=writing_port,
                limits=replace(WRITING, **writing),
                credentials=Credentials("zyenta", PASSWORD),
            ),
        )
        stop = asyncio.Event()
        running = asyncio.create_task(Broker(tmp_path / "log", listeners).serve(stop))
        while not (await accepts_connections(port) and await accepts_connections(writing_port)):
            await asyncio.sleep(0.01)
        log_in = BrokerSecurity(protocol="SASL_PLAINTEXT", username="zyenta", password=PASSWORD)
        try:
            yield port, BrokerAddress(f"{LOOPBACK}:{writing_port}", log_in)
        finally:
            stop.set()
            await running

    return serving


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def is_closed(reader: asyncio.StreamReader, *, seconds: float = 20) -> bool:
    """Whether the broker closes the connection."""
    with suppress(ConnectionError):
        async with asyncio.timeout(seconds):
            while await reader.read(65_536):
                pass
    return True


async def is_answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether a small request is answered."""
    writer.write(struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)
    (size,) = struct.unpack(">i", await asyncio.wait_for(reader.readexactly(4), 20))
    return (await reader.readexactly(size))[:4] == struct.pack(">i", 7)


@pytest.mark.parametrize("size", [2**31 - 1, READING.request_bytes + 1, 0, -1, int.from_bytes(b"GET ")])
async def test_an_invalid_request_size_is_rejected_at_once_and_allocates_nothing(serve: Serve, size: int) -> None:
    async with serve(READING) as (port, _), connected(port) as (reader, writer):
        before = psutil.Process().memory_info().rss
        writer.write(struct.pack(">i", size) + b"x" * 1000)
        assert await is_closed(reader)
        assert psutil.Process().memory_info().rss - before < 64 * 1024 * 1024


async def test_an_incomplete_request_times_out(serve: Serve) -> None:
    async with serve(replace(IMPATIENT, idle_seconds=600)) as (port, _), connected(port) as (reader, writer):
        writer.write(struct.pack(">i", 1000) + b"half")
        assert await is_closed(reader)


async def test_a_silent_client_is_disconnected(serve: Serve) -> None:
    async with serve() as (port, _), connected(port) as (reader, _writer):
        assert await is_closed(reader)


async def test_a_client_that_does_not_log_in_in_time_is_disconnected(serve: Serve) -> None:
    async with serve(log_in_seconds=0.5) as (_, platform), connected(int(platform.split(":")[1])) as (reader, writer):
        assert await is_answered(reader, writer)
        assert await is_closed(reader)


async def test_a_long_request_before_the_log_in_is_rejected(serve: Serve) -> None:
    async with serve() as (_, platform), connected(int(platform.split(":")[1])) as (reader, writer):
        writer.write(struct.pack(">i", 1024 * 1024))
        assert await is_closed(reader)


async def test_a_client_that_never_reads_is_disconnected_and_others_are_served(serve: Serve) -> None:
    # A whole second for a small answer, so that honest readers survive on a busy machine.
    patient = replace(IMPATIENT, transfer_seconds=1.0, slowest_bytes_per_second=2**30, idle_seconds=600)
    async with serve(patient) as (port, platform_address), Clients(platform_address) as platform:
        await platform.create("topic", 1)
        producer = await platform.producer()
        for _ in range(16):
            await producer.send_and_wait("topic", bytes(900_000))
        async with connected(port) as (reader, writer):
            fetch = struct.pack(">hhih", 1, 4, 1, -1) + struct.pack(">iiiib", -1, 0, 1, 2**31 - 1, 0)
            fetch += struct.pack(">ih5siiqi", 1, 5, b"topic", 1, 0, 0, 2**31 - 1)
            writer.write((struct.pack(">i", len(fetch)) + fetch) * 8)
            async with Clients(f"{LOOPBACK}:{port}") as honest:
                assert len(await take(await honest.consumer("topic"), 16)) == 16
            ours = writer.get_extra_info("sockname")[1]

            async def is_dropped() -> bool:
                connections = psutil.Process().net_connections("tcp")
                return not any(each.laddr[1:] == (port,) and each.raddr[1:] == (ours,) for each in connections)

            await until(is_dropped)
            # The bytes in flight still arrive, but not all requested ones.
            assert len(await asyncio.wait_for(reader.read(-1), 20)) < 8 * IMPATIENT.fetch_bytes // 2


async def test_the_size_of_one_answer_is_limited(serve: Serve) -> None:
    async with serve(replace(READING, fetch_bytes=1_000_000)) as (port, address), Clients(address) as platform:
        await platform.create("topic", 1)
        producer = await platform.producer()
        for _ in range(4):
            await producer.send_and_wait("topic", bytes(400_000))
        async with connected(port) as (reader, writer):
            fetch = struct.pack(">hhih", 1, 4, 1, -1) + struct.pack(">iiiib", -1, 0, 1, 2**31 - 1, 0)
            fetch += struct.pack(">ih5siiqi", 1, 5, b"topic", 1, 0, 0, 2**31 - 1)
            writer.write(struct.pack(">i", len(fetch)) + fetch)
            (size,) = struct.unpack(">i", await asyncio.wait_for(reader.readexactly(4), 20))
            assert 800_000 < size < 1_000_000


async def test_the_longest_idle_client_is_closed_for_a_new_one(serve: Serve) -> None:
    limits = replace(READING, connections=4)
    async with serve(limits) as (port, _):
        others = [await asyncio.open_connection(LOOPBACK, port) for _ in range(3)]
        for reader, writer in others:
            assert await is_answered(reader, writer)
        idlest, *busy = others
        for reader, writer in busy:
            assert await is_answered(reader, writer)
        async with connected(port) as one, connected(port) as another:
            assert await is_answered(*one)
            assert await is_answered(*another)
            assert await is_closed(idlest[0])
            for reader, writer in busy:
                assert await is_answered(reader, writer)
        for _, writer in others:
            writer.transport.abort()


async def test_a_short_request_with_repeated_entries_has_a_short_answer(serve: Serve) -> None:
    async with serve(READING) as (port, platform_address), Clients(platform_address) as platform:
        await platform.create("topic", 64)
        async with connected(port) as (reader, writer):
            names = 20_000
            metadata = (
                struct.pack(">hhih", 3, 2, 1, -1) + struct.pack(">i", names) + struct.pack(">h5s", 5, b"topic") * names
            )
            writer.write(struct.pack(">i", len(metadata)) + metadata)
            (size,) = struct.unpack(">i", await asyncio.wait_for(reader.readexactly(4), 20))
            assert size < 64 * 100
        async with connected(port) as (reader, writer):
            twice = struct.pack(">iqi", 0, 0, 1000) * 2
            fetch = struct.pack(">hhih", 1, 4, 1, -1) + struct.pack(">iiiib", -1, 0, 1, 1000, 0)
            fetch += struct.pack(">ih5si", 1, 5, b"topic", 2) + twice
            writer.write(struct.pack(">i", len(fetch)) + fetch)
            assert await is_closed(reader)


@pytest.mark.parametrize(
    "request_", [b"", b"\0", struct.pack(">hhi", 29, 1, 1), struct.pack(">hhi", 3, 99, 1), b"\xff" * 40]
)
async def test_a_malformed_request_closes_only_its_own_connection(serve: Serve, request_: bytes) -> None:
    async with serve(READING) as (port, _), connected(port) as honest, connected(port) as (reader, writer):
        writer.write(struct.pack(">i", len(request_)) + request_)
        assert await is_closed(reader)
        assert await is_answered(*honest)


@pytest.mark.parametrize(
    ("key", "version", "message"),
    [(29, 1, "DESCRIBE_ACLS is not supported"), (3, 99, "METADATA version 99 is not supported, only 2 to 8")],
)
async def test_an_unsupported_request_is_named_in_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture, key: int, version: int, message: str
) -> None:
    async with serve(READING) as (port, _), connected(port) as (reader, writer):
        writer.write(struct.pack(">ihhi", 8, key, version, 1))
        assert await is_closed(reader)
    assert message in caplog.text
    assert "too slow" not in caplog.text
