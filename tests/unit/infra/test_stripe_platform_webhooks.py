"""Stripe's webhooks of the platform's own account: another endpoint, another secret, and merchants instead of orders."""

import json
from typing import Any
from uuid import UUID

import pytest

from domain.order.ports import InvalidSignature, Notice, PlatformNotice, UnusableWebhook
from infra.adapters.payments.signatures import sign
from infra.adapters.payments.stripe.endpoint import StripePlatformNotices, StripeWebhooks
from tests.support.builders.samples import NOON
from tests.support.fakes.event_log import FixedClock

MERCHANT = UUID(int=7)
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "object": "subscription",
    "metadata": {"merchant_id": str(MERCHANT)},
    "customer_email": "merchant@example.com",
}
INVOICE: dict[str, Any] = {
    "id": "in_1",
    "object": "invoice",
    "metadata": {},
    "customer_name": "Ada Merchant",
    "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {"merchant_id": str(MERCHANT)}}},
}
FEE: dict[str, Any] = {"id": "fee_1", "object": "application_fee", "account": "acct_1", "amount": 5, "currency": "usd"}


def endpoint(*secrets: str, live: bool = False) -> StripeWebhooks:
    return StripeWebhooks(secrets or ("whsec_platform",), live=live, clock=FixedClock(), notices=StripePlatformNotices)


def body(type: str, object: dict[str, Any], **changes: Any) -> str:
    webhook = {"id": "evt_1", "object": "event", "type": type, "livemode": False, "data": {"object": object}}
    return json.dumps(webhook | changes)


@pytest.mark.parametrize(
    ("type", "object", "id"),
    [("customer.subscription.updated", SUBSCRIPTION, "sub_1"), ("invoice.payment_failed", INVOICE, "in_1")],
)
def test_a_webhook_about_a_subscription_names_the_merchant(type: str, object: dict[str, Any], id: str) -> None:
    expected = PlatformNotice(
        external_id="evt_1", type=type, object_id=id, merchant_id=MERCHANT, subscription_id="sub_1"
    )
    assert endpoint().read_body(body(type, object)) == expected


def test_a_webhook_about_a_fee_names_the_account_that_paid_it() -> None:
    expected: Notice = PlatformNotice(
        external_id="evt_1", type="application_fee.refunded", object_id="fee_1", account_id="acct_1"
    )
    assert endpoint().read_body(body("application_fee.refunded", FEE)) == expected


@pytest.mark.parametrize(
    "text",
    [
        body("customer.subscription.updated", SUBSCRIPTION, livemode=True),
        body("customer.subscription.updated", SUBSCRIPTION, account="acct_1"),
        body("customer.subscription.updated", SUBSCRIPTION | {"metadata": {}}),
        body("charge.succeeded", SUBSCRIPTION),
    ],
)
def test_a_webhook_of_the_other_mode_of_a_merchants_account_or_of_another_sale_changes_nothing(text: str) -> None:
    assert endpoint().read_body(text) is None


def test_a_fee_without_its_account_is_unusable() -> None:
    with pytest.raises(UnusableWebhook, match="account"):
        endpoint().read_body(body("application_fee.created", FEE | {"account": None}))


def test_the_log_keeps_nothing_about_the_person_who_subscribed() -> None:
    for type, object in (("customer.subscription.updated", SUBSCRIPTION), ("invoice.paid", INVOICE)):
        kept = endpoint().recordable(body(type, object))
        assert "Ada" not in kept
        assert "example.com" not in kept
        assert endpoint().read_body(kept) == endpoint().read_body(body(type, object))


def test_each_endpoint_believes_its_own_secrets_only() -> None:
    text = body("customer.subscription.updated", SUBSCRIPTION).encode()
    for secret in (b"whsec_old", b"whsec_new"):
        assert endpoint("whsec_old", "whsec_new").read_webhook(text, sign(text, secret, NOON)) is not None
    with pytest.raises(InvalidSignature):
        endpoint().read_webhook(text, sign(text, b"whsec_connect", NOON))
