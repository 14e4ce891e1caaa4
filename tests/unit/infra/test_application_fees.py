"""The fees that Stripe reports against those of the ledger."""

import json
from datetime import datetime, timedelta
from uuid import UUID

from domain.inbox.events import SubjectKind, WebhookReceived, WebhookSubject
from domain.order.after_sale.events import RefundSucceeded
from domain.order.events import OrderPaid
from infra.adapters.payments.stripe.client import PLATFORM_NAME
from infra.log.application_fees import FeeComparison
from tests.support.builders.samples import NOON, dollars

MERCHANT, STORE = UUID(int=1), UUID(int=2)
LATER = NOON + timedelta(hours=2)


def comparison() -> FeeComparison:
    return FeeComparison(owners={STORE: MERCHANT})


def a_fee(id: str, minor: int, *, refunded: int = 0, at: datetime = NOON, merchant: UUID = MERCHANT) -> WebhookReceived:
    fee = {"id": id, "account": "acct_1", "amount": minor, "amount_refunded": refunded, "currency": "usd"}
    return WebhookReceived(
        originator_id=UUID(int=9),
        originator_version=1,
        occurred_at=at,
        source=PLATFORM_NAME,
        external_id=f"evt_{id}_{refunded}",
        type="application_fee.created",
        subject=WebhookSubject(kind=SubjectKind.MERCHANT, id=merchant),
        body=json.dumps({"data": {"object": fee}}),
    )


def a_payment(id: str, fee: str, *, at: datetime = NOON + timedelta(minutes=1), owed: bool = False) -> OrderPaid:
    return OrderPaid(
        originator_id=UUID(int=3),
        originator_version=2,
        occurred_at=at,
        intent_id=id,
        amount=dollars("49.98"),
        platform_fee=dollars(fee),
        fee_is_owed=owed,
    )


def a_refund(id: str, fee: str) -> RefundSucceeded:
    return RefundSucceeded(
        originator_id=UUID(int=3),
        originator_version=3,
        occurred_at=NOON + timedelta(minutes=2),
        refund_id=UUID(int=4),
        external_id="re_1",
        intent_id=id,
        amount=dollars("10.00"),
        fee_refund=dollars(fee),
    )


def test_equal_fees_agree_in_any_order_and_each_lack_of_one_side_is_named() -> None:
    fees = comparison()
    for event in (a_fee("fee_1", 250), a_payment("pi_1", "2.50"), a_payment("pi_2", "2.50"), a_fee("fee_2", 250)):
        fees.add(event, STORE)
    assert fees.differences(LATER) == []
    fees.add(a_payment("pi_3", "1.00"), STORE)
    fees.add(a_fee("fee_4", 70), STORE)
    fees.add(a_payment("pi_5", "9.00", owed=True), STORE)
    fees.add(a_payment("pi_6", "0.00"), STORE)
    assert [each.split(": ")[0] for each in fees.differences(LATER)] == ["Payment pi_3", "Fee fee_4 at Stripe"]


def test_a_fee_of_another_merchant_does_not_stand_for_a_payment() -> None:
    fees = comparison()
    fees.add(a_fee("fee_1", 250, merchant=UUID(int=7)), STORE)
    fees.add(a_payment("pi_1", "2.50"), STORE)
    assert len(fees.differences(LATER)) == 2


def test_what_stripe_gave_back_is_compared_by_payment_whatever_the_order_of_its_webhooks() -> None:
    fees = comparison()
    refunded = a_fee("fee_1", 250, refunded=50)
    for event in (refunded, a_fee("fee_1", 250), a_payment("pi_1", "2.50"), a_refund("pi_1", "0.50")):
        fees.add(event, STORE)
    assert fees.differences(LATER) == []
    fees.add(a_fee("fee_1", 250, refunded=60), STORE)
    (difference,) = fees.differences(LATER)
    assert difference == "Payment pi_1, fee fee_1 of $2.50: the ledger has $0.50 returned, Stripe $0.60."


def test_payments_before_the_first_report_and_changes_of_the_last_hour_need_no_report_yet() -> None:
    fees = comparison()
    fees.add(a_payment("pi_old", "2.50", at=NOON - timedelta(days=9)), STORE)
    assert fees.differences(LATER) == []
    fees.add(a_fee("fee_1", 100), STORE)
    fees.add(a_payment("pi_1", "1.00"), STORE)
    fees.add(a_payment("pi_2", "3.00"), STORE)
    assert fees.differences(NOON + timedelta(minutes=30)) == []
    assert len(fees.differences(LATER)) == 1
