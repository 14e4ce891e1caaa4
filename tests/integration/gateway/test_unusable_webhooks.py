"""Signed but unusable webhooks of the sandbox provider: rejected at the edge and rejected to the merchant."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from gateway.app import create_app
from infra.adapters.payments.sandbox import SIGNATURE_HEADER, SandboxPayments
from tests.support.platforms.gateway import Merchant, Platform

REJECTED = "query ($id: ID!) { store(id: $id) { rejectedWebhooks { source externalId type orderId reason at } } }"
DEEP = "[" * 100_000
PAID = "checkout.session.completed"


class Provider:
    """A provider that signs and sends any body."""

    def __init__(self, client: httpx.AsyncClient, payments: SandboxPayments) -> None:
        self._client, self._payments = client, payments

    async def send(self, body: str) -> httpx.Response:
        signature = self._payments.sign_webhook(body)
        return await self._client.post(
            "/webhooks/payments/sandbox", content=body.encode(), headers={SIGNATURE_HEADER: signature}
        )


@pytest.fixture
async def provider(platform: Platform) -> AsyncIterator[Provider]:
    payments = SandboxPayments(b"k" * 32, page_url="http://pay.localhost/pay", clock=platform.clock)
    transport = httpx.ASGITransport(app=create_app(replace(platform.deps, payments={"sandbox": payments})))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.localhost") as client:
        yield Provider(client, payments)


def a_body(store_id: object, id: str, **about: Any) -> str:
    said = {
        "payment_intent": "pi_1", "payment_status": "paid", "amount_total": 2000, "application_fee_amount": 100,
        "currency": "usd", "metadata": {"order_id": str(uuid4()), "store_id": str(store_id)},
    } | about  # fmt: skip
    return json.dumps({"id": id, "object": "event", "type": PAID, "data": {"object": said}})


async def inbox_of(platform: Platform, store_id: UUID) -> list[str]:
    return [
        raw.type
        async for batch in platform.log.scan()
        for raw in batch
        if raw.tenant == store_id and raw.type.startswith("inbox.")
    ]


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"amount_total": 10**30}, "amount_total"),
    ({"amount_total": 2**63}, "amount_total"),
    ({"amount_total": -1}, "amount_total"),
    ({"amount_total": "2000"}, "amount_total"),
    ({"amount_total": 20.5}, "amount_total"),
    ({"amount_total": 2000.0}, "amount_total"),
    ({"amount_total": True}, "amount_total"),
    ({"amount_total": float("nan")}, "amount_total"),
    ({"amount_total": float("inf")}, "amount_total"),
    ({"application_fee_amount": 10**20}, "application_fee_amount"),
    ({"application_fee_amount": 2001}, "fee"),
    ({"currency": "xxx"}, "currency"),
    ({"currency": ""}, "currency"),
    ({"currency": 5}, "currency"),
    ({"payment_intent": "pi\0"}, "payment_intent"),
    ({"payment_intent": "x" * 300}, "payment_intent"),
    ({"failure_message": "\0"}, "failure_message"),
]


@pytest.mark.parametrize(("about", "field"), SENSELESS, ids=lambda value: str(value)[:40])
async def test_an_unusable_webhook_is_rejected_and_shown_to_the_merchant(
    platform: Platform, owner: Merchant, provider: Provider, about: dict[str, Any], field: str
) -> None:
    store_id, id = await platform.store(owner), f"evt_{uuid4().hex}"
    body = a_body(store_id, id, **about)
    for _ in range(2):
        answer = await provider.send(body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "UNUSABLE_WEBHOOK"
        assert field in answer.json()["detail"]
    assert await inbox_of(platform, store_id) == ["inbox.webhook_rejected.v1"]
    await platform.barrier.catch_up()
    (rejected,) = (await platform.ask(REJECTED, {"id": str(store_id)}, by=owner))["rejectedWebhooks"]
    assert (rejected["source"], rejected["externalId"], rejected["type"]) == ("sandbox", id, PAID)
    assert field in rejected["reason"]


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        '{"type": ' + DEEP,
        "",
        "null",
        "{}",
        "[]",
        '"\\ud800"',
        '{"type": "\\ud800"}',
        "9" * 10_000,
        f'{{"type": "{PAID}"}}',
        f'{{"type": "{PAID}", "id": "evt", "data": {DEEP}',
        a_body("no id", "evt_1"),
        a_body(uuid4(), "evt_1", amount_total=-1),
        a_body(uuid4(), "", amount_total=-1),
        a_body(uuid4(), "evt_1").replace("pi_1", "\\ud800"),
    ],
    ids=lambda body: body[:40],
)
async def test_an_unusable_webhook_of_an_unknown_store_is_not_recorded(
    platform: Platform, provider: Provider, body: str
) -> None:
    before = await platform.event_count()
    answer = await provider.send(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "UNUSABLE_WEBHOOK")
    assert await platform.event_count() == before


async def test_a_valid_webhook_is_received_if_its_store_exists(
    platform: Platform, owner: Merchant, provider: Provider
) -> None:
    store_id = await platform.store(owner)
    assert (await provider.send(a_body(uuid4(), "evt_of_no_store"))).status_code == 404
    # The gateway does not validate webhooks of unused kinds.
    assert (await provider.send('{"type": "payout.paid", "data": [[1e999]]}')).json()["received"] is False
    for minor, id in ((0, "zero"), (10**18, "most")):
        body = a_body(store_id, f"evt_{store_id}_{id}", amount_total=minor, application_fee_amount=0)
        assert (await provider.send(body)).json() == {"received": True}
    assert await inbox_of(platform, store_id) == ["inbox.webhook_received.v2"] * 2


async def test_other_merchants_cannot_see_a_store_s_webhooks(
    platform: Platform, owner: Merchant, stranger: Merchant, provider: Provider
) -> None:
    store_id = await platform.store(owner)
    await provider.send(a_body(store_id, f"evt_{uuid4().hex}", amount_total=-1))
    await platform.barrier.catch_up()
    assert (await platform.post(REJECTED, {"id": str(store_id)}, by=stranger))["data"] == {"store": None}
