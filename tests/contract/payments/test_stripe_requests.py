"""Every request to Stripe is one that Stripe's own OpenAPI description allows, and says what it should."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from stripe import StripeClient

from domain.kernel import Transient
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.errors import PaymentsNotReady
from domain.order.events import OrderLine
from domain.order.ports import PaymentConfirmed, PaymentRequest, Recipient
from domain.order.refund_ports import RefundAnswer, RefundOrderRequest
from domain.payout.aggregate import PayoutStatus
from domain.store.taxes import OrderTax, TaxKind
from infra.adapters.payments.stripe.accounts import Interface, StripeConnect
from infra.adapters.payments.stripe.checkout import StripeCheckout, StripeGateways
from infra.adapters.payments.stripe.client import StripeRefused, stripe_client
from infra.adapters.payments.stripe.currencies import NotChargeable
from infra.adapters.payments.stripe.endpoint import StripeWebhooks
from infra.adapters.payments.stripe.refunds import StripeRefunds
from infra.adapters.payments.stripe.reports import StripeReports
from infra.adapters.payments.stripe.taxes import StripeTaxSetup
from tests.contract.payments.test_payment_gateways import REQUEST
from tests.support.servers.stripe import SECRET, StripeServer

MERCHANT = UUID(int=7)


def checkout(client: StripeClient) -> StripeCheckout:
    return StripeCheckout(client, "acct_1")


async def test_stripes_description_allows_every_request_that_opens_a_page(checked: StripeClient) -> None:
    for currency in ("USD", "JPY", "KWD", "ISK"):
        line = replace_price(1000, currency)
        request = replace(REQUEST, lines=(line,), total=line.total, platform_fee=Money(minor=100, currency=currency))
        assert (await checkout(checked).open_session(request)).session_id
    session_id = (await checkout(checked).open_session(priced(490, 980, 77))).session_id
    assert await checkout(checked).close_session(session_id)


async def test_stripes_description_allows_every_request_about_accounts(checked: StripeClient) -> None:
    accounts = StripeConnect(checked, live=False, interface="v1")
    id = await accounts.create(MERCHANT, email="ada@shop.example", country="DE")
    assert await accounts.create(MERCHANT, email="ada@shop.example", country=None)
    assert await accounts.onboarding_url(id, return_url="https://a.example/back", refresh_url="https://a.example/again")
    assert await accounts.status(id) is not None


async def test_stripes_description_refuses_what_it_does_not_know(checked: StripeClient) -> None:
    accounts = StripeConnect(checked, live=False, interface="v1")
    with pytest.raises(StripeRefused):
        await accounts.create(MERCHANT, email="ada@shop.example", country=["DE"])  # type: ignore[arg-type]


WITH_TAX = replace(
    REQUEST,
    taxes=OrderTax(kind=TaxKind.ADDED_AT_PAYMENT, code="txcd_20030000"),
    shipping=Money(minor=500),
    total=REQUEST.total + Money(minor=500),
    recipient=Recipient(
        name="Ada Shopper", line1="Weg 1", line2="", city="Bonn", region="", postcode="53111", country="DE"
    ),
)


async def test_stripes_description_allows_every_request_about_taxes(checked: StripeClient) -> None:
    assert (await checkout(checked).open_session(WITH_TAX)).session_id
    included = OrderTax(kind=TaxKind.INCLUDED_AT_PAYMENT)
    without_address = replace(WITH_TAX, taxes=included, recipient=None, idempotency_key="checkout:12")
    assert (await checkout(checked).open_session(without_address)).session_id
    assert (await StripeTaxSetup(checked).of("acct_1")).registered_in


async def test_stripe_computes_the_tax_of_goods_and_delivery_where_they_go(
    stripe: StripeServer, client: StripeClient
) -> None:
    session = await checkout(client).open_session(WITH_TAX)
    forms = {path: form for _, path, form in stripe.requests}
    page = forms["checkout/sessions"]
    assert page["automatic_tax[enabled]"] == "true"
    assert page["line_items[0][price_data][tax_behavior]"] == "exclusive"
    assert page["line_items[0][price_data][product_data][tax_code]"] == "txcd_20030000"
    assert page["shipping_options[0][shipping_rate_data][tax_behavior]"] == "exclusive"
    assert page["customer"].startswith("cus_")
    assert forms["customers"]["shipping[address][country]"] == "DE"
    paid = stripe.paid(session.session_id)
    taxed = paid | {"amount_total": paid["amount_total"] + 1957, "total_details": {"amount_tax": 1957}}
    body = stripe.webhook("checkout.session.completed", taxed, account="acct_1")
    reader = StripeWebhooks([SECRET], live=False, clock=stripe.clock)
    kept = reader.recordable(body.decode())
    for notice in (reader.read_webhook(body, stripe.sign(body)), reader.read_body(kept)):
        assert isinstance(notice, PaymentConfirmed)
        assert (notice.amount, notice.tax) == (WITH_TAX.total + Money(minor=1957), Money(minor=1957))
    assert "Weg 1" not in kept


async def test_a_stated_rate_is_not_computed_by_stripe(stripe: StripeServer, client: StripeClient) -> None:
    stated = OrderTax(kind=TaxKind.INCLUDED, basis_points=1900, amount=Money(minor=1565))
    await checkout(client).open_session(replace(REQUEST, taxes=stated))
    assert not any("tax" in key for _, _, form in stripe.requests for key in form)


async def test_an_account_says_what_it_misses_for_taxes(stripe: StripeServer, client: StripeClient) -> None:
    stripe.tax_settings = {
        "status": "pending",
        "status_details": {"pending": {"missing_fields": ["head_office.address"]}},
    }
    ready = await StripeTaxSetup(client).of("acct_1")
    assert (ready.is_active, ready.missing, ready.registered_in) == (False, ("head_office.address",), ())
    stripe.tax_settings, stripe.tax_registrations = {"status": "active", "status_details": {}}, ["FR", "DE"]
    ready = await StripeTaxSetup(client).of("acct_1")
    assert (ready.is_active, ready.missing, ready.registered_in) == (True, (), ("DE", "FR"))


async def test_a_page_is_a_direct_charge_with_the_platforms_fee(stripe: StripeServer, client: StripeClient) -> None:
    await checkout(client).open_session(REQUEST)
    ((_, path, form),) = stripe.requests
    (session,) = stripe.sessions.values()
    assert (path, session["account"], session["amount_total"]) == ("checkout/sessions", "acct_1", 9800)
    assert form["payment_intent_data[application_fee_amount]"] == "490"
    assert form["allowed_payment_method_types[0]"] == "card"
    assert form["expires_at"] == str(int(REQUEST.expires_at.timestamp()))


@pytest.mark.parametrize("shipping", [0, 490])
@pytest.mark.parametrize("discount", [0, 980])
@pytest.mark.parametrize("tax", [0, 77])
async def test_the_page_shows_exactly_the_orders_total(
    stripe: StripeServer, client: StripeClient, shipping: int, discount: int, tax: int
) -> None:
    await checkout(client).open_session(priced(shipping, discount, tax))
    (session,) = stripe.sessions.values()
    assert session["amount_total"] == REQUEST.total.minor + shipping - discount + tax
    form = stripe.requests[-1][2]
    assert ("shipping_options[0][shipping_rate_data][fixed_amount][amount]" in form) is bool(shipping)
    assert ("discounts[0][coupon]" in form) is bool(discount)


async def test_a_coupon_is_made_once_for_an_order_at_the_merchants_account(
    stripe: StripeServer, client: StripeClient
) -> None:
    first = await checkout(client).open_session(priced(490, 980, 0))
    assert await checkout(client).open_session(priced(490, 980, 0)) == first
    ((account, coupon),) = stripe.coupons.values()
    assert account == "acct_1"
    assert (coupon["amount_off"], coupon["max_redemptions"], coupon["name"]) == ("980", "1", "Code SUMMER")


async def test_a_paid_page_is_not_closed(stripe: StripeServer, client: StripeClient) -> None:
    session = await checkout(client).open_session(REQUEST)
    stripe.paid(session.session_id)
    assert not await checkout(client).close_session(session.session_id)
    assert stripe.sessions[session.session_id]["status"] == "complete"


async def test_a_page_of_another_account_is_not_open_here(stripe: StripeServer, client: StripeClient) -> None:
    session = await checkout(client).open_session(REQUEST)
    assert await StripeCheckout(client, "acct_2").close_session(session.session_id)
    assert stripe.sessions[session.session_id]["status"] == "open"


async def test_a_fee_of_zero_is_not_sent(stripe: StripeServer, client: StripeClient) -> None:
    await checkout(client).open_session(replace(REQUEST, platform_fee=Money(minor=0)))
    ((_, _, form),) = stripe.requests
    assert "payment_intent_data[application_fee_amount]" not in form


async def test_an_amount_that_cannot_be_charged_is_refused_before_stripe_is_asked(
    stripe: StripeServer, client: StripeClient
) -> None:
    line = replace_price(1001, "KWD")
    fee = Money(minor=0, currency="KWD")
    with pytest.raises(NotChargeable):
        await checkout(client).open_session(replace(REQUEST, lines=(line,), total=line.total, platform_fee=fee))
    assert stripe.requests == []


async def test_an_outage_is_retried_with_the_same_key_and_then_worth_another_try(
    stripe: StripeServer, client: StripeClient
) -> None:
    stripe.failing = 503
    first = await checkout(client).open_session(REQUEST)
    assert len(stripe.requests) == 2
    assert len(stripe.sessions) == 1
    assert first.session_id in stripe.sessions
    async with stripe_client("sk_test_1", api_base="http://127.0.0.1:1") as unreachable:
        with pytest.raises(Transient, match="Stripe"):
            await checkout(unreachable).open_session(REQUEST)


async def test_a_failure_that_stripe_repeats_for_its_key_keeps_no_shopper_from_paying(
    stripe: StripeServer, client: StripeClient
) -> None:
    stripe.stuck = 500
    session = await checkout(client).open_session(REQUEST)
    assert list(stripe.sessions) == [session.session_id]
    assert await checkout(client).open_session(REQUEST) == session


async def test_a_failure_that_stripe_repeats_for_a_refund_is_not_asked_for_under_another_key(
    stripe: StripeServer, client: StripeClient
) -> None:
    # The first try may have paid. After a day the policy looks first whether it did.
    await checkout(client).open_session(REQUEST)
    stripe.stuck = 500
    for _ in range(2):
        with pytest.raises(Transient):
            await StripeRefunds(client).refund(refund_request(), account_id="acct_1")
    assert stripe.refunds == {}


async def test_a_refund_that_was_made_although_stripe_said_it_failed_is_found(
    stripe: StripeServer, client: StripeClient
) -> None:
    await checkout(client).open_session(REQUEST)
    made = await StripeRefunds(client).refund(refund_request(), account_id="acct_1")
    stripe.stuck = 500
    again = replace(refund_request(), idempotency_key="a key of which the answer is a failure")
    assert await StripeRefunds(client).refund(again, account_id="acct_1") == made
    assert len(stripe.refunds) == 1


@pytest.mark.parametrize("interface", ["v1", "v2"])
async def test_a_failure_that_stripe_repeats_keeps_no_merchant_from_an_account(
    stripe: StripeServer, client: StripeClient, interface: Interface
) -> None:
    stripe.accounts_interface = interface
    stripe.stuck = 500
    accounts = StripeConnect(client, live=False, interface=interface)
    assert await accounts.create(MERCHANT, email="ada@shop.example", country="DE") in stripe.accounts


async def test_a_refusal_says_what_stripe_said(stripe: StripeServer, client: StripeClient) -> None:
    stripe.failing = 400
    with pytest.raises(StripeRefused, match="Stripe has a bad day"):
        await checkout(client).open_session(REQUEST)


@pytest.mark.parametrize(("interface", "offered"), [("v1", "v1"), ("auto", "v1"), ("auto", "v2"), ("v2", "v2")])
async def test_an_account_is_described_as_stripe_describes_it(
    stripe: StripeServer, client: StripeClient, interface: Interface, offered: str
) -> None:
    stripe.accounts_interface = offered
    accounts = StripeConnect(client, live=False, interface=interface)
    id = await accounts.create(MERCHANT, email="ada@shop.example", country="DE")
    assert await accounts.create(MERCHANT, email="ada@shop.example", country="DE") == id
    assert await accounts.create(MERCHANT, email="ada@shop.example", country="AT") != id
    needs = {
        "currently_due": ["external_account"],
        "past_due": ["tos_acceptance.date"],
        "disabled_reason": "requirements.past_due",
    }
    stripe.accounts[id] |= {"charges_enabled": True, "details_submitted": True, "requirements": needs}
    status = await accounts.status(id)
    assert status is not None
    assert (status.charges_enabled, status.payouts_enabled) == (True, False)
    # Stripe's second interface has no such field; open questions say it there.
    assert status.details_submitted is (offered == "v1")
    assert status.requirements == ("external_account", "tos_acceptance.date")
    stripe.accounts[id]["charges_enabled"] = False
    status = await accounts.status(id)
    assert status is not None
    assert status.disabled_reason == "requirements.past_due"
    link = await accounts.onboarding_url(id, return_url="https://a.example", refresh_url="https://b.example")
    assert ("/v2/" in link) is (offered == "v2")
    assert await accounts.status("acct_of_another_platform") is None


async def test_an_account_of_the_first_interface_is_asked_there_and_others_by_the_second(
    stripe: StripeServer, client: StripeClient
) -> None:
    stripe.accounts_interface = "v2"
    accounts = StripeConnect(client, live=False)
    id = await accounts.create(MERCHANT, email="ada@shop.example", country="DE")
    stripe.accounts["acct_old"] = {"id": "acct_old", "only_v1": True, "charges_enabled": True}
    old = await accounts.status("acct_old")
    assert old is not None
    assert old.charges_enabled
    assert await accounts.status(id) is not None
    assert [path for _, path, _ in stripe.requests][-3:] == [
        "v2/core/accounts/acct_old",
        "accounts/acct_old",
        f"v2/core/accounts/{id}",
    ]


async def test_a_platform_without_the_second_interface_asks_for_it_once_and_a_fixed_one_does_not_fall_back(
    stripe: StripeServer, client: StripeClient
) -> None:
    accounts = StripeConnect(client, live=False)
    for country in ("DE", "AT"):
        await accounts.create(MERCHANT, email="ada@shop.example", country=country)
    assert [path for _, path, _ in stripe.requests] == ["v2/core/accounts", "accounts", "accounts"]
    with pytest.raises(StripeRefused, match="not enabled"):
        await StripeConnect(client, live=False, interface="v2").create(MERCHANT, email="a@b.example", country=None)


async def test_another_refusal_by_the_second_interface_opens_no_account_by_the_first(
    stripe: StripeServer, client: StripeClient
) -> None:
    stripe.accounts_interface = "v2"
    stripe.failing = 400
    with pytest.raises(StripeRefused):
        await StripeConnect(client, live=False).create(MERCHANT, email="ada@shop.example", country="DE")
    assert stripe.accounts == {}


async def test_a_merchant_without_a_ready_account_cannot_be_paid(stripe: StripeServer, client: StripeClient) -> None:
    ready = {MERCHANT: "acct_1"}

    async def account_of(merchant_id: UUID) -> str | None:
        return ready.get(merchant_id)

    gateways = StripeGateways(client, account_of)
    assert (await gateways.of(MERCHANT)).name == "stripe"
    with pytest.raises(PaymentsNotReady):
        await gateways.of(UUID(int=8))


def priced(shipping: int, discount: int, tax: int) -> PaymentRequest:
    return replace(
        REQUEST,
        shipping=Money(minor=shipping),
        discount=Money(minor=discount),
        discount_code="SUMMER" if discount else None,
        total=Money(minor=REQUEST.total.minor + shipping - discount + tax),
    )


def replace_price(minor: int, currency: str) -> OrderLine:
    (line,) = REQUEST.lines
    return line.model_copy(update={"unit_price": Money(minor=minor, currency=currency)})


def refund_request(amount: int = 9800, *, fee: bool = True, number: int = 1) -> RefundOrderRequest:
    return RefundOrderRequest(
        refund_id=UUID(int=number),
        order_id=REQUEST.order_id,
        store_id=REQUEST.store_id,
        intent_id="pi_1",
        amount=Money(minor=amount),
        return_fee=fee,
        idempotency_key=f"refund:{number}",
    )


async def test_stripes_description_allows_every_request_about_refunds(checked: StripeClient) -> None:
    refunds = StripeRefunds(checked)
    assert (await refunds.refund(refund_request(), account_id="acct_1")).external_id
    assert (await refunds.refund(refund_request(fee=False, number=2), account_id="acct_1")).external_id
    # Its payment is an example without our metadata.
    assert await refunds.of("acct_1", "pi_1") is None
    async with asyncio.timeout(30):
        listed = await checked.v1.refunds.list_async(params={"payment_intent": "pi_1", "limit": 100})
    assert listed.data


async def test_a_refund_names_the_payment_and_returns_the_fee_once(stripe: StripeServer, client: StripeClient) -> None:
    await checkout(client).open_session(REQUEST)
    refunds = StripeRefunds(client)
    first = await refunds.refund(refund_request(4000), account_id="acct_1")
    assert await refunds.refund(refund_request(4000), account_id="acct_1") == first, "one refund for one key"
    assert first == RefundAnswer(
        refund_id=UUID(int=1),
        external_id="re_1",
        intent_id="pi_1",
        amount=Money(minor=4000),
        status=RefundStatus.SUCCEEDED,
        # Of 4.90 for 98.00 it would be 2.00 by our own arithmetic; what Stripe says counts.
        fee_refunded=Money(minor=199),
    )
    form = stripe.requests[1][2]
    assert (form["refund_application_fee"], form["amount"], form["payment_intent"]) == ("true", "4000", "pi_1")
    report = await refunds.of("acct_1", "pi_1")
    assert report is not None
    assert (report.store_id, report.order_id, list(report.refunds)) == (REQUEST.store_id, REQUEST.order_id, [first])


async def test_a_zero_fee_is_not_refunded(stripe: StripeServer, client: StripeClient) -> None:
    await checkout(client).open_session(replace(REQUEST, platform_fee=Money(minor=0)))
    refunds = StripeRefunds(client)
    with pytest.raises(StripeRefused, match="no application fee"):
        await refunds.refund(refund_request(), account_id="acct_1")
    await refunds.refund(refund_request(fee=False, number=2), account_id="acct_1")
    assert "refund_application_fee" not in stripe.requests[-1][2]


async def test_stripe_refuses_more_than_what_is_left_and_payments_of_other_accounts(
    stripe: StripeServer, client: StripeClient
) -> None:
    await checkout(client).open_session(REQUEST)
    stripe.refunded_in_dashboard("pi_1", 9000)
    refunds = StripeRefunds(client)
    with pytest.raises(StripeRefused, match="greater than unrefunded"):
        await refunds.refund(refund_request(4000), account_id="acct_1")
    with pytest.raises(StripeRefused, match="No such payment_intent"):
        await refunds.refund(refund_request(1, number=2), account_id="acct_2")
    with pytest.raises(StripeRefused, match="No account is connected"):
        await refunds.refund(refund_request(1, number=3), account_id=None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", RefundStatus.REQUESTED),
        ("requires_action", RefundStatus.REQUESTED),
        ("succeeded", RefundStatus.SUCCEEDED),
        ("failed", RefundStatus.FAILED),
        ("canceled", RefundStatus.FAILED),
    ],
)
async def test_each_status_of_a_refund_at_stripe_has_one_here(
    stripe: StripeServer, client: StripeClient, status: str, expected: RefundStatus
) -> None:
    await checkout(client).open_session(REQUEST)
    stripe.refunded_in_dashboard("pi_1", 100, status=status)
    report = await StripeRefunds(client).of("acct_1", "pi_1")
    assert report is not None
    (refund,) = report.refunds
    assert (refund.status, refund.refund_id) == (expected, None)


async def test_stripes_description_allows_every_request_about_disputes_and_payouts(checked: StripeClient) -> None:
    reports = StripeReports(checked)
    # Its dispute is about an example payment without our metadata.
    assert await reports.dispute("acct_1", "du_1") is None
    assert (await reports.payout("acct_1", "po_1")).payout_id


async def test_a_dispute_names_its_order_money_and_deadline(stripe: StripeServer, client: StripeClient) -> None:
    await checkout(client).open_session(REQUEST)
    movements = [
        {"amount": -9800, "fee": 1500, "currency": "usd", "net": -11300},
        {"amount": 9800, "fee": 0, "currency": "usd", "net": 9800},
    ]
    stripe.disputes["du_1"] = {
        "id": "du_1",
        "object": "dispute",
        "amount": 9800,
        "currency": "usd",
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        "status": "needs_response",
        "balance_transactions": movements[:1],
        "evidence_details": {"due_by": 1_800_000_000},
    }
    reports = StripeReports(client)
    found = await reports.dispute("acct_1", "du_1")
    assert found is not None
    assert (found.store_id, found.order_id) == (REQUEST.store_id, REQUEST.order_id)
    assert (found.report.status, found.report.movements) == (DisputeStatus.NEEDS_RESPONSE, 1)
    assert (found.report.taken, found.report.fee) == (Money(minor=9800), Money(minor=1500))
    assert found.report.evidence_due == datetime.fromtimestamp(1_800_000_000, UTC)
    stripe.disputes["du_1"] |= {"status": "won", "balance_transactions": movements}
    won = await reports.dispute("acct_1", "du_1")
    assert won is not None
    assert (won.report.status, won.report.taken, won.report.fee) == (
        DisputeStatus.WON,
        Money(minor=0),
        Money(minor=1500),
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("in_transit", PayoutStatus.PENDING),
        ("paid", PayoutStatus.PAID),
        ("failed", PayoutStatus.FAILED),
        ("canceled", PayoutStatus.FAILED),
    ],
)
async def test_a_payout_is_described_as_stripe_describes_it(
    stripe: StripeServer, client: StripeClient, status: str, expected: PayoutStatus
) -> None:
    stripe.payouts["po_1"] = {
        "id": "po_1",
        "object": "payout",
        "amount": 1000,
        "currency": "jpy",
        "arrival_date": 1_796_083_200,
        "status": status,
        "failure_code": "account_closed" if status == "failed" else None,
    }
    report = await StripeReports(client).payout("acct_1", "po_1")
    assert (report.status, report.amount) == (expected, Money(minor=1000, currency="JPY"))
    assert report.arrival_on == date(2026, 12, 1)


async def test_a_late_repeat_finds_the_refund_although_its_key_is_forgotten(
    stripe: StripeServer, client: StripeClient
) -> None:
    await checkout(client).open_session(REQUEST)
    refunds = StripeRefunds(client)
    first = await refunds.refund(refund_request(4000), account_id="acct_1")
    stripe.forget_keys()
    late = replace(refund_request(4000), is_late=True)
    assert await refunds.refund(late, account_id="acct_1") == first
    assert len(stripe.refunds) == 1
    other = replace(refund_request(1000, number=2), is_late=True)
    assert (await refunds.refund(other, account_id="acct_1")).external_id == "re_2"
