"""A merchant's way to their own account at Stripe, over GraphQL and Stripe's protocol."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from commands.inbox import UNMATCHED_WEBHOOKS, ReceiveUnmatchedWebhook
from commands.order import OpenPaymentSession
from commands.ports import Context
from commands.reactions import BusDispatch, EventLogAggregates
from consumers.policies.payments import PaymentsPolicy
from consumers.policies.refunds import RefundPolicy
from consumers.ports import Consumer
from domain.inbox.events import WebhookReceived
from domain.order.aggregate import ORDER, PAY_WITHIN
from domain.order.ports import PaymentRequest
from domain.order.refund_ports import ChargeReports
from domain.order.report_ports import ProviderReports
from gateway.ports import OwnKeyPorts
from gateway.webhooks.payments import command_of
from infra.adapters.payments.stripe.accounts import StripeConnect
from infra.adapters.payments.stripe.checkout import StripeCheckout
from infra.adapters.payments.stripe.client import stripe_client
from infra.adapters.payments.stripe.endpoint import OwnKeyWebhooks, StripePlatformNotices, StripeWebhooks
from infra.adapters.payments.stripe.own_keys import StripeOwnKeys
from infra.adapters.payments.stripe.refunds import StripeRefunds
from infra.adapters.payments.stripe.reports import StripeReports
from infra.adapters.payments.stripe.taxes import StripeTaxSetup
from infra.cli.doctor import unmatched_webhooks
from infra.log.ledger import check_ledger
from projections.merchants.queries import merchant_by_id
from projections.reading.scope import SYSTEM
from tests.integration.gateway.test_after_sale import REFUND
from tests.integration.gateway.test_mutations import change
from tests.integration.gateway.test_queries import an_order
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.vault import MemoryOwnKeys
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform, a_platform
from tests.support.servers.databases import copied_database
from tests.support.servers.stripe import SECRET, StripeServer
from tests.support.servers.web_server import served

CONNECT = """mutation ($input: ConnectStripeInput!) { connectStripe(input: $input) {
    onboardingUrl stripeAccount { accountId live chargesEnabled } userErrors { code field message } } }"""
LINK = """mutation ($input: LinkStripeInput!) { linkStripe(input: $input) { authorizeUrl userErrors { code } } }"""
FINISH = """mutation ($input: FinishStripeLinkInput!) { finishStripeLink(input: $input) {
    stripeAccount { accountId link chargesEnabled } userErrors { code field message } } }"""
SET_TAXES = """mutation ($input: SetTaxesInput!) { setTaxes(input: $input) {
    store { taxes { mode included code rates { country percent } } } userErrors { code field message } } }"""
USE_KEY = """mutation ($input: UseStripeKeyInput!) { useStripeKey(input: $input) {
    stripeAccount { accountId link chargesEnabled } userErrors { code field message } } }"""
CHECK = """mutation { checkStripe(input: {}) { stripeAccount {
    chargesEnabled payoutsEnabled requirements { code message } disabledReason } userErrors { code message } } }"""
DISPUTED = """query ($id: ID!) { order(id: $id) { refunds { status } disputes {
    status takenMoney { amountMinor } evidence { texts { field text } } } } }"""
DISCONNECT = "mutation { disconnectStripe(input: {}) { stripeAccount { accountId } userErrors { code } } }"
BLOCKERS = "query ($id: ID!) { store(id: $id) { publicationBlockers { code mutation } } }"
PLATFORM_SECRET = "whsec_of_the_platform"
BACK = {"input": {"returnUrl": "https://dashboard.example/back"}}


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="module")
async def stripe(clock: FixedClock) -> AsyncIterator[StripeServer]:
    server = StripeServer(clock, accounts_interface="v2")
    async with served(server.app()) as port:
        server.address = f"http://127.0.0.1:{port}"
        yield server


@pytest.fixture(scope="module")
async def shared_platform(
    postgres_dsn: str, template: str, stripe: StripeServer, clock: FixedClock
) -> AsyncIterator[Platform]:
    """A platform whose merchants are paid through Stripe."""
    vault = MemoryOwnKeys()
    async with (
        copied_database(postgres_dsn, template, "gateway_stripe") as dsn,
        stripe_client("sk_test_1", api_base=stripe.address, own_keys=vault) as client,
        a_platform(
            dsn,
            clock=clock,
            payments={
                "stripe": StripeWebhooks([SECRET], live=False, clock=clock),
                "stripe-platform": StripeWebhooks(
                    [PLATFORM_SECRET], live=False, clock=clock, notices=StripePlatformNotices
                ),
            },
            stripe=StripeConnect(client, live=False, client_id="ca_1", own_keys=vault),
            own_keys=OwnKeyPorts(
                vault=vault,
                stripe=StripeOwnKeys(client, live=False),
                webhooks=partial(OwnKeyWebhooks, live=False, clock=clock),
            ),
            public_url="http://gateway.localhost",
            tax_setup=StripeTaxSetup(client),
        ) as whole,
    ):
        yield whole


async def tell(
    platform: Platform,
    stripe: StripeServer,
    body: bytes,
    *,
    path: str = "stripe",
    secret: str = SECRET,
    policies: Sequence[Consumer] = (),
) -> httpx.Response:
    """Deliver a webhook to the gateway, and what was recorded of it to the policies: that of payments if none is named."""
    before = await platform.event_count()
    answer = await platform.client.post(
        f"/webhooks/payments/{path}", content=body, headers={"stripe-signature": stripe.sign(body, secret)}
    )
    await _handle(platform, policies or (a_policy(platform),), before)
    return answer


def a_policy(platform: Platform, *, reports: tuple[ChargeReports, ProviderReports] | None = None) -> PaymentsPolicy:
    return PaymentsPolicy(
        BusDispatch(platform.bus),
        EventLogAggregates(platform.log),
        platform.deps.payments,
        accounts=platform.deps.stripe,
        reports=reports,
        history=platform.deps.history,
    )


async def _handle(platform: Platform, policies: Sequence[Consumer], after: int) -> None:
    """Give the policies every event after the first ones, and those that follow."""
    while recorded := [raw async for batch in platform.log.scan() for raw in batch][after:]:
        for raw in recorded:
            after += 1
            envelope = raw.decode()
            for policy in policies:
                if type(envelope.event) in policy.handles:
                    await policy(envelope)
    await platform.barrier.catch_up()


async def account_of(platform: Platform, owner: Merchant) -> Any:
    """Return the merchant's account as the API shows it."""
    return await platform.ask(
        "{ me { stripeAccountId stripeOnboarded stripeAccount { payoutsEnabled disabledReason } } }", by=owner
    )


