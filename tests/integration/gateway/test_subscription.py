"""Subscriptions over a real WebSocket."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin, Subprotocol

from commands.discount import CreateDiscount, PauseDiscount, ResumeDiscount
from commands.generation import CancelGeneration
from commands.step import FailStep, ProgressStep
from commands.team import RemovePerson
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.team.roles import Role
from gateway.app import create_app
from gateway.auth.sessions import LIVE_CACHE_FOR
from gateway.graphql.subscriptions import CHANGES
from gateway.graphql.websocket import FORBIDDEN
from gateway.socket_limits import SocketLimits
from tests.integration.gateway.test_queries import an_order
from tests.integration.gateway.test_team import joined
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform, a_platform
from tests.support.servers.asgi import serving
from tests.support.servers.gateway_process import gateway_process

LOG_OUT = "mutation ($token: String!) { logOut(input: {refreshToken: $token}) { done } }"
PROGRESS = """subscription ($id: ID!) { generationProgress(storeId: $id) {
  generationId status progress currentStep error steps { step status attempt done total } lastLog { message level }
  generation { store { niche } } } }"""


FEEDS = {
    name: f"""subscription ($id: ID!, $after: String) {{ {name}(storeId: $id, after: $after) {{
      cursor event {{ type position }} order {{ id }} node {{ __typename id }} }} }}"""
    for name in ("orderFeed", "storeChanges")
}
MAKE_KEY = (
    f'mutation {{ createApiKey(input: {{name: "Feed", scopes: [READ], password: "{PASSWORD}"}}) '
    "{ token apiKey { id } } }"
)
REVOKE_KEY = "mutation ($id: ID!) { revokeApiKey(input: {keyId: $id}) { userErrors { code } } }"
LINES = """subscription ($id: ID!, $after: String) { generationProgress(storeId: $id, after: $after) {
  cursor progress newLogs { number message } lastLog { number } } }"""


@pytest.fixture
async def address(platform: Platform) -> AsyncIterator[str]:
    """The address of the gateway on a local port."""
    async with serving(platform.app) as at:
        yield at


@asynccontextmanager
async def connected(address: str, by: Merchant | None) -> AsyncIterator[ClientConnection]:
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as wire:
        payload = {} if by is None else {"authorization": f"Bearer {by.token}"}
        await wire.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert (await received(wire))["type"] == "connection_ack"
        yield wire


async def received(wire: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(60):
        message: dict[str, Any] = json.loads(await wire.recv())
    return message


async def read_to_the_end(wire: ClientConnection) -> None:
    while await received(wire):
        pass


async def subscribe(
    wire: ClientConnection, store_id: object, id: str = "1", *, query: str = PROGRESS, after: str | None = None
) -> None:
    payload = {"query": query, "variables": {"id": str(store_id)} | ({} if after is None else {"after": after})}
    await wire.send(json.dumps({"id": id, "type": "subscribe", "payload": payload}))


async def resumed(
    address: str, by: Merchant, store_id: UUID, query: str, after: str | None, most: int
) -> list[dict[str, Any]]:
    """Return the next messages of a subscription that goes on after a cursor, and disconnect."""
    found: list[dict[str, Any]] = []
    async with connected(address, by) as wire:
        await subscribe(wire, store_id, query=query, after=after)
        while len(found) < most:
            message = await received(wire)
            if message["type"] == "complete":
                break
            assert "errors" not in message["payload"], message
            found += message["payload"]["data"].values()
    return found


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
    async with asyncio.timeout(60):
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


async def test_a_quiet_subscription_ends_with_the_role(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    editor = await joined(platform, owner, store_id, Role.EDITOR)
    limits = SocketLimits(access_check=timedelta(milliseconds=50))
    other_process = create_app(replace(platform.deps, socket_limits=limits))
    async with serving(other_process) as at, connected(at, editor) as wire:
        await subscribe(wire, store_id, query=FEEDS["orderFeed"])
        await platform.send(RemovePerson(store_id=store_id, merchant_id=owner.id, person_id=editor.id))
        platform.clock.advance(LIVE_CACHE_FOR)
        message = await received(wire)
        assert message["type"] == "next"
        assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_quiet_subscription_ends_with_its_api_key(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    key = await platform.ask(MAKE_KEY, by=owner)
    limits = SocketLimits(session_check=timedelta(milliseconds=50))
    other_process = create_app(replace(platform.deps, socket_limits=limits))
    async with serving(other_process) as at, connected(at, replace(owner, token=key["token"])) as wire:
        await subscribe(wire, store_id, query=FEEDS["orderFeed"])
        await platform.ask(REVOKE_KEY, {"id": key["apiKey"]["id"]}, by=owner)
        platform.clock.advance(LIVE_CACHE_FOR)
        # A feed that has not begun yet answers with an error first.
        with pytest.raises(ConnectionClosedError) as closed:
            await read_to_the_end(wire)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == FORBIDDEN
    assert closed.value.rcvd.reason == "The API key was revoked or has expired. Make a new one."


async def test_feeds_go_on_in_another_gateway_without_gap_or_duplicate(
    platform: Platform, owner: Merchant, stranger: Merchant, address: str
) -> None:
    dice, store_id = random.Random(5), await platform.stocked_store(owner, products=4)
    other = await platform.stocked_store(stranger)
    for _ in range(2):
        await an_order(platform, owner, store_id, quantity=1)
    for name, beginnings in (("orderFeed", ("order.",)), ("storeChanges", CHANGES)):
        raws = await platform.log.read_tenant(store_id, 10**9)
        expected = [(str(raw.position), raw.type) for raw in raws if raw.type.startswith(beginnings)]
        assert len(expected) > 1
        found: list[dict[str, Any]] = []
        async with serving(create_app(platform.deps)) as second:
            while len(found) < len(expected):
                after, at = found[-1]["cursor"] if found else "0", dice.choice([address, second])
                most = min(dice.choice([1, 2, 9]), len(expected) - len(found))
                found += await resumed(at, owner, store_id, FEEDS[name], after, most)
        assert [(each["event"]["position"], each["event"]["type"]) for each in found] == expected
        about = {each["node"]["__typename"] for each in found if each["node"] is not None}
        assert about == ({"Order"} if name == "orderFeed" else {"Store", "Product", "Page", "MediaAsset", "Generation"})
        assert all((each["order"] is not None) is (name == "orderFeed") for each in found)
    # Without a cursor, a feed begins at the end of the log; what happens afterwards comes while the client waits.
    async with connected(address, owner) as wire:
        await subscribe(wire, store_id, query=FEEDS["orderFeed"])
        await subscribe(wire, store_id, "bad", query=FEEDS["orderFeed"], after=str(10**17))
        refused = await received(wire)
        assert (refused["id"], refused["payload"]["errors"][0]["extensions"]["code"]) == ("bad", "INVALID_INPUT")
        feed = platform.app.state.gateway.store_feed
        while store_id not in feed._tails:
            await asyncio.sleep(0.01)
        await an_order(platform, stranger, other)
        order_id = await an_order(platform, owner, store_id, quantity=1)
        while (message := await received(wire))["id"] == "bad":
            pass
        event = message["payload"]["data"]["orderFeed"]
        assert (event["event"]["type"], event["order"]) == ("order.order_placed.v1", {"id": str(order_id)})
    async with connected(address, stranger) as wire:
        await subscribe(wire, store_id, query=FEEDS["orderFeed"], after="0")
        assert (await received(wire))["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_two_processes_send_each_event_once_over_200_disconnects(database: str) -> None:
    dice, disconnects = random.Random(7), 200
    async with (
        a_platform(database) as platform,
        gateway_process(database) as (first, first_id),
        gateway_process(database) as (second, second_id),
    ):
        assert first_id != second_id
        owner = await platform.merchant()
        store_id = await platform.store(owner)
        terms = DiscountTerms(kind=DiscountKind.FREE_SHIPPING)
        await platform.send(CreateDiscount(store_id=store_id, merchant_id=owner.id, code="SPRING", terms=terms))
        code = {"discount_id": discount_id(store_id, "SPRING"), "merchant_id": owner.id}
        await platform.barrier.catch_up()
        found: list[dict[str, Any]] = []
        used = dict.fromkeys([first, second], 0)

        async def expected() -> list[tuple[str, str]]:
            raws = await platform.log.read_tenant(store_id, 10**9)
            return [(str(raw.position), raw.type) for raw in raws if raw.type.startswith(CHANGES)]

        known = await expected()
        while sum(used.values()) < disconnects or len(found) < len(known):
            if sum(used.values()) < disconnects and len(known) - len(found) < 3:
                for change in (PauseDiscount, ResumeDiscount):
                    await platform.send(change(**code))
                known = await expected()
            after, at = found[-1]["cursor"] if found else "0", dice.choice([first, second])
            # A client may also leave before the first message.
            most = min(dice.choice([0, 0, 1, 1, 2, 5]), len(known) - len(found))
            found += await resumed(at, owner, store_id, FEEDS["storeChanges"], after, most)
            used[at] += 1
        assert min(used.values()) > 50
        assert [(each["event"]["position"], each["event"]["type"]) for each in found] == await expected()


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_two_processes_send_each_order_and_each_line_of_progress_once_over_disconnects(database: str) -> None:
    dice, most_disconnects = random.Random(11), 100
    async with (
        a_platform(database) as platform,
        gateway_process(database) as (first, _),
        gateway_process(database) as (second, _),
    ):
        owner = await platform.merchant()
        selling = await platform.stocked_store(owner, products=4)
        found: list[dict[str, Any]] = []
        expected: list[tuple[str, str]] = []
        for turn in range(most_disconnects):
            if turn % 20 == 0:
                await an_order(platform, owner, selling, quantity=1)
                raws = await platform.log.read_tenant(selling, 10**9)
                expected = [(str(raw.position), raw.type) for raw in raws if raw.type.startswith("order.")]
            most = min(dice.choice([0, 1, 2]), len(expected) - len(found))
            after = found[-1]["cursor"] if found else "0"
            found += await resumed(dice.choice([first, second]), owner, selling, FEEDS["orderFeed"], after, most)
        assert len(expected) >= most_disconnects // 20
        assert [(each["event"]["position"], each["event"]["type"]) for each in found] == expected
        store_id = await platform.store(owner)
        generation_id, cursor, lines = generation_of(store_id), None, list[int]()
        for turn in range(most_disconnects):
            if turn % 3 == 0:
                step = ProgressStep(
                    generation_id=generation_id,
                    step=Step.SCOUT,
                    attempt=1,
                    item=str(turn),
                    total=99,
                    message=f"Searched {turn}",
                )
                await platform.send(step)
            most = 0 if turn % 3 else dice.choice([0, 1])
            for state in await resumed(dice.choice([first, second]), owner, store_id, LINES, cursor, most):
                lines += [line["number"] for line in state["newLogs"]]
                cursor = state["cursor"]
        await platform.send(CancelGeneration(generation_id=generation_id, merchant_id=owner.id))
        for state in await resumed(first, owner, store_id, LINES, cursor, 9):
            lines += [line["number"] for line in state["newLogs"]]
        assert lines == list(range(lines[0], lines[0] + len(lines)))
        assert len(lines) > most_disconnects // 3


async def test_progress_goes_on_after_a_cursor_with_each_line_of_the_log_once(
    platform: Platform, owner: Merchant, address: str
) -> None:
    store_id = await platform.store(owner)
    generation_id = generation_of(store_id)
    (first,) = await resumed(address, owner, store_id, LINES, None, 1)
    lines, cursor = [each["number"] for each in first["newLogs"]], first["cursor"]
    async with serving(create_app(platform.deps)) as second:
        for number in range(4):
            for part in "ab":
                await platform.send(
                    ProgressStep(
                        generation_id=generation_id, step=Step.SCOUT, attempt=1, item=f"{number}{part}", total=20,
                        message=f"Searched {number}{part}",
                    )
                )  # fmt: skip
            (later,) = await resumed([address, second][number % 2], owner, store_id, LINES, cursor, 1)
            lines += [each["number"] for each in later["newLogs"]]
            cursor = later["cursor"]
            assert lines[-1] == later["lastLog"]["number"]
        await platform.send(CancelGeneration(generation_id=generation_id, merchant_id=owner.id))
        (last,) = await resumed(second, owner, store_id, LINES, cursor, 2)
        assert await resumed(address, owner, store_id, LINES, last["cursor"], 1) == []
    lines += [each["number"] for each in last["newLogs"]]
    assert lines == list(range(lines[0], lines[0] + len(lines)))
    assert len(lines) >= 8
    async with connected(address, owner) as wire:
        await subscribe(wire, store_id, query=LINES, after="WyJnZW5lcmF0aW9uIl0")
        assert (await received(wire))["payload"]["errors"][0]["extensions"] == {
            "code": "INVALID_INPUT",
            "field": "after",
        }
