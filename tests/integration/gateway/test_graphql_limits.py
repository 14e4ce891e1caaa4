"""Limits of one client: document size, connections and time."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from graphql import get_introspection_query
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.app import create_app
from gateway.auth.sessions import LIVE_CACHE_FOR
from gateway.socket_limits import SocketLimits
from tests.integration.gateway.test_subscription import LOG_OUT, connected, received, state, subscribe
from tests.support.logs import logged_by
from tests.support.platforms.gateway import Merchant, Platform

BOMB = (
    "{ ...F0 }"
    + "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(24))
    + " fragment F24 on Query { me { id } }"
)
ATTACKS = {
    "fragments": BOMB,
    "fields": "{ me { " + "id " * 3_900 + "} }",
    "introspection": "{ "
    + " ".join(f"a{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for n in range(30))
    + " }",
    "spread once": "{ me { "
    + " ".join(f"...F{n}" for n in range(300))
    + " } }"
    + "".join(f" fragment F{n} on User {{ id }}" for n in range(300)),
    "depth": "{ me " * 1_000 + "}" * 1_000,
}


@asynccontextmanager
async def served(platform: Platform, limits: SocketLimits) -> AsyncIterator[str]:
    """Serve the platform's gateway with these limits."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(replace(platform.deps, socket_limits=limits))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="off", ws="websockets-sansio", access_log=False)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/graphql"
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving
        listener.close()


def dial(address: str, **more: Any) -> connect:
    return connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], **more)


async def close_code(wire: ClientConnection) -> int:
    """Read until the gateway closes the connection, and return the close code."""
    async with asyncio.timeout(60):
        await wire.wait_closed()
    assert wire.close_code is not None
    return wire.close_code


async def is_admitted(address: str, by: Merchant | None = None) -> bool:
    """Whether another connection can be opened."""
    async with dial(address) as wire:
        payload = {} if by is None else {"authorization": f"Bearer {by.token}"}
        try:
            await wire.send(json.dumps({"type": "connection_init", "payload": payload}))
            await wire.send(json.dumps({"type": "ping"}))
            while (await received(wire))["type"] != "pong":
                pass
        except ConnectionClosed:
            return False
        return True


async def until_admitted(address: str, by: Merchant | None = None) -> None:
    async with asyncio.timeout(60):
        while not await is_admitted(address, by):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_expensive_document_is_rejected_before_validation(
    platform: Platform, owner: Merchant, attack: str
) -> None:
    for by in (None, owner):
        async with asyncio.timeout(60):
            answer = await platform.post(ATTACKS[attack], by=by)
        assert answer["data"] is None
        (error,) = answer["errors"]
        assert error["extensions"]["code"] in {"INVALID_QUERY", "SYNTAX"}
        assert error["message"].endswith(".")
    assert (await platform.client.get("/healthz")).status_code == 200


async def test_anonymous_callers_have_a_smaller_budget(platform: Platform, owner: Merchant) -> None:
    query = "{ " + " ".join(f"a{n}: me {{ id }}" for n in range(20)) + " }"
    answer = await platform.post(query, by=owner)
    assert answer["data"]["a19"] == {"id": str(owner.id)}
    # The document is cached now; the smaller budget still applies.
    (refusal,) = (await platform.post(query))["errors"]
    assert refusal["message"] == ("The document has 20 aliases. Use at most 10. Logged-in callers have higher limits.")
    expired = await platform.post(query, headers={"authorization": "Bearer expired"})
    assert [error["extensions"]["code"] for error in expired["errors"]] == ["UNAUTHENTICATED"]


async def test_values_in_variables_are_counted(platform: Platform, owner: Merchant) -> None:
    query = "query ($ids: [ID!]) { me { id } stores { nodes { id @skip(if: true) } } __typename }"
    (refusal,) = (await platform.post(query, {"ids": ["1"] * 6_000}, by=owner))["errors"]
    assert refusal["message"] == "The variables have more than 5,000 values. Send fewer."


async def test_a_repeated_introspection_gets_the_same_answer(platform: Platform, owner: Merchant) -> None:
    query = get_introspection_query()
    first = await platform.post(query)
    assert "errors" not in first
    assert await platform.post(query, by=owner) == first
    assert await platform.post(query) == first