async def test_a_merchant_opens_an_account_answers_stripes_questions_and_can_be_paid(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    store_id = await platform.stocked_store(owner)
    blockers = await platform.ask(BLOCKERS, {"id": str(store_id)}, by=owner)
    assert {"code": "NO_PAYMENT_ACCOUNT", "mutation": "connectStripe"} in blockers["publicationBlockers"]

    connected = await platform.ask(CONNECT, BACK, by=owner)
    account_id = connected["stripeAccount"]["accountId"]
    assert connected["userErrors"] == []
    assert account_id in connected["onboardingUrl"]
    again = await platform.ask(CONNECT, BACK, by=owner)
    assert again["stripeAccount"]["accountId"] == account_id

    needs = {"currently_due": ["external_account"], "past_due": [], "disabled_reason": None}
    stripe.accounts[account_id] |= {"charges_enabled": True, "details_submitted": True, "requirements": needs}
    checked = await platform.ask(CHECK, by=owner)
    assert checked["stripeAccount"] == {
        "chargesEnabled": True,
        "payoutsEnabled": False,
        "requirements": [{"code": "external_account", "message": "Add the bank account that Stripe pays out to."}],
        "disabledReason": None,
    }
    blockers = await platform.ask(BLOCKERS, {"id": str(store_id)}, by=owner)
    assert "NO_PAYMENT_ACCOUNT" not in [each["code"] for each in blockers["publicationBlockers"]]


async def test_webhooks_of_an_account_in_any_order_end_in_what_stripe_says_now(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    stripe.accounts[account_id] |= {"charges_enabled": True, "payouts_enabled": True}
    old = {"id": account_id, "object": "account", "charges_enabled": False}
    for number in (2, 1, 2):
        body = stripe.webhook("account.updated", old, account=account_id, number=number)
        assert (await tell(platform, stripe, body)).json() == {"received": True}
    assert await account_of(platform, owner) == {
        "stripeAccountId": account_id,
        "stripeOnboarded": True,
        "stripeAccount": {"payoutsEnabled": True, "disabledReason": None},
    }


async def test_a_restriction_reads_as_a_sentence(platform: Platform, stripe: StripeServer, owner: Merchant) -> None:
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    stripe.accounts[account_id]["requirements"] = {
        "disabled_reason": "rejected.fraud",
        "currently_due": [],
        "past_due": [],
    }
    await tell(platform, stripe, stripe.webhook("account.updated", {"id": account_id}, account=account_id))
    account = (await account_of(platform, owner))["stripeAccount"]
    assert account["disabledReason"].startswith(
        "Stripe rejected the account (rejected.fraud). Write to Stripe's support"
    )


async def test_access_that_the_merchant_takes_away_at_stripe_disconnects_the_account(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    del stripe.accounts[account_id]
    await tell(platform, stripe, stripe.webhook("account.application.deauthorized", {"id": "ca_1"}, account=account_id))
    assert (await account_of(platform, owner))["stripeAccountId"] is None


async def test_a_disconnected_account_takes_no_payments_and_asks_no_more(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    await platform.ask(CONNECT, BACK, by=owner)
    assert (await platform.ask(DISCONNECT, by=owner))["userErrors"] == []
    assert (await platform.ask(DISCONNECT, by=owner))["userErrors"] == [{"code": "NO_ACCOUNT_CONNECTED"}]
    assert (await account_of(platform, owner))["stripeAccountId"] is None


async def test_the_account_at_stripe_is_disconnected_with_the_end_of_the_account(
    platform: Platform, owner: Merchant
) -> None:
    await platform.ask(CONNECT, BACK, by=owner)
    delete = "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userErrors { code } } }"
    assert await platform.ask(delete, {"input": {"password": PASSWORD}}, by=owner) == {"userErrors": []}
    await platform.barrier.catch_up()
    view = await merchant_by_id(platform.deps.reader, owner.id, scope=SYSTEM)
    assert view is not None
    assert view.stripe is None


async def test_a_merchant_who_connects_again_days_later_gets_the_same_account(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    await platform.ask(DISCONNECT, by=owner)
    opened = len(stripe.accounts)
    stripe.forget_keys()
    again = await platform.ask(CONNECT, BACK, by=owner)
    assert (again["stripeAccount"]["accountId"], len(stripe.accounts)) == (account_id, opened)


async def test_a_merchant_who_took_the_access_away_gets_another_account(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    stripe.gone.add(account_id)
    await platform.ask(CHECK, by=owner)
    again = await platform.ask(CONNECT, BACK, by=owner)
    assert again["userErrors"] == []
    assert again["stripeAccount"]["accountId"] != account_id
    stripe.gone.add(again["stripeAccount"]["accountId"])
    await platform.ask(CHECK, by=owner)
    third = await platform.ask(CONNECT, BACK, by=owner)
    assert third["userErrors"] == []
    assert third["stripeAccount"]["accountId"] not in {account_id, again["stripeAccount"]["accountId"]}
    # Orders were paid into each former account, and their refunds and disputes are still told from there.
    for former in (account_id, again["stripeAccount"]["accountId"]):
        body = stripe.webhook("charge.dispute.created", {"id": "du_1"}, account=former)
        answer = await platform.client.post(
            "/webhooks/payments/stripe", content=body, headers={"stripe-signature": stripe.sign(body)}
        )
        assert answer.json() == {"received": True}


async def test_a_webhook_about_an_unknown_account_is_kept_once_and_listed_by_the_doctor(
    platform: Platform, stripe: StripeServer
) -> None:
    webhook = stripe.webhook("account.updated", {"id": "acct_x", "email": "ada@merchant.example"}, account="acct_x")
    for _ in range(2):
        answer = await tell(platform, stripe, webhook)
        assert answer.status_code == 200
        assert answer.json()["reason"] == "it is about no merchant here and is kept for the operators"
    # Other tests have kept other webhooks.
    id = json.loads(webhook)["id"]
    found = [raw.decode().event for raw in await platform.deps.history.read_back(UNMATCHED_WEBHOOKS, None, 9)]
    kept = [event for event in found if isinstance(event, WebhookReceived) and event.external_id == id]
    assert [(event.source, event.type, event.subject.kind) for event in kept] == [
        ("stripe", "account.updated", "PLATFORM")
    ]
    assert "ada@" not in kept[0].body
    (listed,) = [line for line in await unmatched_webhooks(platform.deps.history) if id in line]
    assert listed.endswith(f" UTC, stripe, account.updated, {id}")


async def test_a_webhook_that_comes_before_the_read_model_knows_its_account_changes_the_account_once(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    known = await platform.event_count()
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    stripe.accounts[account_id].update(charges_enabled=True, details_submitted=True)
    body = stripe.webhook("account.updated", {"id": account_id}, account=account_id)
    notice = StripeWebhooks([SECRET], live=False, clock=FixedClock()).read_body(body.decode())
    assert notice is not None
    await platform.bus.dispatch(
        ReceiveUnmatchedWebhook(source="stripe", external_id=notice.external_id, type=notice.type, body=body.decode()),
        Context(command_id=command_of("stripe", notice.external_id), correlation_id=uuid4()),
    )
    assert any(notice.external_id in line for line in await unmatched_webhooks(platform.deps.history))
    await _handle(platform, [a_policy(platform)], known)
    await _handle(platform, [a_policy(platform)], known)
    view = await merchant_by_id(platform.deps.reader, owner.id, scope=SYSTEM)
    assert view is not None
    assert view.stripe is not None
    assert view.stripe.charges_enabled
    told = [raw.type for raw in await platform.deps.history.read_back(owner.id, None, 99)]
    assert told.count("inbox.webhook_received.v2") == 1
    assert not any(notice.external_id in line for line in await unmatched_webhooks(platform.deps.history))
    # Stripe delivers it again, to a platform that knows the account now.
    assert (await tell(platform, stripe, body)).json() == {"received": True}
    assert [raw.type for raw in await platform.deps.history.read_back(owner.id, None, 99)] == told


async def test_the_platforms_own_webhooks_have_their_own_address_and_secret_and_are_kept_for_their_merchant(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    address, about = "/webhooks/payments/stripe-platform", {"id": "sub_1", "metadata": {"merchant_id": str(owner.id)}}
    webhook = {"id": f"evt_{owner.id}", "type": "customer.subscription.updated", "livemode": False}
    body = json.dumps(webhook | {"data": {"object": about | {"customer_email": "ada@merchant.example"}}}).encode()
    refused = await platform.client.post(address, content=body, headers={"stripe-signature": stripe.sign(body)})
    assert refused.status_code == 400
    for _ in range(2):
        signature = {"stripe-signature": stripe.sign(body, PLATFORM_SECRET)}
        answer = await platform.client.post(address, content=body, headers=signature)
        assert answer.json() == {"received": True}
    received = [
        event
        async for batch in platform.log.scan()
        for raw in batch
        if isinstance(event := raw.decode().event, WebhookReceived) and event.source == "stripe-platform"
    ]
    assert [event.subject.id for event in received] == [owner.id]
    assert "ada@" not in received[0].body
    unknown = body.replace(str(owner.id).encode(), str(uuid4()).encode())
    signature = {"stripe-signature": stripe.sign(unknown, PLATFORM_SECRET)}
    answer = await platform.client.post(address, content=unknown, headers=signature)
    assert "about no merchant here" in answer.json()["reason"]


async def test_the_log_keeps_nothing_about_the_shopper_of_a_payment(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    store_id = await platform.stocked_store(owner)
    paid = {
        "id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1", "payment_status": "paid", "amount_total": 100,
        "currency": "usd", "metadata": {"order_id": str(uuid4()), "store_id": str(store_id), "platform_fee": "5"},
        "customer_details": {"name": "Ada Shopper", "email": "ada@shopper.example"},
    }  # fmt: skip
    await tell(platform, stripe, stripe.webhook("checkout.session.completed", paid, account="acct_1"))
    received = [
        raw.decode().event
        async for batch in platform.log.scan()
        for raw in batch
        if isinstance(raw.decode().event, WebhookReceived)
    ][-1]
    assert isinstance(received, WebhookReceived)
    assert "Ada" not in received.body
    assert json.loads(received.body)["data"]["object"]["amount_total"] == 100


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://", "nowhere", "https://a.example/" + "x" * 2_000])
async def test_an_address_that_is_none_is_refused(platform: Platform, owner: Merchant, url: str) -> None:
    refused = await platform.ask(CONNECT, {"input": {"returnUrl": url}}, by=owner)
    assert [error["field"] for error in refused["userErrors"]] == ["returnUrl"]


async def test_a_refusal_by_stripe_is_reported_and_another_try_goes_on(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    await platform.ask(CONNECT, BACK, by=owner)
    stripe.failing = 400
    refused = await platform.ask(CHECK, by=owner)
    assert refused["userErrors"][0]["message"] == "Stripe refused the request: Stripe has a bad day."
    assert (await platform.ask(CHECK, by=owner))["userErrors"] == []


async def begin_link(platform: Platform, owner: Merchant) -> str:
    """Go to Stripe's page for existing accounts and return the state that comes back."""
    begun = await platform.ask(LINK, {"input": {"redirectUrl": "https://dashboard.example/linked"}}, by=owner)
    assert begun["userErrors"] == []
    page = urlsplit(begun["authorizeUrl"])
    parameters = dict(parse_qsl(page.query))
    assert (page.hostname, parameters["client_id"], parameters["scope"]) == ("connect.stripe.com", "ca_1", "read_write")
    assert parameters["redirect_uri"] == "https://dashboard.example/linked"
    return str(parameters["state"])


def granted(stripe: StripeServer, account_id: str, **changes: Any) -> str:
    """Let a merchant say yes on Stripe's page, and return the code."""
    stripe.accounts.setdefault(account_id, {"id": account_id, "charges_enabled": True, "payouts_enabled": True})
    code = f"ac_{len(stripe.requests)}"
    secrets = {"access_token": "sk_test_of_the_merchant", "refresh_token": "rt_1", "token_type": "bearer"}
    stripe.codes[code] = {"stripe_user_id": account_id, "livemode": False, "scope": "read_write"} | secrets | changes
    return code


async def finish(platform: Platform, owner: Merchant, **input: Any) -> Any:
    """Come back from Stripe's page for existing accounts."""
    return await platform.ask(FINISH, {"input": input}, by=owner)


async def test_a_merchant_links_an_account_that_they_have_and_gives_the_access_back(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    state = await begin_link(platform, owner)
    linked = await finish(platform, owner, state=state, code=granted(stripe, "acct_had"))
    assert linked["userErrors"] == []
    assert linked["stripeAccount"] == {"accountId": "acct_had", "link": "EXISTING", "chargesEnabled": True}
    again = await finish(platform, owner, state=state, code=granted(stripe, "acct_had"))
    assert again["userErrors"][0]["field"] == "state"
    assert "used already" in again["userErrors"][0]["message"]
    questions = await platform.ask(CONNECT, BACK, by=owner)
    assert questions["userErrors"][0]["code"] == "ANSWERS_IN_DASHBOARD"
    await platform.ask(DISCONNECT, by=owner)
    assert stripe.deauthorized[-1] == "acct_had"
    raw = [raw async for batch in platform.log.scan() for raw in batch]
    assert not any(b"sk_test_of_the_merchant" in each.data for each in raw)


async def test_a_state_counts_for_its_merchant_and_for_half_an_hour(
    platform: Platform, stripe: StripeServer, owner: Merchant, clock: FixedClock
) -> None:
    state, code = await begin_link(platform, owner), granted(stripe, "acct_late")
    stranger = await platform.merchant()
    for by, sent in ((stranger, state), (owner, state[:-2]), (owner, "nonsense")):
        refused = await finish(platform, by, state=sent, code=code)
        assert [error["field"] for error in refused["userErrors"]] == ["state"]
    assert code in stripe.codes
    denied = await finish(platform, owner, state=state, error="access_denied")
    assert denied["userErrors"][0]["code"] == "CONSENT_DENIED"
    late = await begin_link(platform, owner)
    clock.advance(timedelta(minutes=31))
    fresh = replace(owner, token=(await log_in(platform, owner)))
    refused = await finish(platform, fresh, state=late, code=code)
    assert [error["field"] for error in refused["userErrors"]] == ["state"]
    assert (await account_of(platform, fresh))["stripeAccountId"] is None


async def log_in(platform: Platform, owner: Merchant) -> str:
    """Return a new access token."""
    query = "mutation ($input: LogInInput!) { logIn(input: $input) { accessToken userErrors { code } } }"
    session = await platform.ask(query, {"input": {"email": owner.email, "password": PASSWORD}})
    token: str = session["accessToken"]
    return token


@pytest.mark.parametrize(
    ("changes", "code"), [({"livemode": True}, "WRONG_MODE"), ({"scope": "read_only"}, "ACCESS_TOO_NARROW")]
)
async def test_access_that_cannot_be_used_is_given_back(
    platform: Platform, stripe: StripeServer, owner: Merchant, changes: dict[str, Any], code: str
) -> None:
    state = await begin_link(platform, owner)
    refused = await finish(platform, owner, state=state, code=granted(stripe, f"acct_{code}", **changes))
    assert [error["code"] for error in refused["userErrors"]] == [code]
    assert stripe.deauthorized[-1] == f"acct_{code}"
    assert (await account_of(platform, owner))["stripeAccountId"] is None


async def test_an_account_of_another_merchant_is_refused_and_stays_theirs(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    first = await finish(platform, owner, state=await begin_link(platform, owner), code=granted(stripe, "acct_shared"))
    assert first["userErrors"] == []
    stranger = await platform.merchant()
    state = await begin_link(platform, stranger)
    refused = await finish(platform, stranger, state=state, code=granted(stripe, "acct_shared"))
    assert refused["userErrors"][0]["code"] == "ACCOUNT_OF_ANOTHER_MERCHANT"
    assert "acct_shared" not in stripe.deauthorized
    wrong = await finish(platform, stranger, state=await begin_link(platform, stranger), code="ac_unknown")
    assert wrong["userErrors"][0]["code"] == "PAYMENT_PROVIDER_REFUSED"


async def test_a_merchant_comes_back_to_the_dashboard_which_says_what_is_missing_and_leads_on(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    connected = await platform.ask(CONNECT, {"input": {}}, by=owner)
    account_id = connected["stripeAccount"]["accountId"]
    sent = next(form for _, path, form in reversed(stripe.requests) if path == "v2/core/account_links")
    ways = sent["use_case"]["account_onboarding"]
    assert ways["return_url"] == "http://gateway.localhost/dashboard/integrations/stripe/return"
    assert ways["refresh_url"] == "http://gateway.localhost/dashboard/integrations/stripe/refresh"
    pages = "/dashboard/integrations"
    async with a_dashboard(platform, owner) as dashboard:
        stripe.accounts[account_id]["requirements"] = {"currently_due": ["external_account"], "past_due": []}
        back = await dashboard.client.get(f"{pages}/stripe/return", follow_redirects=True)
        assert "Add the bank account that Stripe pays out to." in back.text
        assert "Cannot be paid yet" in back.text
        assert account_id in await dashboard.get(f"{pages}/stripe/refresh")
        stripe.accounts[account_id] |= {"charges_enabled": True, "payouts_enabled": False}
        held = await dashboard.change(pages, f"{pages}/stripe/check")
        wizard = await dashboard.get("/dashboard/stores/new/payments?niche=lamps")
        for page in (held, wizard):
            assert "Payouts are off" in page
            assert "You can sell. Stripe holds your money until you do this:" in page
            assert "Add the bank account that Stripe pays out to." in page
            assert "Answer Stripe’s questions" in page
            assert "You can be paid" not in page
        stripe.accounts[account_id] |= {"requirements": None}
        await dashboard.change(pages, f"{pages}/stripe/check")
        assert "until it turns payouts on." in await dashboard.get("/dashboard/stores/new/payments?niche=lamps")
        stripe.accounts[account_id] |= {"payouts_enabled": True}
        assert "You can be paid" in await dashboard.change(pages, f"{pages}/stripe/check")
        assert "pays out to your bank" in await dashboard.get("/dashboard/stores/new/payments?niche=lamps")
        assert (await account_of(platform, owner))["stripeOnboarded"] is True
        stripe.failing = 400
        refused = await dashboard.submit(pages, f"{pages}/stripe/check")
        stripe.failing = 0
        assert refused.status_code in {409, 422, 503}
        gone = await dashboard.change(pages, f"{pages}/stripe/disconnect")
        assert "Choose one way" in gone
        asked = await dashboard.submit(pages, f"{pages}/stripe/link")
        assert "connect.stripe.com" in asked.text
        denied = await dashboard.client.get(f"{pages}/stripe/linked?state=forged&code=ac_1")
        assert denied.status_code == 422
        assert "This way back from Stripe was used already, is too old, or began in another account." in denied.text
        key = await dashboard.submit(pages, f"{pages}/stripe/key", {"secretKey": "sk_live_whole"})
        assert key.status_code == 422
        assert "sk_live_whole" not in key.text
        assert "Restricted key cannot be used: it is not a restricted key." in key.text


async def test_a_merchant_sells_with_an_own_key_and_replaces_it(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    keys = ["rk_test_first", "rk_test_second", "rk_test_of_another_account"]
    for key, account_id in zip(keys, ("acct_own", "acct_own", "acct_strange"), strict=True):
        stripe.accounts[account_id] = {"id": account_id, "object": "account", "charges_enabled": True}
        stripe.keys[key] = (account_id, frozenset())
    stripe.keys["rk_test_weak"] = ("acct_own", frozenset({"disputes"}))
    refused = await platform.ask(USE_KEY, {"input": {"secretKey": "rk_test_weak"}}, by=owner)
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [("KEY_REFUSED", "secretKey")]
    assert "Disputes: write" in refused["userErrors"][0]["message"]

    used = await platform.ask(USE_KEY, {"input": {"secretKey": keys[0]}}, by=owner)
    assert used["stripeAccount"] == {"accountId": "acct_own", "link": "OWN_KEY", "chargesEnabled": True}
    (first,) = stripe.endpoints
    path = f"stripe/{owner.id}"
    assert stripe.endpoints[first] == f"http://gateway.localhost/webhooks/payments/{path}"
    stripe.accounts["acct_own"]["charges_enabled"] = False
    webhook = {"id": "evt_own_1", "type": "account.updated", "livemode": False, "data": {"object": {"id": "acct_own"}}}
    body = json.dumps(webhook).encode()
    assert (await tell(platform, stripe, body, path=path)).status_code == 400, "another endpoint's secret"
    assert (await tell(platform, stripe, body, path=f"stripe/{uuid4()}")).status_code == 404
    assert (await tell(platform, stripe, body, path=path, secret=f"whsec_of_{first}")).json() == {"received": True}
    assert (await account_of(platform, owner))["stripeOnboarded"] is False

    async with a_dashboard(platform, owner) as dashboard:
        assert "Replace the key" in await dashboard.get("/dashboard/integrations")
    stripe.accounts["acct_own"]["charges_enabled"] = True
    replaced = await platform.ask(USE_KEY, {"input": {"secretKey": keys[1]}}, by=owner)
    assert replaced["stripeAccount"]["chargesEnabled"] is True
    (second,) = stripe.endpoints
    for number, endpoint in enumerate((first, second)):
        late = json.dumps(webhook | {"id": f"evt_late_{number}"}).encode()
        answer = await tell(platform, stripe, late, path=path, secret=f"whsec_of_{endpoint}")
        assert answer.json() == {"received": True}, "a late delivery of the endpoint before still counts"
    other = await platform.ask(USE_KEY, {"input": {"secretKey": keys[2]}}, by=owner)
    assert other["userErrors"][0]["code"] == "OTHER_ACCOUNT_CONNECTED"
    stranger = await platform.merchant()
    taken = await platform.ask(USE_KEY, {"input": {"secretKey": keys[1]}}, by=stranger)
    assert taken["userErrors"][0]["code"] == "ACCOUNT_OF_ANOTHER_MERCHANT"

    await platform.ask(DISCONNECT, by=owner)
    assert not stripe.endpoints
    assert (await tell(platform, stripe, body, path=path, secret=f"whsec_of_{second}")).status_code == 404
    raw = [raw async for batch in platform.log.scan() for raw in batch]
    assert not any(secret in each.data for each in raw for secret in (b"rk_test", b"whsec"))


async def test_taxes_are_left_to_stripe_only_if_the_account_is_set_up_and_registered(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    store_id = str(await platform.stocked_store(owner))
    computed = {"input": {"storeId": store_id, "mode": "AT_PAYMENT", "code": "txcd_20030000"}}
    refused = await platform.ask(SET_TAXES, computed, by=owner)
    assert refused["userErrors"][0]["code"] == "NO_ACCOUNT_CONNECTED"
    await platform.ask(CONNECT, BACK, by=owner)
    pending = {"pending": {"missing_fields": ["head_office.address"]}}
    stripe.tax_settings = {"status": "pending", "status_details": pending}
    refused = await platform.ask(SET_TAXES, computed, by=owner)
    assert refused["userErrors"][0]["code"] == "TAXES_NOT_READY"
    assert "head_office.address" in refused["userErrors"][0]["message"]
    stripe.tax_settings = {"status": "active", "status_details": {}}
    refused = await platform.ask(SET_TAXES, computed, by=owner)
    assert "add a registration" in refused["userErrors"][0]["message"]
    stripe.tax_registrations = ["DE"]
    taxes = (await platform.ask(SET_TAXES, computed, by=owner))["store"]["taxes"]
    assert taxes == {"mode": "AT_PAYMENT", "included": False, "code": "txcd_20030000", "rates": []}
    stated = {"storeId": store_id, "mode": "INCLUSIVE", "rates": [{"country": "DE", "percent": "5.5"}]}
    taxes = (await platform.ask(SET_TAXES, {"input": stated}, by=owner))["store"]["taxes"]
    assert [(rate["country"], float(rate["percent"])) for rate in taxes["rates"]] == [("DE", 5.5)]
    wrong = stated | {"rates": [{"country": "DE", "percent": "5.555"}]}
    refused = await platform.ask(SET_TAXES, {"input": wrong}, by=owner)
    assert refused["userErrors"][0]["field"] == "rates.0.percent"


async def test_a_dispute_of_a_refunded_order_is_answered_with_the_refund_and_nothing_is_paid_twice(
    platform: Platform, stripe: StripeServer, owner: Merchant
) -> None:
    store_id = await platform.stocked_store(owner, refund_policy="Returns\n\nWithin 14 days.")
    account_id = (await platform.ask(CONNECT, BACK, by=owner))["stripeAccount"]["accountId"]
    stripe.accounts[account_id] |= {"charges_enabled": True, "details_submitted": True}
    await platform.ask(CHECK, by=owner)
    order_id = await an_order(platform, owner, store_id)
    async with stripe_client("sk_test_1", api_base=stripe.address) as client:
        refunds = StripeRefunds(client)
        policies = (
            a_policy(platform, reports=(refunds, StripeReports(client))),
            RefundPolicy(
                BusDispatch(platform.bus), EventLogAggregates(platform.log), {"stripe": refunds}, platform.clock
            ),
        )

        async def hear(type: str, about: dict[str, Any], number: int = 0) -> None:
            body = stripe.webhook(type, about, account=account_id, number=number)
            assert (await tell(platform, stripe, body, policies=policies)).json() == {"received": True}

        session = await StripeCheckout(client, account_id).open_session(await _payment_of(platform, order_id))
        page = {"provider": "stripe", "session_id": session.session_id, "account_id": account_id}
        await platform.send(OpenPaymentSession(order_id=order_id, **page))
        paid = stripe.paid(session.session_id)
        await hear("checkout.session.completed", paid)
        before = await platform.event_count()
        asked = await change(platform, owner, "refundOrder", REFUND, orderId=str(order_id), reason="Too late")
        assert asked["userErrors"] == []
        await _handle(platform, policies, before)
        assert [refund["payment_intent"] for refund in stripe.refunds.values()] == [paid["payment_intent"]]

        total = paid["amount_total"]
        taken = {"amount": -total, "fee": 1500, "currency": "usd", "net": -total - 1500}
        stripe.disputes["du_back"] = {
            "id": "du_back", "object": "dispute", "amount": total, "currency": "usd", "reason": "credit_not_processed",
            "payment_intent": paid["payment_intent"], "status": "needs_response", "balance_transactions": [taken],
            "evidence_details": {"due_by": int((platform.clock.now() + timedelta(days=7)).timestamp())},
        }  # fmt: skip
        # Repeated, and out of order: Stripe is asked each time.
        for number, type in enumerate(("funds_withdrawn", "created", "created")):
            await hear(f"charge.dispute.{type}", stripe.disputes["du_back"], number)
        order = await platform.ask(DISPUTED, {"id": str(order_id)}, by=owner)
        assert [refund["status"] for refund in order["refunds"]] == ["SUCCEEDED"]
        (dispute,) = order["disputes"]
        assert (dispute["status"], dispute["takenMoney"]["amountMinor"]) == ("NEEDS_RESPONSE", total)
        record = next(each["text"] for each in dispute["evidence"]["texts"] if each["field"] == "RECORD")
        assert "refunded" in record
        again = await change(platform, owner, "refundOrder", REFUND, orderId=str(order_id), reason="Again")
        assert again["userErrors"]
        stripe.disputes["du_back"] |= {
            "status": "won",
            "balance_transactions": [taken, {"amount": total, "fee": 0, "currency": "usd", "net": total}],
        }
        await hear("charge.dispute.closed", stripe.disputes["du_back"])
    order = await platform.ask(DISPUTED, {"id": str(order_id)}, by=owner)
    assert [(each["status"], each["takenMoney"]["amountMinor"]) for each in order["disputes"]] == [("WON", 0)]
    assert len(stripe.refunds) == 1
    found = await check_ledger(platform.log, platform.deps.reader, catch_up_seconds=0)
    assert not any(str(store_id) in each for each in found.differences)


async def _payment_of(platform: Platform, order_id: UUID) -> PaymentRequest:
    """Return what Stripe is asked when an order's shopper goes to pay."""
    order = await EventLogAggregates(platform.log).get(ORDER, order_id)
    return PaymentRequest(
        order_id=order_id,
        order_number=order.number,
        store_id=order.store_id,
        store_name="Neon Haven",
        lines=order.lines,
        shipping=order.shipping,
        total=order.total,
        platform_fee=order.total.basis_points(500),
        success_url="http://shop.test/success",
        cancel_url="http://shop.test/unpaid",
        expires_at=platform.clock.now() + PAY_WITHIN,
        idempotency_key=f"checkout:{order_id}",
    )
