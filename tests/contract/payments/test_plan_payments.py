"""Merchants pay the platform through the sandbox or Stripe, and both say how a subscription stands."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import httpx
import pytest
from stripe import StripeClient

from commands.inbox import ReceiveAccountWebhook
from commands.merchant import RegisterMerchant
from commands.subscription import RecordSubscription, SoldPlans
from consumers.policies.plans import PlansPolicy
from domain.inbox.events import WebhookReceived
from domain.order.ports import InvalidSignature, UnusableWebhook
from domain.subscription.aggregate import SUBSCRIPTION, Contract, Subscription, subscription_of
from domain.subscription.entitlement import PlanState, entitlement
from domain.subscription.plans import DEFAULT, read_plans
from domain.subscription.ports import PlanCheckout, PlanNotice, PlanPortal
from infra.adapters.payments.sandbox_plans import NAME, Action, SandboxPlans
from infra.adapters.payments.stripe.client import StripeRefused
from infra.adapters.payments.stripe.plans import StripePlans
from infra.retry import RetryPolicy
from infra.sandbox.payments.plans import sandbox_plan_app
from tests.support.builders.samples import sealed
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.write_side import Platform
from tests.support.servers.stripe import StripeServer
from tests.unit.commands.test_plan_limits import Before

MERCHANT = UUID(int=7)
PLANS = read_plans(DEFAULT.read_text().replace('stripe_price = ""', 'stripe_price = "price_1"'))
CHECKOUT = PlanCheckout(
    merchant_id=MERCHANT,
    email="ada@shop.example",
    plan=PLANS.plan("store-builder"),
    customer_id=None,
    success_url="https://dashboard.example/plan",
    cancel_url="https://dashboard.example/plans",
    idempotency_key="plan:7:1",
)
SECRET = b"a secret that only tests know"


def sandbox(clock: FixedClock) -> SandboxPlans:
    return SandboxPlans(SECRET, page_url="http://127.0.0.1:8090/plan", clock=clock)


async def subscription_at(server: StripeServer, client: StripeClient) -> Subscription:
    """Return what the log would have after Stripe was asked now."""
    platform = Platform(sold=SoldPlans(plans=PLANS, counter=Before()))
    found = await StripePlans(client, PLANS, server.clock).subscription(PlanNotice(subscription_id="sub_1", body=""))
    assert found is not None
    assert found.merchant_id == MERCHANT
    await platform.send(RegisterMerchant(merchant_id=MERCHANT, email=sealed(MERCHANT), name=None))
    await platform.send(RecordSubscription(merchant_id=MERCHANT, report=found.report))
    return await platform.get(SUBSCRIPTION, subscription_of(MERCHANT))


async def test_a_failure_that_stripe_repeats_keeps_no_merchant_from_a_plan(
    stripe: StripeServer, client: StripeClient
) -> None:
    stripe.stuck = 500
    assert await StripePlans(client, PLANS, stripe.clock).checkout_url(CHECKOUT)
    assert len(stripe.subscriptions) == 1


async def test_stripes_description_allows_every_request_about_plans(checked: StripeClient) -> None:
    plans = StripePlans(checked, PLANS, FixedClock())
    assert await plans.checkout_url(CHECKOUT)
    assert await plans.checkout_url(replace(CHECKOUT, customer_id="cus_1", idempotency_key="plan:7:2"))
    assert await plans.portal_url(portal("cus_1"))
    assert (await plans.end(portal("cus_1"))).subscription_id
    # Its subscription is an example of no merchant here.
    assert await plans.subscription(PlanNotice(subscription_id="sub_1", body="")) is None


def portal(customer_id: str) -> PlanPortal:
    now = FixedClock().now()
    return PlanPortal(
        merchant_id=MERCHANT,
        subscription_id="sub_1",
        contract=Contract(customer_id=customer_id, plan="store-builder", began_at=now, period_ends_at=now, as_of=now),
        plan=PLANS.plan("store-builder"),
        return_url="https://dashboard.example/plan",
    )


async def test_a_checkout_at_stripe_names_the_merchant_and_the_price(
    stripe: StripeServer, client: StripeClient
) -> None:
    plans = StripePlans(client, PLANS, stripe.clock)
    url = await plans.checkout_url(CHECKOUT)
    assert await plans.checkout_url(CHECKOUT) == url, "one page for one key"
    form = stripe.requests[0][2]
    assert (form["mode"], form["line_items[0][price]"], form["customer_email"]) == (
        "subscription",
        "price_1",
        "ada@shop.example",
    )
    assert form["subscription_data[metadata][merchant_id]"] == str(MERCHANT)
    assert await plans.portal_url(portal("cus_9")) == "https://billing.stripe.com/p/session/cus_9"
    free = replace(CHECKOUT, plan=PLANS.plan("free"))
    with pytest.raises(StripeRefused, match="has no stripe_price"):
        await plans.checkout_url(free)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, PlanState.ACTIVE),
        ({"status": "trialing"}, PlanState.ACTIVE),
        ({"status": "past_due"}, PlanState.PAST_DUE),
        ({"status": "unpaid"}, PlanState.PAST_DUE),
        ({"cancel_at_period_end": True}, PlanState.CANCELLED),
        ({"status": "canceled", "ended_at": 1_795_435_200}, PlanState.FREE),
        (
            {
                "status": "canceled",
                "ended_at": 1_795_435_200,
                "cancellation_details": {"reason": "payment_failed"},
            },
            PlanState.SUSPENDED,
        ),
    ],
)
async def test_each_status_at_stripe_is_a_state_here(
    stripe: StripeServer, client: StripeClient, changes: dict[str, object], state: PlanState
) -> None:
    await StripePlans(client, PLANS, stripe.clock).checkout_url(CHECKOUT)
    stripe.subscriptions["sub_1"] |= changes
    subscription = await subscription_at(stripe, client)
    now = entitlement(subscription, PLANS, now=stripe.clock.now() + timedelta(days=1))
    assert now.state is state


async def test_a_subscription_that_never_began_or_is_unknown_is_nothing(
    stripe: StripeServer, client: StripeClient
) -> None:
    plans = StripePlans(client, PLANS, stripe.clock)
    await plans.checkout_url(CHECKOUT)
    stripe.subscriptions["sub_1"]["status"] = "incomplete"
    assert await plans.subscription(PlanNotice(subscription_id="sub_1", body="")) is None
    with pytest.raises(StripeRefused):
        await plans.subscription(PlanNotice(subscription_id="sub_2", body=""))


async def life_at_sandbox(clock: FixedClock) -> list[str]:
    """Return the webhooks of a plan that is bought, not paid, paid, cancelled, resumed and ended."""
    plans = sandbox(clock)
    page = plans.read_page((await plans.checkout_url(CHECKOUT)).rsplit("/", 1)[1])
    bodies = []
    for action in (Action.SUBSCRIBE, Action.FAIL, Action.PAY, Action.CANCEL, Action.RESUME, Action.END):
        body = plans.webhook(page, action)
        bodies.append(body)
        found = await plans.subscription(PlanNotice(subscription_id="", body=body))
        assert found is not None
        page = replace(page, subscription=found, begun=True)
        clock.advance(timedelta(days=1))
    return bodies


async def deliver(platform: Platform, plans: SandboxPlans, body: str) -> None:
    """Do what the gateway and the plans policy do with a webhook."""
    signed = plans.sign_webhook(body)
    notice = plans.read_webhook(body.encode(), signed)
    assert notice is not None
    assert notice.merchant_id is not None
    before = len(platform.log.raw)
    command = ReceiveAccountWebhook(
        source=NAME,
        external_id=notice.external_id,
        type=notice.type,
        merchant_id=notice.merchant_id,
        body=plans.recordable(body),
    )
    await platform.send(command)
    policy = PlansPolicy(platform, {NAME: plans}, plans, asking=RetryPolicy(attempts=1, first_pause=0.0))
    for raw in platform.log.raw[before:]:
        envelope = raw.decode()
        if isinstance(envelope.event, WebhookReceived):
            await policy(envelope)
            await policy(envelope)


async def test_webhooks_in_every_order_and_twice_end_in_the_same_state() -> None:
    bodies = await life_at_sandbox(FixedClock())
    states = set()
    orders = list(permutations(bodies))
    for order in orders[::7]:
        platform = Platform(sold=SoldPlans(plans=PLANS, counter=Before()))
        plans = sandbox(platform.clock)
        await platform.send(RegisterMerchant(merchant_id=MERCHANT, email=sealed(MERCHANT), name=None))
        for body in (*order, order[0]):
            await deliver(platform, plans, body)
        subscription = await platform.get(SUBSCRIPTION, subscription_of(MERCHANT))
        states.add(str(sorted(subscription.contracts.items())))
    assert len(orders) == 720
    assert len(states) == 1


async def test_a_subscription_that_names_another_merchant_changes_nothing() -> None:
    platform = Platform(sold=SoldPlans(plans=PLANS, counter=Before()))
    plans = sandbox(platform.clock)
    await platform.send(RegisterMerchant(merchant_id=MERCHANT, email=sealed(MERCHANT), name=None))
    (body, *_) = await life_at_sandbox(FixedClock())
    command = ReceiveAccountWebhook(
        source=NAME, external_id="evt_1", type="x", merchant_id=UUID(int=99), body=plans.recordable(body)
    )
    await platform.send(RegisterMerchant(merchant_id=UUID(int=99), email=sealed(MERCHANT), name=None))
    await platform.send(command)
    before = len(platform.log.raw)
    policy = PlansPolicy(platform, {NAME: plans}, plans, asking=RetryPolicy(attempts=1, first_pause=0.0))
    await policy(platform.log.raw[-1].decode())
    assert len(platform.log.raw) == before


async def test_a_webhook_of_another_party_or_shape_is_refused() -> None:
    clock = FixedClock()
    plans = sandbox(clock)
    (first, *_) = await life_at_sandbox(FixedClock())
    other = SandboxPlans(b"another secret of sixteen", page_url="http://x", clock=clock)
    with pytest.raises(InvalidSignature):
        plans.read_webhook(first.encode(), other.sign_webhook(first))
    with pytest.raises(UnusableWebhook):
        plans.read_webhook(b"{}", plans.sign_webhook("{}"))
    with pytest.raises(InvalidSignature):
        plans.read_page((await other.checkout_url(CHECKOUT)).rsplit("/", 1)[1])


async def test_the_sandboxs_page_sends_the_webhook_and_leads_back() -> None:
    clock, sent = FixedClock(), list[httpx.Request]()

    def receive(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    plans = sandbox(clock)
    app = sandbox_plan_app(plans, webhook_url="http://gateway/hook", transport=httpx.MockTransport(receive))
    token = (await plans.checkout_url(CHECKOUT)).rsplit("/", 1)[1]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as browser:
        page = await browser.get(f"/{token}")
        assert "$29.00" in page.text
        done = await browser.post(f"/{token}", data={"action": "subscribe"})
        assert (done.status_code, done.headers["location"]) == (303, CHECKOUT.success_url)
        assert (await browser.post(f"/{token}", data={"action": "end"})).status_code == 400
        assert (await browser.get("/forged.token")).status_code == 404
    (request,) = sent
    notice = plans.read_webhook(request.content, request.headers["sandbox-signature"])
    assert notice is not None
    assert notice.merchant_id == MERCHANT


async def test_a_plan_ends_at_once_and_once(stripe: StripeServer, client: StripeClient) -> None:
    plans = StripePlans(client, PLANS, stripe.clock)
    await plans.checkout_url(CHECKOUT)
    ended = await plans.end(portal("cus_1"))
    assert ended.ended_at == stripe.clock.now().replace(microsecond=0)
    assert isinstance(stripe.clock, FixedClock)
    stripe.clock.advance(timedelta(minutes=1))
    again = await plans.end(portal("cus_1"))
    assert again.ended_at == ended.ended_at, "a request after a crash finds it ended"
    with pytest.raises(StripeRefused, match="No such subscription"):
        await plans.end(replace(portal("cus_1"), subscription_id="sub_9"))
    clock = FixedClock()
    there = sandbox(clock)
    assert (await there.end(portal("cus_1"))).ended_at == clock.now()
