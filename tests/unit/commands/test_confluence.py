"""The webhooks of one order end in the same state in every order of arrival, however often each comes."""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.merchant import ConnectStripe
from commands.order import ReceiveWebhook
from consumers.policies.payments import PaymentsPolicy
from domain.inbox.events import WebhookReceived
from domain.money import Money
from domain.order.aggregate import ORDER, Order
from domain.order.events import OrderPaid, OrderStatus
from domain.order.ports import PaymentConfirmed, PaymentDeclined
from domain.product.events import StockSold
from gateway.webhooks.payments import command_of
from infra.adapters.payments.stripe.endpoint import StripeWebhooks
from tests.support.examples import drawn
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.write_side import Platform

READER = StripeWebhooks(["whsec_tests"], live=False, clock=FixedClock())
SESSION = "checkout.session"
KINDS: Sequence[tuple[str, dict[str, Any]]] = (
    (f"{SESSION}.completed", {"payment_status": "paid"}),
    (f"{SESSION}.completed", {"payment_status": "unpaid"}),
    (f"{SESSION}.async_payment_succeeded", {"payment_status": "paid"}),
    (f"{SESSION}.async_payment_failed", {"payment_status": "unpaid"}),
    (f"{SESSION}.expired", {"payment_status": "unpaid"}),
    ("payment_intent.payment_failed", {"id": "pi_1", "last_payment_error": {"message": "No funds."}}),
    ("payment_intent.payment_failed", {"id": "pi_0", "last_payment_error": {"message": "Card declined."}}),
)
"""What Stripe may send about one order that was paid in the end, by a first attempt that failed and a second."""


def webhooks(order_id: UUID, store_id: UUID, total: Money) -> list[str]:
    about = {
        "id": "cs_1",
        "payment_intent": "pi_1",
        "amount_total": total.minor,
        "currency": total.currency.lower(),
        "metadata": {"order_id": str(order_id), "store_id": str(store_id), "platform_fee": "5"},
    }
    return [
        json.dumps(
            {
                "id": f"evt_{n}",
                "type": type,
                "account": "acct_1",
                "livemode": False,
                "data": {"object": about | changes},
            }
        )
        for n, (type, changes) in enumerate(KINDS)
    ]


async def ordered(platform: Platform) -> UUID:
    """Order a lamp from a merchant with an account at Stripe, and return the order's id."""
    order_id = await platform.order_a_lamp("stripe")
    await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_1", live=False))
    return order_id


async def deliver(platform: Platform, body: str) -> None:
    """Do what the gateway and the payments policy do with a webhook."""
    notice = READER.read_body(body)
    if not isinstance(notice, PaymentConfirmed | PaymentDeclined):
        return
    command = ReceiveWebhook(
        source="stripe",
        external_id=notice.external_id,
        type=notice.type,
        store_id=notice.store_id,
        body=READER.recordable(body),
    )
    before = len(platform.log.raw)
    await platform.send(command, id=command_of("stripe", notice.external_id))
    policy = PaymentsPolicy(platform, platform, {"stripe": READER})
    for raw in platform.log.raw[before:]:
        envelope = raw.decode()
        if isinstance(envelope.event, WebhookReceived):
            # Twice: a consumer that crashed gets its record again.
            await policy(envelope)
            await policy(envelope)


@settings(max_examples=drawn(40), deadline=None)
@given(
    st.lists(st.sampled_from(range(len(KINDS))), max_size=12).flatmap(
        lambda more: st.permutations([*range(len(KINDS)), *more])
    )
)
async def test_repeated_webhooks_in_any_order_pay_the_order_once(arrival: Sequence[int]) -> None:
    platform = Platform()
    order_id = await ordered(platform)
    sent = webhooks(order_id, platform.store_id, (await platform.get(ORDER, order_id)).total)
    for n in arrival:
        await deliver(platform, sent[n])
    order = await platform.get(ORDER, order_id)
    assert (order.status, order.intent_id, order.unmatched_intents) == (OrderStatus.PAID, "pi_1", frozenset())
    assert sum(isinstance(event, OrderPaid) for event in platform.log.events) == 1
    assert sum(isinstance(event, StockSold) for event in platform.log.events) == 1


async def test_every_permutation_ends_in_the_same_order() -> None:
    """All 5,040 of seven webhooks, decided by the aggregate."""
    platform = Platform()
    order_id = await ordered(platform)
    placed = await platform.get(ORDER, order_id)
    notices = [READER.read_body(body) for body in webhooks(order_id, platform.store_id, placed.total)]
    ends = set()
    for arrival in permutations(notices):
        order = placed
        for notice in arrival:
            match notice:
                case PaymentConfirmed():
                    events = order.record_payment(
                        notice.amount, fee=notice.platform_fee, intent_id=notice.intent_id, at=platform.clock.now()
                    )
                case PaymentDeclined():
                    events = order.record_failure(
                        intent_id=notice.intent_id, reason=notice.reason, at=platform.clock.now()
                    )
                case _:
                    events = ()
            folded = ORDER.fold(events, order)
            assert isinstance(folded, Order)
            order = folded
        ends.add((order.status, order.intent_id, order.unmatched_intents))
    assert ends == {(OrderStatus.PAID, "pi_1", frozenset())}
