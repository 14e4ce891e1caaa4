"""What every payment gateway promises: the sandbox provider, Stripe, and the fake of the gateway's tests."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from stripe import StripeClient

from domain.money import Money
from domain.order.events import OrderLine
from domain.order.ports import (
    InvalidSignature,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentGateway,
    PaymentRequest,
    PaymentSession,
    UnusableWebhook,
    WebhookReader,
)
from infra.adapters.payments.sandbox import SandboxPayments
from infra.adapters.payments.stripe.checkout import StripeCheckout
from infra.adapters.payments.stripe.client import stripe_client
from infra.adapters.payments.stripe.endpoint import StripeWebhooks
from tests.support.builders.samples import NOON
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.payments import SignedPayments
from tests.support.servers.stripe import SECRET, StripeServer
from tests.support.servers.web_server import served

ORDER, STORE = UUID(int=10), UUID(int=20)
TOTAL, FEE = Money(minor=9800), Money(minor=490)
REQUEST = PaymentRequest(
    order_id=ORDER,
    order_number="ZY-7Q2M4K",
    store_id=STORE,
    store_name="Fern & Clay",
    lines=(
        OrderLine(
            product_id=UUID(int=1),
            variant_id=UUID(int=2),
            title="Vase",
            variant_title="Small",
            quantity=2,
            unit_price=Money(minor=4900),
        ),
    ),
    total=TOTAL,
    platform_fee=FEE,
    success_url="http://fern.shops.test/checkout/success/x",
    cancel_url="http://fern.shops.test/checkout/unpaid/x",
    expires_at=NOON + timedelta(minutes=60),
    idempotency_key="checkout:10",
)


@dataclass(frozen=True)
class Provider:
    """Both halves of a provider, and what it would send."""

    gateway: PaymentGateway
    reader: WebhookReader
    paid: Callable[[PaymentSession], bytes]
    """Returns the webhook body for a paid session."""
    declined: Callable[[PaymentSession], bytes]
    """Returns the webhook body for a declined attempt."""
    sign: Callable[[bytes], str]


def sandbox() -> Provider:
    payments = SandboxPayments(b"a secret that only tests know", page_url="http://pay.test/pay", clock=FixedClock())

    def read(session: PaymentSession) -> str:
        return urlsplit(session.url).path.rpartition("/")[2]

    return Provider(
        payments,
        payments,
        lambda session: payments.paid_webhook(payments.read_session(read(session))).encode(),
        lambda session: payments.declined_webhook(payments.read_session(read(session)), "first").encode(),
        lambda body: payments.sign_webhook(body.decode("latin-1")) if body.isascii() else "t=1,v1=0",
    )


def fake() -> Provider:
    def body(session: PaymentSession, type: str) -> bytes:
        fields = {"id": f"{type}:{session.session_id}", "type": type, "store": str(STORE), "order": str(ORDER)}
        return json.dumps(fields | {"amount": TOTAL.minor, "fee": FEE.minor}).encode()

    return Provider(
        SignedPayments(),
        SignedPayments(),
        lambda session: body(session, "paid"),
        lambda session: body(session, "declined"),
        SignedPayments.sign,
    )


def stripe(server: StripeServer, client: StripeClient) -> Provider:
    gateway = StripeCheckout(client, "acct_1")

    def body(type: str, thing: dict[str, Any]) -> bytes:
        return server.webhook(type, thing, account="acct_1")

    return Provider(
        gateway,
        StripeWebhooks([SECRET], live=False, clock=server.clock),
        lambda session: body("checkout.session.completed", server.paid(session.session_id)),
        lambda session: body("payment_intent.payment_failed", server.declined(session.session_id)),
        server.sign,
    )


@pytest.fixture(params=["sandbox", "fake", "stripe"])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    if request.param == "sandbox":
        yield sandbox()
    elif request.param == "fake":
        yield fake()
    else:
        server = StripeServer(FixedClock())
        async with (
            served(server.app()) as port,
            stripe_client("sk_test_1", api_base=f"http://127.0.0.1:{port}") as client,
        ):
            yield stripe(server, client)


async def test_the_same_idempotency_key_gives_the_same_session(provider: Provider) -> None:
    first = await provider.gateway.open_session(REQUEST)
    assert await provider.gateway.open_session(REQUEST) == first
    assert first.provider == provider.gateway.name
    other = await provider.gateway.open_session(replace(REQUEST, idempotency_key="checkout:11"))
    assert other.session_id != first.session_id


async def test_a_paid_webhook_reports_the_orders_payment(provider: Provider) -> None:
    body = provider.paid(await provider.gateway.open_session(REQUEST))
    notice = provider.reader.read_webhook(body, provider.sign(body))
    assert isinstance(notice, PaymentConfirmed)
    assert (notice.order_id, notice.store_id) == (ORDER, STORE)
    assert (notice.amount, notice.platform_fee) == (TOTAL, FEE)
    assert notice.intent_id


async def test_a_declined_webhook_reports_a_failure_with_its_reason(provider: Provider) -> None:
    session = await provider.gateway.open_session(REQUEST)
    declined = provider.reader.read_body(provider.declined(session).decode())
    paid = provider.reader.read_body(provider.paid(session).decode())
    assert isinstance(declined, PaymentDeclined)
    assert isinstance(paid, PaymentConfirmed)
    assert declined.reason
    assert declined.external_id != paid.external_id


async def test_a_recorded_body_reads_like_its_webhook(provider: Provider) -> None:
    body = provider.paid(await provider.gateway.open_session(REQUEST))
    webhook = provider.reader.read_webhook(body, provider.sign(body))
    assert provider.reader.read_body(body.decode()) == webhook
    assert provider.reader.read_body(provider.reader.recordable(body.decode())) == webhook


async def test_a_body_that_was_changed_or_signed_by_another_is_refused(provider: Provider) -> None:
    body = provider.paid(await provider.gateway.open_session(REQUEST))
    signature = provider.sign(body)
    for changed, wrong in ((body + b" ", signature), (body, provider.sign(b"{}")), (body, "wrong"), (body, "")):
        with pytest.raises(InvalidSignature):
            provider.reader.read_webhook(changed, wrong)


async def test_an_unpaid_page_can_be_closed_again_and_again(provider: Provider) -> None:
    session = await provider.gateway.open_session(REQUEST)
    assert await provider.gateway.close_session(session.session_id)
    assert await provider.gateway.close_session(session.session_id)


async def test_a_webhook_of_another_kind_is_none(provider: Provider) -> None:
    body = b'{"id": "evt_1", "type": "customer.created", "account": "acct_1", "livemode": false}'
    assert provider.reader.read_webhook(body, provider.sign(body)) is None


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"{}", b'{"type": 5}'])
async def test_a_signed_body_without_sense_is_unusable(provider: Provider, body: bytes) -> None:
    with pytest.raises(UnusableWebhook):
        provider.reader.read_webhook(body, provider.sign(body))
    with pytest.raises(UnusableWebhook):
        provider.reader.read_body(body.decode())