async def test_oversized_operations_over_a_websocket_are_rejected_and_the_connection_stays_open(
    platform: Platform, owner: Merchant
) -> None:
    async with served(platform, SocketLimits()) as address, connected(address, owner) as wire:
        for attack in ATTACKS.values():
            await wire.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": attack}}))
            refused = await received(wire)
            assert refused["type"] == "error"
            assert refused["payload"][0]["extensions"]["code"] in {"INVALID_QUERY", "SYNTAX"}
        await wire.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ me { email } }"}}))
        assert (await received(wire))["payload"]["data"] == {"me": {"email": owner.email}}


async def test_a_client_that_never_reads_is_dropped(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    limits = SocketLimits(anonymous_per_address=1, send_wait=timedelta(seconds=0.5))
    ask = {"type": "subscribe", "payload": {"query": get_introspection_query()}}

    async def flood(wire: ClientConnection) -> None:
        # Many times, because the operating system buffers the first megabytes.
        for number in count():
            await wire.send(json.dumps({"id": str(number), **ask}))

    with caplog.at_level(logging.ERROR):
        async with served(platform, limits) as address:
            narrow = socket.socket()
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            narrow.connect(("127.0.0.1", urlsplit(address).port))
            wire = await dial(address, sock=narrow, max_queue=1, compression=None)
            await wire.send(json.dumps({"type": "connection_init"}))
            await received(wire)
            assert not await is_admitted(address)
            flooding = asyncio.create_task(flood(wire))
            await until_admitted(address)
            flooding.cancel()
            await asyncio.gather(flooding, return_exceptions=True)
            wire.transport.abort()
            await wire.wait_closed()
    assert logged_by(caplog) == []


async def test_a_connection_without_connection_init_is_closed(platform: Platform) -> None:
    async with served(platform, SocketLimits(init_wait=timedelta(seconds=0.1))) as address, dial(address) as wire:
        assert await close_code(wire) == 4408


async def test_a_connection_without_a_login_is_closed(platform: Platform, owner: Merchant) -> None:
    # Long enough for a busy machine to log the other one in.
    limits = SocketLimits(anonymous_lifetime=timedelta(seconds=2))
    async with (
        served(platform, limits) as address,
        connected(address, owner) as known,
        connected(address, None) as anonymous,
    ):
        assert await close_code(anonymous) == 4408
        await known.send(json.dumps({"type": "ping"}))
        assert (await received(known))["type"] == "pong"


async def test_a_connection_ends_with_its_session_and_with_its_access_token(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    store_id = await platform.store(owner)
    async with (
        served(platform, SocketLimits(session_check=timedelta(seconds=0.05))) as address,
        connected(address, owner) as ended,
        connected(address, stranger) as expired,
        connected(address, None) as anonymous,
    ):
        await subscribe(ended, store_id)
        await state(ended)
        await platform.ask(LOG_OUT, {"token": owner.refresh_token})
        platform.clock.advance(LIVE_CACHE_FOR)
        assert await close_code(ended) == 4403
        assert await is_admitted(address, stranger)
        platform.clock.advance(timedelta(minutes=16))
        assert await close_code(expired) == 4403
        await anonymous.send(json.dumps({"type": "ping"}))
        assert (await received(anonymous))["type"] == "pong"


async def test_operations_in_flight_are_limited_and_complete_ones_make_room(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await platform.store(owner)
    async with served(platform, SocketLimits(operations=2)) as address, connected(address, owner) as wire:
        for id in "12":
            await subscribe(wire, store_id, id)
            await state(wire)
        await subscribe(wire, store_id, "3")
        refused = await received(wire)
        assert (refused["type"], refused["id"]) == ("error", "3")
        assert refused["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
        await wire.send(json.dumps({"type": "complete", "id": "1"}))
        await subscribe(wire, store_id, "3")
        assert (await received(wire))["type"] == "next"


async def test_an_account_has_a_limited_number_of_connections(platform: Platform, owner: Merchant) -> None:
    async with served(platform, SocketLimits(per_account=2)) as address, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(connected(address, owner))
        one_too_many = await stack.enter_async_context(connected(address, owner))
        assert await close_code(one_too_many) == 1013
        assert await is_admitted(address)
        assert not await is_admitted(address, owner)


async def test_a_client_that_disconnects_causes_no_logged_error(
    platform: Platform, owner: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    store_id = await platform.store(owner)
    with caplog.at_level(logging.ERROR):
        async with served(platform, SocketLimits(per_account=1)) as address:
            async with connected(address, owner) as wire:
                await subscribe(wire, store_id)
                await wire.send(
                    json.dumps({"id": "2", "type": "subscribe", "payload": {"query": get_introspection_query()}})
                )
                wire.transport.abort()
            await until_admitted(address, owner)
    assert logged_by(caplog) == []
