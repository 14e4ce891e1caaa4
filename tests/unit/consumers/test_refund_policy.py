"""Refunds between the merchant, the provider and its webhooks: asked once, answered in any order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.after_sale import CancelOrderByMerchant
from commands.merchant import ConnectStripe, DisconnectStripe
from commands.order import RecordPayment
from commands.refunds import RecordRefund, RefundOrder
from consumers.policies.refunds import RefundPolicy
from domain.kernel import DomainEvent, Transient
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.events import RefundedPieces, RefundRequested, RefundSucceeded
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import ORDER
from domain.order.errors import RefundTooLarge
from domain.order.events import OrderStatus
from domain.order.refund_ports import ChargeReport, PaymentRefunds, RefundAnswer
from domain.payout.aggregate import PayoutReport, PayoutStatus
from infra.adapters.payments.sandbox import SandboxPayments
from infra.adapters.payments.stripe.client import StripeRefused
from infra.retry import RetryPolicy
from schemas.envelope import Envelope
from tests.support.builders.samples import dollars
from tests.support.examples import drawn
from tests.support.fakes.stripe_reports import Provider, deliver, stages, webhook
from tests.support.platforms.write_side import Platform, kinds

AT_ONCE = RetryPolicy(attempts=3, first_pause=0.0)


@pytest.fixture
def platform() -> Platform:
    return Platform()


async def paid(platform: Platform, provider: str = "stripe", *, pieces: int = 1) -> UUID:
    order_id = await platform.order_a_lamp(provider, pieces=pieces)
    if provider == "stripe":
        await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_1", live=False))
    due = (await platform.get(ORDER, order_id)).total
    account_id = "acct_1" if provider == "stripe" else None
    await platform.send(
        RecordPayment(order_id=order_id, paid=due, fee=dollars("1.00"), intent_id="pi_1", account_id=account_id)
    )
    return order_id


async def on_hand(platform: Platform, order_id: UUID) -> int:
    (line,) = (await platform.get(ORDER, order_id)).lines
    return (await platform.product(line.product_id)).variants[line.variant_id].on_hand


def ask(platform: Platform, order_id: UUID, amount: str | None = None, *, restock: bool = False) -> RefundOrder:
    return RefundOrder(
        order_id=order_id,
        merchant_id=platform.merchant_id,
        refund_id=uuid4(),
        amount=None if amount is None else dollars(amount),
        restock=restock,
    )


def policy(platform: Platform, provider: PaymentRefunds, name: str = "stripe") -> RefundPolicy:
    return RefundPolicy(platform, platform, {name: provider}, platform.clock, asking=AT_ONCE)


def last(platform: Platform, kind: type[DomainEvent]) -> Envelope:
    return next(e for raw in reversed(platform.log.raw) if isinstance((e := raw.decode()).event, kind))


async def test_a_refund_of_everything_puts_the_goods_back_in_the_same_transaction(platform: Platform) -> None:
    order_id = await paid(platform)
    events = await platform.do(ask(platform, order_id, restock=True))
    assert kinds(events) == ["RefundRequested", "StockReturned"]
    assert await on_hand(platform, order_id) == 10


async def test_a_repeat_of_a_failed_refund_restocks_no_piece_twice(platform: Platform) -> None:
    order_id = await paid(platform, pieces=3)
    (line,) = (await platform.get(ORDER, order_id)).lines
    lamps = [RefundedPieces(variant_id=line.variant_id, quantity=2, restock=True)]
    await platform.send(replace(ask(platform, order_id), lines=lamps))
    refused = Provider(platform, order_id, StripeRefused("The bank is closed."))
    await policy(platform, refused)(last(platform, RefundRequested))
    assert await on_hand(platform, order_id) == 9, "two of the three lamps came back"
    assert kinds(await platform.do(replace(ask(platform, order_id), lines=lamps))) == ["RefundRequested"]
    await policy(platform, Provider(platform, order_id))(last(platform, RefundRequested))
    await platform.send(ask(platform, order_id, restock=True))
    assert await on_hand(platform, order_id) == 10


async def test_the_provider_is_asked_once_on_the_merchants_account(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    await platform.send(ask(platform, order_id))
    requested = last(platform, RefundRequested)
    for _ in range(2):
        await policy(platform, provider)(requested)
    (request,) = provider.asked
    assert provider.accounts == ["acct_1"]
    assert (request.amount, request.return_fee) == (dollars("20.00"), True)
    assert request.idempotency_key == f"refund:{request.refund_id}"
    assert (await platform.get(ORDER, order_id)).status is OrderStatus.REFUNDED


async def test_a_crash_between_answer_and_record_asks_again_with_the_same_key(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id, Transient("Stripe", "away"))
    await platform.send(ask(platform, order_id))
    await policy(platform, provider)(last(platform, RefundRequested))
    assert [each.idempotency_key for each in provider.asked] == [provider.asked[0].idempotency_key] * 2
    assert len(provider.refunds) == 1


async def test_an_outage_leaves_the_refund_requested_and_is_worth_another_try(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id, *(Transient("Stripe", "away") for _ in range(3)))
    await platform.send(ask(platform, order_id))
    with pytest.raises(Transient):
        await policy(platform, provider)(last(platform, RefundRequested))
    (refund,) = (await platform.get(ORDER, order_id)).after.refunds.values()
    assert refund.status is RefundStatus.REQUESTED
    await policy(platform, provider)(last(platform, RefundRequested))
    assert (await platform.get(ORDER, order_id)).status is OrderStatus.REFUNDED


async def test_a_dead_letter_that_is_replayed_after_a_day_says_that_it_is_late(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id, *(Transient("Stripe", "away") for _ in range(3)))
    await platform.send(ask(platform, order_id))
    with pytest.raises(Transient):
        await policy(platform, provider)(last(platform, RefundRequested))
    platform.clock.advance(timedelta(days=2))
    await policy(platform, provider)(last(platform, RefundRequested))
    assert [request.is_late for request in provider.asked] == [False, False, False, True]


async def test_a_refusal_of_the_provider_is_a_failed_refund_with_its_words(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id, StripeRefused("Charge ch_1 has already been refunded."))
    await platform.send(ask(platform, order_id))
    await policy(platform, provider)(last(platform, RefundRequested))
    assert kinds(platform.log.events[-1:]) == ["RefundFailed"]
    order = await platform.get(ORDER, order_id)
    assert order.after.left("pi_1") == dollars("20.00")


async def test_an_order_of_another_provider_is_not_refunded_here(platform: Platform) -> None:
    order_id = await paid(platform)
    await platform.send(ask(platform, order_id))
    await policy(platform, Provider(platform, order_id), "sandbox")(last(platform, RefundRequested))
    assert kinds(platform.log.events[-1:]) == ["RefundFailed"]


async def test_a_sandbox_payment_refunds_too(platform: Platform) -> None:
    order_id = await paid(platform, "sandbox")
    sandbox = SandboxPayments(b"a secret that only tests know", page_url="http://pay.test/pay", clock=platform.clock)
    await platform.send(ask(platform, order_id, "5.00"))
    await policy(platform, sandbox, "sandbox")(last(platform, RefundRequested))
    succeeded = platform.log.events[-1]
    assert isinstance(succeeded, RefundSucceeded)
    assert (succeeded.amount, succeeded.fee_refund) == (dollars("5.00"), dollars("0.25"))


async def test_a_webhook_that_was_faster_leaves_the_policy_nothing_to_ask(platform: Platform) -> None:
    order_id = await paid(platform)
    await platform.send(ask(platform, order_id))
    requested = last(platform, RefundRequested)
    assert isinstance(requested.event, RefundRequested)
    provider = Provider(platform, order_id)
    answer = RefundAnswer(
        refund_id=requested.event.refund_id,
        external_id="re_1",
        intent_id="pi_1",
        amount=dollars("20.00"),
        status=RefundStatus.SUCCEEDED,
    )
    await platform.send(RecordRefund(order_id=order_id, answer=answer))
    await policy(platform, provider)(requested)
    assert provider.asked == []


async def test_of_two_refunds_at_once_the_stream_takes_one(platform: Platform) -> None:
    order_id = await paid(platform)
    first, second = ask(platform, order_id, "15.00"), ask(platform, order_id, "15.00")
    before = platform.log.remembered[order_id] = await loaded(platform, order_id)
    await platform.send(first)
    # The second one decides on the state before the first, as another process would.
    platform.log.remembered[order_id] = before
    with pytest.raises(RefundTooLarge):
        await platform.send(second)
    assert len((await platform.get(ORDER, order_id)).after.refunds) == 1


async def loaded(platform: Platform, order_id: UUID):  # type: ignore[no-untyped-def]  # the log's own type
    found = await platform.log.load(ORDER, order_id)
    assert found is not None
    return found


async def test_a_refund_in_the_dashboard_is_recorded(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    provider.in_dashboard(500)
    for type in ("refund.created", "charge.refunded", "refund.updated"):
        await deliver(platform, provider, webhook(type, 1))
    order = await platform.get(ORDER, order_id)
    assert order.after.left("pi_1") == dollars("15.00")
    assert [event for event in kinds(platform.log.events) if event.startswith("Refund")] == [
        "RefundReported",
        "RefundSucceeded",
    ]


async def test_a_payment_that_names_another_merchants_order_refunds_nothing(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    provider.in_dashboard(500)

    class Forged(Provider):
        async def of(self, account_id: str, intent_id: str) -> ChargeReport | None:
            report = await provider.of(account_id, intent_id)
            return None if report is None else replace(report, store_id=uuid4())

    before = len(platform.log.events)
    await deliver(platform, Forged(platform, order_id), webhook("refund.created", 1))
    assert kinds(platform.log.events[before:]) == ["WebhookReceived"]


async def test_a_refund_goes_to_the_account_that_the_order_was_paid_into(platform: Platform) -> None:
    order_id = await paid(platform)
    await platform.send(DisconnectStripe(merchant_id=platform.merchant_id, account_id="acct_1", by_merchant=True))
    await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_2", live=False))
    provider = Provider(platform, order_id)
    await platform.send(ask(platform, order_id))
    await policy(platform, provider)(last(platform, RefundRequested))
    assert provider.accounts == ["acct_1"]


async def test_an_account_that_was_replaced_still_reports_about_its_payments(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    provider.in_dashboard(500)
    await platform.send(DisconnectStripe(merchant_id=platform.merchant_id, account_id="acct_1", by_merchant=True))
    await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_2", live=False))
    await deliver(platform, provider, webhook("refund.created", 1))
    assert (await platform.get(ORDER, order_id)).after.left("pi_1") == dollars("15.00")


async def test_another_account_of_the_merchant_changes_no_order_that_was_paid_elsewhere(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    provider.in_dashboard(500)
    for account_id in ("acct_2", "acct_3"):
        body = webhook("refund.created", 1).replace("acct_1", account_id).replace("evt_", account_id)
        if account_id == "acct_2":
            old = DisconnectStripe(merchant_id=platform.merchant_id, account_id="acct_1", by_merchant=True)
            await platform.send(old)
            await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_2", live=False))
        await deliver(platform, provider, body)
        assert account_id in caplog.text, "a dropped notice is logged"
    assert (await platform.get(ORDER, order_id)).after.left("pi_1") == dollars("20.00")


STEPS = (
    "answer",
    "dashboard",
    "fails",
    "refund.created",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "later",
)


@settings(max_examples=drawn(40), deadline=None)
@given(st.permutations([*STEPS, *STEPS]))
async def test_webhooks_and_answers_in_any_order_end_in_what_the_provider_did(arrival: Sequence[str]) -> None:
    """The merchant's refund of 8 dollars, one of 5 in the dashboard, and one of 3 there that fails."""
    platform = Platform()
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    await platform.send(ask(platform, order_id, "8.00"))
    requested = last(platform, RefundRequested)
    made = set[str]()
    for number, step in enumerate(arrival):
        if step == "answer":
            await policy(platform, provider)(requested)
        elif step in {"dashboard", "fails"} and step not in made:
            made.add(step)
            fails = step == "fails"
            provider.in_dashboard(300 if fails else 500, RefundStatus.FAILED if fails else RefundStatus.SUCCEEDED)
        elif step == "later":
            platform.clock.advance(timedelta(hours=1))
        elif "." in step:
            await deliver(platform, provider, webhook(step, number))
    await deliver(platform, provider, webhook("refund.updated", 99))
    order = await platform.get(ORDER, order_id)
    ended = sorted((each.amount.minor, each.status.value) for each in order.after.refunds.values())
    assert ended == [(300, "FAILED"), (500, "SUCCEEDED"), (800, "SUCCEEDED")]
    assert order.after.left("pi_1") == dollars("7.00")
    assert order.status is OrderStatus.PAID


