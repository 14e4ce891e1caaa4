"""Valid and invalid messages over a WebSocket."""

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from infra.bootstrap.lifecycle import serve
from infra.embedded.process import free_port
from tests.integration.gateway.test_subscription import address, connected, received
from tests.support.logs import logged_by
from tests.support.platforms.gateway import Merchant, Platform

__all__ = ["address"]

SUBSCRIBE = {"id": "1", "type": "subscribe"}


@pytest.mark.parametrize(
    "sent",
    [
        "[]",
        '"connection_init"',
        "42",
        "null",
        "no json",
        "",
        "{}",
        '{"type": 5}',
        '{"type": ["connection_init"]}',
        '{"type": "' + "x" * 1000 + '"}',
        '{"type": "subscribe", "id": {}, "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "operationName": {}}}',
        '{"type": "complete", "id": []}',
        '{"type": "connection_init", "payload": []}',
        "[" * 100_000,
        '{"type": ' + "9" * 5000 + "}",
        b"\x00\x01",
        b"{}",
    ],
    ids=lambda sent: sent[:30],
)
async def test_an_invalid_message_closes_the_connection_with_4400_and_logs_no_error(
    address: str, sent: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as wire:
            await wire.send(sent)
            with pytest.raises(ConnectionClosed) as closed:
                await received_raw(wire)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
    assert len(closed.value.rcvd.reason) > 10
    assert logged_by(caplog) == []


async def received_raw(wire: Any) -> Any:
    async with asyncio.timeout(60):
        return await wire.recv()


async def until_closed(wire: Any) -> None:
    while True:
        await received_raw(wire)


async def test_a_duplicate_id_of_any_length_closes_the_connection(address: str, owner: Merchant) -> None:
    async with connected(address, owner) as wire:
        query = {"query": 'subscription { generationProgress(storeId: "x") { progress } }'}
        for _ in range(2):
            await wire.send(json.dumps({"id": "i" * 500, "type": "subscribe", "payload": query}))
        with pytest.raises(ConnectionClosed) as closed:
            await until_closed(wire)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4409


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "query A { me { id } } query B { me { id } }"}, "INVALID_QUERY"),
        ({"query": "query A { me { id } }", "operationName": "B"}, "INVALID_QUERY"),
        ({"query": "fragment F on User { id }"}, "INVALID_QUERY"),
        ({"query": ""}, "INVALID_QUERY"),
        ({"query": "{ me { id }"}, "SYNTAX"),
    ],
)
async def test_an_ambiguous_operation_is_an_error_and_the_connection_stays_open(
    address: str, owner: Merchant, payload: dict[str, Any], code: str
) -> None:
    async with connected(address, owner) as wire:
        await wire.send(json.dumps(SUBSCRIBE | {"payload": payload}))
        refused = await received(wire)
        assert (refused["type"], refused["id"]) == ("error", "1")
        assert [error["extensions"]["code"] for error in refused["payload"]] == [code]
        await wire.send(json.dumps(SUBSCRIBE | {"payload": {"query": "{ me { email } }"}}))
        answered = await received(wire)
        assert answered["payload"]["data"] == {"me": {"email": owner.email}}


async def test_an_ambiguous_document_over_a_websocket_changes_nothing(
    platform: Platform, address: str, owner: Merchant
) -> None:
    before = await platform.event_count()
    one = '{ requestStore(input: {niche: "Lamps"}) { storeId } }'
    async with connected(address, owner) as wire:
        await wire.send(json.dumps(SUBSCRIBE | {"payload": {"query": f"mutation A {one} mutation B {one}"}}))
        refused = await received(wire)
    assert "A, B" in refused["payload"][0]["message"]
    assert await platform.event_count() == before


async def takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_message_over_the_body_limit_is_rejected(platform: Platform) -> None:
    stop, port = asyncio.Event(), free_port()
    serving = asyncio.create_task(serve(platform.app, "127.0.0.1", port, stop))
    async with asyncio.timeout(60):
        while not await takes_connections(port):
            await asyncio.sleep(0.01)
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as wire:
        await wire.send('{"type": "ping", "payload": {"x": "' + "x" * 1_000_000 + '"}}')
        with pytest.raises(ConnectionClosed) as closed:
            await received_raw(wire)
    stop.set()
    await serving
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
