"""Subscriptions over a real WebSocket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from commands.generation import CancelGeneration, FailStep, ProgressStep
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from tests.support.platforms.gateway import Merchant, Platform

LOG_OUT = "mutation ($token: String!) { logOut(input: {refreshToken: $token}) { done } }"
PROGRESS = """subscription ($id: ID!) { generationProgress(storeId: $id) {
  generationId status progress currentStep error steps { step status attempt done total } lastLog { message level }
  generation { store { niche } } } }"""


@pytest.fixture
async def address(platform: Platform) -> AsyncIterator[str]:
    """The address of the gateway on a local port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(platform.app, log_level="warning", lifespan="off", ws="websockets-sansio", access_log=False)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"ws://127.0.0.1:{listener.getsockname()[1]}/graphql"
    server.should_exit = True
    await serving
    listener.close()


@asynccontextmanager
async def connected(address: str, by: Merchant | None) -> AsyncIterator[ClientConnection]:
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as wire:
        payload = {} if by is None else {"authorization": f"Bearer {by.token}"}
        await wire.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert (await received(wire))["type"] == "connection_ack"
        yield wire


async def received(wire: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        message: dict[str, Any] = json.loads(await wire.recv())
    return message


async def subscribe(wire: ClientConnection, store_id: object, id: str = "1") -> None:
    message = {"id": id, "type": "subscribe", "payload": {"query": PROGRESS, "variables": {"id": str(store_id)}}}
    await wire.send(json.dumps(message))


async def state(wire: ClientConnection) -> Any:
    message = await received(wire)
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]["generationProgress"]


async def test_progress_is_sent_until_the_generation_ends(platform: Platform, owner: Merchant, address: str) -> None:
    store_id = await platform.store(owner)
    generation_id = generation_of(store_id)
    async with connected(address, owner) as wire, connected(address, owner) as second:
        await subscribe(wire, store_id)
        await subscribe(second, store_id)
        begun = await state(wire)
        assert (begun["generationId"], begun["status"], begun["currentStep"]) == (
            str(generation_id),
            "PROCESSING",
            "BRAND",
        )
        assert [one["status"] for one in begun["steps"]] == ["PROCESSING"] * 2 + ["PENDING"] * 3
        assert begun["generation"]["store"] == {"niche": "Cyberpunk home decor"}
        await platform.send(
            ProgressStep(
                generation_id=generation_id, step=Step.SCOUT, attempt=1, item="a", total=4, message="Searched Sample"
            )
        )
        moved = await state(wire)
        assert moved["steps"][1] == {"step": "SCOUT", "status": "PROCESSING", "attempt": 1, "done": 1, "total": 4}
        assert moved["lastLog"] == {"message": "Searched Sample", "level": "INFO"}
        assert moved["progress"] > begun["progress"]
        await platform.send(
            FailStep(generation_id=generation_id, step=Step.SCOUT, attempt=1, reason="Sample did not answer.")
        )
        # States in between may be skipped.
        while (failed := await state(wire))["status"] == "PROCESSING":
            pass
        assert (failed["status"], failed["error"]) == ("FAILED", "Sample did not answer.")
        assert (await received(wire)) == {"id": "1", "type": "complete"}
        # The other client received the same states, perhaps fewer of those in between.
        last: Any = None
        while (message := await received(second))["type"] == "next":
            last = message["payload"]["data"]["generationProgress"]
        assert (message["type"], last) == ("complete", failed)


async def test_an_ended_generation_is_sent_once(platform: Platform, owner: Merchant, address: str) -> None:
    store_id = await platform.store(owner)
    await platform.send(CancelGeneration(generation_id=generation_of(store_id), merchant_id=owner.id))
    async with connected(address, owner) as wire:
        await subscribe(wire, store_id)
        assert (await state(wire))["status"] == "CANCELLED"
        assert (await received(wire))["type"] == "complete"


async def test_merchants_cannot_watch_each_other_s_generations(
    platform: Platform, owner: Merchant, stranger: Merchant, address: str
) -> None:
    store_id = await platform.store(owner)
    answers = []
    for by, id in ((stranger, store_id), (stranger, uuid4()), (None, store_id)):
        async with connected(address, by) as wire:
            await subscribe(wire, id)
            message = await received(wire)
            errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            answers.append(errors[0]["extensions"]["code"])
    assert answers == ["NOT_FOUND", "NOT_FOUND", "UNAUTHENTICATED"]


async def test_a_page_of_another_origin_cannot_connect(address: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(
            address, origin=Origin("https://elsewhere.example"), subprotocols=[Subprotocol("graphql-transport-ws")]
        ):
            pass
    assert refusal.value.response.status_code == 403


async def test_the_feed_does_not_poll_without_subscribers(platform: Platform, owner: Merchant, address: str) -> None:
    store_id = await platform.store(owner)
    feed = platform.app.state.gateway.generation_feed
    async with connected(address, owner) as wire:
        await subscribe(wire, store_id)
        await state(wire)
        assert not feed._task.done()
    async with asyncio.timeout(10):
        await feed._task


async def test_a_subscription_ends_with_its_session(platform: Platform, owner: Merchant, address: str) -> None:
    store_id = await platform.store(owner)
    async with connected(address, owner) as wire:
        await subscribe(wire, store_id)
        await state(wire)
        await platform.ask(LOG_OUT, {"token": owner.refresh_token})
        await platform.send(CancelGeneration(generation_id=generation_of(store_id), merchant_id=owner.id))
        message = await received(wire)
    assert message["type"] == "next"
    assert message["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
