"""The sandbox provider behaves like a real payment provider."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import CURRENCIES, LARGEST, Money
from domain.order.events import OrderLine
from domain.order.ports import (
    DisputeDecided,
    InvalidSignature,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentDisputed,
    PaymentRequest,
    UnusableWebhook,
)
from infra.adapters.payments.sandbox import SIGNATURE_HEADER, SandboxPayments, SandboxSession
from infra.adapters.payments.sandbox_webhooks import read_notice
from infra.sandbox.payments.app import DELIVERIES, NotDelivered, WebhookSender, sandbox_payment_app
from tests.support.builders.samples import NOON
from tests.support.fakes.event_log import FixedClock

SECRET = b"a secret that only tests know"
ORDER, STORE = UUID(int=10), UUID(int=20)
HOOK = "http://gateway.test/webhooks/payments/sandbox"
AT_ONCE = replace(DELIVERIES, first_pause=0.0)


def request(key: str = "checkout:10", total: int = 9800) -> PaymentRequest:
    line = OrderLine(
        product_id=UUID(int=1), variant_id=UUID(int=2), title="Vase <b>", variant_title="Small", quantity=2,
        unit_price=Money(minor=4900),
    )  # fmt: skip
    return PaymentRequest(
        order_id=ORDER,
        order_number="ZY-7Q2M4K",
        store_id=STORE,
        store_name="Fern & Clay",
        lines=(line,),
        total=Money(minor=total),
        platform_fee=Money(minor=490),
        success_url="http://fern.shops.test/checkout/success/x",
        cancel_url="http://fern.shops.test/checkout/unpaid/x",
        expires_at=NOON + timedelta(minutes=60),
        idempotency_key=key,
    )


def payments(clock: FixedClock | None = None, secret: bytes = SECRET) -> SandboxPayments:
    return SandboxPayments(secret, page_url="http://pay.test/pay", clock=clock or FixedClock())


async def opened(provider: SandboxPayments) -> tuple[str, SandboxSession]:
    session = await provider.open_session(request())
    path = urlsplit(session.url).path
    return path, provider.read_session(path.rpartition("/")[2])


async def test_the_same_key_gives_the_same_session_and_another_key_another() -> None:
    provider = payments()
    first = await provider.open_session(request())
    assert await provider.open_session(request()) == first
    assert await payments().open_session(request()) == first
    assert (await provider.open_session(request("checkout:11"))).session_id != first.session_id
    assert first.provider == provider.name == "sandbox"


async def test_a_token_carries_everything_its_page_shows() -> None:
    _, session = await opened(payments())
    assert session.order_id == ORDER
    assert session.store_id == STORE
    assert session.lines == (("Vase <b> · Small", 2, Money(minor=9800)),)
    assert session.total == Money(minor=9800)
    assert session.platform_fee == Money(minor=490)


async def test_a_changed_token_opens_no_page() -> None:
    provider = payments()
    path, _ = await opened(provider)
    token = path.rpartition("/")[2]
    for wrong in (token[:-2] + "xx", "x" + token, token.split(".")[0], "", "é.é", "."):
        with pytest.raises(InvalidSignature):
            provider.read_session(wrong)
    with pytest.raises(InvalidSignature):
        payments(secret=b"another secret, as long").read_session(token)


async def test_a_paid_webhook_reads_back_as_a_payment() -> None:
    provider = payments()
    _, session = await opened(provider)
    body = provider.paid_webhook(session)
    notice = provider.read_webhook(body.encode(), provider.sign_webhook(body))
    assert isinstance(notice, PaymentConfirmed)
    assert (notice.order_id, notice.store_id) == (ORDER, STORE)
    assert (notice.amount, notice.platform_fee) == (Money(minor=9800), Money(minor=490))
    assert notice == provider.read_body(body)
    assert provider.paid_webhook(session) == body


async def test_a_decline_is_a_failure_and_each_attempt_is_its_own_event() -> None:
    provider = payments()
    _, session = await opened(provider)
    first, second = provider.declined_webhook(session, "a"), provider.declined_webhook(session, "b")
    assert provider.declined_webhook(session, "a") == first
    one, two = provider.read_body(first), provider.read_body(second)
    assert isinstance(one, PaymentDeclined)
    assert isinstance(two, PaymentDeclined)
    assert one.reason
    assert one.external_id != two.external_id


async def test_a_webhook_contains_neither_personal_data_nor_products() -> None:
    provider = payments()
    _, session = await opened(provider)
    assert "Vase" not in provider.paid_webhook(session)


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_webhook_with_an_old_or_future_time_is_rejected(minutes: int) -> None:
    clock = FixedClock()
    provider = payments(clock)
    _, session = await opened(provider)
    body = provider.paid_webhook(session)
    signature = provider.sign_webhook(body)
    clock.advance(timedelta(minutes=minutes))
    with pytest.raises(InvalidSignature):
        provider.read_webhook(body.encode(), signature)


async def test_a_webhook_with_a_wrong_signature_is_rejected() -> None:
    provider = payments()
    _, session = await opened(provider)
    body = provider.paid_webhook(session)
    good = provider.sign_webhook(body)
    wrong = ["", "t=1", "v1=00", "t=x,v1=00", good[:-1], good.replace("t=", "t=1"), f"{good},t=1"]
    for signature in wrong:
        with pytest.raises(InvalidSignature):
            provider.read_webhook(body.encode(), signature)
    with pytest.raises(InvalidSignature):
        provider.read_webhook(body.replace("9800", "1").encode(), good)


def test_a_webhook_of_another_kind_is_ignored_and_an_unreadable_one_is_an_error() -> None:
    assert payments().read_body('{"id": "evt", "type": "payout.paid", "data": {}}') is None
    for body in ("", "[]", "{}", '{"type": "checkout.session.completed"}'):
        with pytest.raises(ValueError, match=r"."):
            payments().read_body(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    place=st.sampled_from(
        ["id", "data", "data.object", "data.object.metadata", "data.object.metadata.order_id", "data.object.currency",
         "data.object.amount_total", "data.object.application_fee_amount", "data.object.payment_intent",
         "data.object.failure_message", "data.object.total_details", "data.object.total_details.amount_tax"]
    ),
    value=JSON,
)  # fmt: skip
def test_any_webhook_body_is_a_valid_notice_or_unusable(place: str, value: Any) -> None:
    says: dict[str, Any] = {
        "id": "evt_1",
        "type": "checkout.session.completed",
        "data": {
            "object": {
                "payment_intent": "pi_1",
                "payment_status": "paid",
                "amount_total": 9800,
                "application_fee_amount": 0,
                "total_details": {"amount_tax": 0},
                "currency": "usd",
                "metadata": {"order_id": str(ORDER), "store_id": str(STORE)},
            }
        },
    }
    *path, last = place.split(".")
    into = says
    for name in path:
        into = into[name]
    into[last] = value
    try:
        notice = read_notice(json.dumps(says))
    except UnusableWebhook:
        return
    assert notice is not None
    if isinstance(notice, PaymentConfirmed):
        assert 0 <= notice.platform_fee.minor <= notice.amount.minor <= LARGEST
        assert notice.amount.currency in CURRENCIES
    assert "\0" not in notice.external_id + notice.intent_id + getattr(notice, "reason", "")


async def test_a_webhook_is_retried_as_the_same_event_until_it_is_accepted() -> None:
    bodies: list[bytes] = []

    def gateway(asked: httpx.Request) -> httpx.Response:
        bodies.append(asked.content)
        return httpx.Response(503 if len(bodies) < DELIVERIES.attempts else 200)

    provider = payments()
    _, session = await opened(provider)
    await WebhookSender(provider, HOOK, transport=httpx.MockTransport(gateway), retries=AT_ONCE).send(
        provider.paid_webhook(session)
    )
    assert len(bodies) == DELIVERIES.attempts
    assert len(set(bodies)) == 1


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (500, DELIVERIES.attempts), (429, DELIVERIES.attempts)])
async def test_a_rejected_webhook_is_not_retried_without_limit(status: int, tries: int) -> None:
    asked: list[httpx.Request] = []

    def gateway(one: httpx.Request) -> httpx.Response:
        asked.append(one)
        return httpx.Response(status)

    with pytest.raises(NotDelivered, match=str(status)):
        await WebhookSender(payments(), HOOK, transport=httpx.MockTransport(gateway), retries=AT_ONCE).send("{}")
    assert len(asked) == tries


def page(provider: SandboxPayments, gateway: httpx.MockTransport) -> httpx.AsyncClient:
    app = sandbox_payment_app(provider, webhook_url=HOOK, transport=gateway)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://pay.test")


async def test_paying_sends_a_signed_webhook_and_leads_back() -> None:
    provider = payments()
    path, session = await opened(provider)
    told: list[httpx.Request] = []

    def gateway(asked: httpx.Request) -> httpx.Response:
        told.append(asked)
        return httpx.Response(200)

    async with page(provider, httpx.MockTransport(gateway)) as browser:
        shown = await browser.get(path.removeprefix("/pay"))
        assert shown.status_code == 200
        assert "no real money" in shown.text.lower()
        assert "Vase &lt;b&gt;" in shown.text
        assert "$98.00" in shown.text
        assert "form-action 'self' http://fern.shops.test" in shown.headers["content-security-policy"]
        paid = await browser.post(path.removeprefix("/pay"), data={"decision": "pay", "attempt": "1"})
    assert (paid.status_code, paid.headers["location"]) == (303, session.success_url)
    notice = provider.read_webhook(told[0].content, told[0].headers[SIGNATURE_HEADER])
    assert isinstance(notice, PaymentConfirmed)
    assert str(told[0].url) == HOOK


async def test_an_expired_page_takes_no_payment_and_leads_back_to_the_shop() -> None:
    clock = FixedClock()
    provider = payments(clock)
    path, session = await opened(provider)
    told: list[httpx.Request] = []

    def gateway(asked: httpx.Request) -> httpx.Response:
        told.append(asked)
        return httpx.Response(200)

    async with page(provider, httpx.MockTransport(gateway)) as browser:
        clock.advance(session.expires_at - clock.now() - timedelta(seconds=1))
        assert (await browser.get(path.removeprefix("/pay"))).status_code == 200
        clock.advance(timedelta(seconds=1))
        for answer in (
            await browser.get(path.removeprefix("/pay")),
            await browser.post(path.removeprefix("/pay"), data={"decision": "pay", "attempt": "1"}),
        ):
            assert answer.status_code == 410
            assert "has expired" in answer.text
            assert session.cancel_url in answer.text
            assert 'value="pay"' not in answer.text
        assert told == []
        disputed = await browser.post(path.removeprefix("/pay"), data={"decision": "dispute", "reason": "duplicate"})
    assert (disputed.status_code, disputed.headers["location"]) == (303, session.success_url)
    notice = provider.read_body(told[0].content.decode())
    assert isinstance(notice, PaymentDisputed)
    assert notice.reason == "duplicate"


async def test_declining_leads_back_to_the_cart() -> None:
    provider = payments()
    path, session = await opened(provider)
    async with page(provider, httpx.MockTransport(lambda _: httpx.Response(200))) as browser:
        answer = await browser.post(path.removeprefix("/pay"), data={"decision": "decline", "attempt": "1"})
    assert answer.headers["location"] == session.cancel_url


async def test_the_page_says_that_the_shop_is_unreachable_and_keeps_its_button() -> None:
    provider = payments()
    path, _ = await opened(provider)
    async with page(provider, httpx.MockTransport(lambda _: httpx.Response(404))) as browser:
        answer = await browser.post(path.removeprefix("/pay"), data={"decision": "pay", "attempt": "1"})
        assert answer.status_code == 502
        assert "could not be told" in answer.text
        assert "Pay $98.00" in answer.text
        assert (await browser.get("/not-a-token")).status_code == 404
        assert (await browser.get("/assets/page.css")).headers["content-type"].startswith("text/css")


async def test_a_dispute_names_the_payment_and_is_the_same_however_often_it_is_opened() -> None:
    provider = payments()
    _, session = await opened(provider)
    paid = provider.read_body(provider.paid_webhook(session))
    first = provider.disputed_webhook(session, "fraudulent")
    notice = provider.read_body(first)
    assert isinstance(paid, PaymentConfirmed)
    assert isinstance(notice, PaymentDisputed)
    assert (notice.intent_id, notice.amount, notice.reason) == (paid.intent_id, paid.amount, "fraudulent")
    assert notice.evidence_due == session.expires_at + timedelta(days=7)
    assert provider.disputed_webhook(session, "fraudulent") == first
    other = provider.read_body(provider.disputed_webhook(session, "<script>"))
    assert isinstance(other, PaymentDisputed)
    assert (other.reason, other.dispute_id) == ("product_not_received", notice.dispute_id)
    without = json.loads(first)
    del without["data"]["object"]["dispute"]
    with pytest.raises(UnusableWebhook):
        read_notice(json.dumps(without))


@pytest.mark.parametrize(("decision", "told"), [("won", [(True, False), (True, True)]), ("lost", [(False, False)])])
async def test_a_decided_dispute_is_closed_and_a_won_one_gives_the_money_back(
    decision: str, told: list[tuple[bool, bool]]
) -> None:
    clock = FixedClock()
    provider = payments(clock)
    path, session = await opened(provider)
    disputed = provider.read_body(provider.disputed_webhook(session, "duplicate"))
    sent: list[httpx.Request] = []

    def gateway(asked: httpx.Request) -> httpx.Response:
        sent.append(asked)
        return httpx.Response(200)

    clock.advance(session.expires_at - clock.now() + timedelta(days=20))
    async with page(provider, httpx.MockTransport(gateway)) as browser:
        assert f'value="{decision}"' in (await browser.get(path.removeprefix("/pay"))).text
        for _ in range(2):
            answer = await browser.post(path.removeprefix("/pay"), data={"decision": decision})
            assert (answer.status_code, answer.headers["location"]) == (303, session.success_url)
    notices = [provider.read_webhook(one.content, one.headers[SIGNATURE_HEADER]) for one in sent]
    assert isinstance(disputed, PaymentDisputed)
    decided = [notice for notice in notices if isinstance(notice, DisputeDecided)]
    assert decided[: len(told)] == decided[len(told) :], "pressing again repeats the same webhooks"
    assert [(notice.is_won, notice.is_reinstated) for notice in decided[: len(told)]] == told
    assert {(notice.dispute_id, notice.intent_id) for notice in decided} == {(disputed.dispute_id, disputed.intent_id)}


@pytest.mark.parametrize(
    ("type", "dispute"),
    [
        ("charge.dispute.closed", {"id": "du_1", "status": "needs_response"}),
        ("charge.dispute.funds_reinstated", {"id": "du_1", "status": "lost"}),
        ("charge.dispute.closed", None),
        ("charge.dispute.created", {"id": "du_1", "reason": "duplicate"}),
    ],
)
async def test_a_webhook_about_a_dispute_that_contradicts_itself_is_unusable(type: str, dispute: object) -> None:
    provider = payments()
    _, session = await opened(provider)
    body = json.loads(provider.disputed_webhook(session, "duplicate"))
    body["type"], body["data"]["object"]["dispute"] = type, dispute
    with pytest.raises(UnusableWebhook):
        read_notice(json.dumps(body))