async def test_a_merchant_cancels_a_paid_order_in_one_transaction(platform: Platform) -> None:
    order_id = await paid(platform)
    cancel = CancelOrderByMerchant(
        order_id=order_id, merchant_id=platform.merchant_id, refund_id=uuid4(), reason="Sold out"
    )
    assert kinds(await platform.do(cancel)) == ["PaidOrderCancelled", "RefundRequested", "StockReturned"]
    assert await platform.do(cancel) == []
    provider = Provider(platform, order_id)
    await policy(platform, provider)(last(platform, RefundRequested))
    order = await platform.get(ORDER, order_id)
    assert (order.status, order.after.left("pi_1")) == (OrderStatus.CANCELLED, dollars("0.00"))


async def test_a_merchant_cancels_an_unpaid_order_and_frees_its_stock(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    cancel = CancelOrderByMerchant(order_id=order_id, merchant_id=platform.merchant_id, refund_id=uuid4())
    assert kinds(await platform.do(cancel)) == ["OrderCancelled", "StockReleased"]


async def test_a_dispute_of_a_refunded_order_is_followed_to_its_end(platform: Platform) -> None:
    order_id = await paid(platform)
    provider = Provider(platform, order_id)
    await platform.send(ask(platform, order_id))
    await policy(platform, provider)(last(platform, RefundRequested))
    before = len(platform.log.events)
    for number, provider.said in enumerate(stages()):
        for what in ("updated", "funds_withdrawn"):
            await deliver(platform, provider, webhook(f"charge.dispute.{what}", number))
    told = [kind for kind in kinds(platform.log.events[before:]) if kind != "WebhookReceived"]
    assert told == [
        "DisputeOpened",
        "DisputeFundsMoved",
        "DisputeStatusChanged",
        "DisputeStatusChanged",
        "DisputeFundsMoved",
        "DisputeClosed",
    ]
    dispute = (await platform.get(ORDER, order_id)).after.disputes["du_1"]
    assert (dispute.status, dispute.taken, dispute.fee) == (DisputeStatus.WON, dollars("0.00"), dollars("15.00"))


async def test_every_order_of_reports_about_a_dispute_ends_in_the_same_state() -> None:
    ends = set()
    for arrival in permutations(stages()):
        platform = Platform()
        order_id = await paid(platform)
        provider = Provider(platform, order_id)
        for number, provider.said in enumerate(arrival):
            await deliver(platform, provider, webhook("charge.dispute.updated", number))
        dispute = (await platform.get(ORDER, order_id)).after.disputes["du_1"]
        ends.add((dispute.status, dispute.movements, dispute.taken.minor, dispute.fee.minor))
    assert ends == {(DisputeStatus.WON, 2, 0, 1500)}


async def test_a_payout_is_recorded_once_and_can_come_back(platform: Platform) -> None:
    provider = Provider(platform, await paid(platform))
    sent = PayoutReport(
        payout_id="po_1", amount=dollars("19.00"), arrival_on=date(2026, 11, 30), status=PayoutStatus.PAID
    )
    returned = replace(sent, status=PayoutStatus.FAILED, reason="account closed")
    before = len(platform.log.events)
    for number, provider.paid_out in enumerate([replace(sent, status=PayoutStatus.PENDING), sent, returned, sent]):
        await deliver(platform, provider, webhook("payout.paid", number))
    told = [kind for kind in kinds(platform.log.events[before:]) if kind != "WebhookReceived"]
    assert told == ["PayoutPaid", "PayoutFailed"]
