"""Stripe's webhooks: whose are believed, what the log keeps of them, and what they mean."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.order.ports import (
    AccountNotice,
    InvalidSignature,
    Notice,
    PaymentConfirmed,
    PaymentDeclined,
    UnusableWebhook,
)
from infra.adapters.payments.signatures import TOLERANCE_SECONDS, sign, verify
from infra.adapters.payments.stripe.endpoint import StripeWebhooks
from tests.support.builders.samples import NOON
from tests.support.fakes.event_log import FixedClock

ORDER, STORE = UUID(int=10), UUID(int=20)
SESSION: dict[str, Any] = {
    "id": "cs_1",
    "object": "checkout.session",
    "payment_intent": "pi_1",
    "payment_status": "paid",
    "amount_total": 9800,
    "currency": "usd",
    "metadata": {"order_id": str(ORDER), "store_id": str(STORE), "platform_fee": "490"},
    "customer_details": {"name": "Ada Shopper", "email": "ada@shopper.example", "address": {"line1": "Weg 1"}},
    "shipping_details": {"name": "Ada Shopper"},
}


def body(
    type: str = "checkout.session.completed", *, account: str | None = "acct_1", live: bool = False, **changes: Any
) -> str:
    webhook = {"id": "evt_1", "object": "event", "type": type, "livemode": live, "data": {"object": SESSION | changes}}
    return json.dumps(webhook if account is None else webhook | {"account": account})


def reader(*secrets: str, live: bool = False) -> StripeWebhooks:
    return StripeWebhooks(secrets or ("whsec_now",), live=live, clock=FixedClock())


def read(text: str, *, live: bool = False) -> Notice | None:
    return reader(live=live).read_body(text)


def test_a_paid_page_confirms_its_order_with_account_amount_and_fee() -> None:
    notice = read(body())
    assert isinstance(notice, PaymentConfirmed)
    assert (notice.order_id, notice.store_id, notice.intent_id, notice.account_id) == (ORDER, STORE, "pi_1", "acct_1")
    assert (notice.amount, notice.platform_fee) == (Money(minor=9800), Money(minor=490))


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("isk", 9800, Money(minor=98, currency="ISK")), ("mga", 98, Money(minor=9800, currency="MGA"))],
)
def test_an_amount_is_read_in_stripes_minor_units(currency: str, minor: int, amount: Money) -> None:
    metadata = SESSION["metadata"] | {"platform_fee": "0"}
    notice = read(body(currency=currency, amount_total=minor, metadata=metadata))
    assert isinstance(notice, PaymentConfirmed)
    assert notice.amount == amount


def test_a_page_that_is_complete_but_unpaid_waits_for_its_money() -> None:
    assert read(body(payment_status="unpaid")) is None
    assert isinstance(read(body("checkout.session.async_payment_succeeded")), PaymentConfirmed)
    assert isinstance(read(body("checkout.session.async_payment_failed")), PaymentDeclined)


def test_a_declined_card_reports_the_banks_words() -> None:
    notice = read(
        body("payment_intent.payment_failed", id="pi_1", last_payment_error={"message": "Your card was declined."})
    )
    assert isinstance(notice, PaymentDeclined)
    assert (notice.intent_id, notice.reason) == ("pi_1", "Your card was declined.")


@pytest.mark.parametrize("type", ["account.updated", "account.application.deauthorized", "capability.updated"])
def test_a_change_of_an_account_names_the_account(type: str) -> None:
    assert read(body(type)) == AccountNotice(external_id="evt_1", type=type, account_id="acct_1")


def test_a_thin_webhook_of_the_second_interface_names_its_account() -> None:
    thin = {
        "id": "evt_1",
        "object": "v2.core.event",
        "type": "v2.core.account[requirements].updated",
        "livemode": False,
        "related_object": {"id": "acct_1", "type": "v2.core.account", "url": "/v2/core/accounts/acct_1"},
    }
    expected = AccountNotice(external_id="evt_1", type="v2.core.account[requirements].updated", account_id="acct_1")
    assert read(json.dumps(thin)) == read(reader().recordable(json.dumps(thin))) == expected
    assert read(json.dumps(thin | {"livemode": True})) is None
    with pytest.raises(UnusableWebhook):
        read(json.dumps(thin | {"related_object": None}))


@pytest.mark.parametrize(("sent", "here"), [(True, False), (False, True)])
def test_a_webhook_of_the_other_mode_changes_nothing(sent: bool, here: bool) -> None:
    assert read(body(live=sent), live=here) is None
    assert read(body(live=here), live=here) is not None


def test_a_webhook_of_the_platforms_own_account_changes_no_order() -> None:
    assert read(body(account=None)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_total": -1},
        {"amount_total": "9800"},
        {"currency": "doubloon"},
        {"metadata": {}},
        {"metadata": SESSION["metadata"] | {"platform_fee": "-5"}},
        {"metadata": SESSION["metadata"] | {"platform_fee": "9801"}},
        {"payment_intent": None},
    ],
)
def test_a_webhook_without_sense_is_unusable(changes: dict[str, Any]) -> None:
    with pytest.raises(UnusableWebhook):
        read(body(**changes))


def test_the_log_keeps_nothing_about_the_person_who_paid() -> None:
    kept = reader().recordable(
        body(last_payment_error={"message": "No.", "payment_method": {"billing_details": "Ada"}})
    )
    assert "Ada" not in kept
    assert "shopper.example" not in kept
    assert read(kept) == read(body())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_stripe_puts_into_a_field_of_text_the_log_keeps_no_structure(value: object) -> None:
    kept = json.loads(
        reader().recordable(json.dumps({"id": value, "data": {"object": {"status": value, "customer": value}}}))
    )
    assert set(kept["data"]["object"]) == {"status"}
    assert not isinstance(kept["id"], list | dict)
    assert not isinstance(kept["data"]["object"]["status"], list | dict)


def test_both_secrets_count_while_one_is_rotated() -> None:
    text = body().encode()
    for secret in ("whsec_old", "whsec_new"):
        assert reader("whsec_new", "whsec_old").read_webhook(text, sign(text, secret.encode(), NOON)) is not None
    with pytest.raises(InvalidSignature):
        reader("whsec_new").read_webhook(text, sign(text, b"whsec_old", NOON))


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1, 10 * 365 * 86_400])
def test_a_signature_from_too_long_ago_or_from_the_future_is_refused(seconds: int) -> None:
    text = body().encode()
    header = sign(text, b"whsec_now", NOON + timedelta(seconds=seconds))
    with pytest.raises(InvalidSignature, match="seconds off"):
        reader().read_webhook(text, header)


@given(st.text(max_size=80) | st.from_regex(r"t=\d{1,13}(,v1=[0-9a-f]{0,64}){0,3}(,t=\d+)?", fullmatch=True))
def test_no_header_but_the_right_one_is_believed(header: str) -> None:
    with pytest.raises(InvalidSignature):
        verify(b"{}", header, [b"whsec_now"], NOON)


def test_an_endpoint_without_a_secret_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        StripeWebhooks([], live=False, clock=FixedClock())
