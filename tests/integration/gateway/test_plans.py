"""A merchant's plan through the API: limits before they bite, refusals, checkout, portal and webhooks of the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.bus import CommandBus
from commands.ports import ConcurrencyConflict, Context
from commands.reactions import BusDispatch
from commands.store import RequestStore
from commands.subscription import EndGrace, SoldPlans
from consumers.policies.plans import PlansPolicy
from domain.store.events import Preferences
from domain.subscription.errors import PlanLimitReached
from domain.subscription.plans import DEFAULT, Limit, read_plans
from infra.adapters.payments.sandbox_plans import NAME, Action, SandboxPlans
from infra.adapters.postgres.usage import ReadModelUsage
from infra.bootstrap import handlers
from projections.merchants.plan_queries import merchants_past_grace, subscription_by_merchant
from projections.reading.scope import SYSTEM
from tests.integration.gateway.test_mutations import change
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform, a_platform
from tests.support.servers.databases import copied_database

CLOCK = FixedClock()
SANDBOX = SandboxPlans(b"a secret that only tests know", page_url="http://sandbox.test/plan", clock=CLOCK)
SHIPPED = read_plans(DEFAULT.read_text())
BUILDER = replace(SHIPPED.plan("store-builder"), limits={Limit.STORES: 2, Limit.PRODUCTS: 3})
PLANS = replace(SHIPPED, by_id={**SHIPPED.by_id, "store-builder": BUILDER})
ME = """query ($store: ID) { me { plan(storeId: $store) { id state trialEndsAt graceEndsAt shopsStayUntil cancelsAt
    limits { name used max left storeId } } } }"""
LINKS = {"successUrl": "https://dashboard.example/plan", "cancelUrl": "https://dashboard.example/plans"}


@pytest.fixture(scope="module")
async def shared_platform(postgres_dsn: str, template: str) -> AsyncIterator[Platform]:
    """A platform that sells plans."""
    async with (
        copied_database(postgres_dsn, template, "gateway_plans") as dsn,
        a_platform(dsn, clock=CLOCK, plans=PLANS, plan_payments=SANDBOX, payments={NAME: SANDBOX}) as whole,
    ):
        yield whole


async def plan(platform: Platform, by: Merchant, store_id: UUID | None = None) -> dict[str, Any]:
    await platform.barrier.catch_up()
    me = await platform.ask(ME, {"store": None if store_id is None else str(store_id)}, by=by)
    found: dict[str, Any] = me["plan"]
    return found


def used(plan: dict[str, Any]) -> dict[str, tuple[int, int | None]]:
    return {each["name"]: (each["used"], each["max"]) for each in plan["limits"]}


async def later(platform: Platform, owner: Merchant, time: timedelta) -> None:
    """Let time pass, and log in again: the session has ended."""
    CLOCK.advance(time)
    log_in = "mutation ($input: LogInInput!) { logIn(input: $input) { accessToken userErrors { message } } }"
    session = await platform.ask(log_in, {"input": {"email": owner.email, "password": PASSWORD}})
    assert session["userErrors"] == []
    owner.token = session["accessToken"]


async def act(platform: Platform, url: str, action: Action) -> None:
    """Press a button on a page of the sandbox: its webhook goes to the gateway, and from the log to the policy."""
    body = SANDBOX.webhook(SANDBOX.read_page(url.rsplit("/", 1)[1]), action)
    before = await platform.event_count()
    answer = await platform.client.post(
        f"/webhooks/payments/{NAME}", content=body, headers={"sandbox-signature": SANDBOX.sign_webhook(body)}
    )
    assert answer.json() == {"received": True}
    policy = PlansPolicy(BusDispatch(platform.bus), {NAME: SANDBOX}, SANDBOX)
    for raw in [raw async for batch in platform.log.scan() for raw in batch][before:]:
        await policy(raw.decode())
    await platform.barrier.catch_up()


async def test_a_plan_is_tried_bought_not_paid_and_cancelled(platform: Platform, owner: Merchant) -> None:
    offered = await platform.ask("query { plans { id name price currency limits { name max } } }", by=owner)
    assert [(each["id"], each["price"], each["currency"]) for each in offered] == [
        ("free", None, None),
        ("store-builder", "29.00", "USD"),
    ]
    before = await plan(platform, owner)
    assert (before["state"], before["trialEndsAt"]) == ("TRIAL", None)
    assert used(before) == {"STORES": (0, 2), "PRODUCTS": (0, 3), "GENERATIONS": (0, None), "TEAM_MEMBERS": (1, None)}
    store_id = await platform.stocked_store(owner, products=2)
    request = {"niche": "Desk lamps"}
    second = await change(platform, owner, "requestStore", "storeId", **request)
    assert not second["userErrors"]
    third = await change(platform, owner, "requestStore", "storeId", **request)
    assert third["userErrors"][0]["code"] == "PLAN_LIMIT_REACHED"
    assert "has 2 stores, you use 2" in third["userErrors"][0]["message"]
    trying = await plan(platform, owner, store_id)
    assert (trying["state"], trying["trialEndsAt"] is None) == ("TRIAL", False)
    assert used(trying)["STORES"] == (2, 2)
    assert used(trying)["PRODUCTS"] == (2, 3)
    assert used(trying)["GENERATIONS"] == (2, None)

    none = await change(platform, owner, "openPlanPortal", "url", returnUrl=LINKS["successUrl"])
    assert none["userErrors"][0]["code"] == "NOT_SUBSCRIBED"
    wrong = await change(platform, owner, "openPlanCheckout", "url", plan="free", **LINKS)
    assert (wrong["userErrors"][0]["code"], wrong["userErrors"][0]["field"]) == ("PLAN_NOT_FOR_SALE", "plan")
    bad = await change(
        platform, owner, "openPlanCheckout", "url", plan="store-builder", **LINKS | {"cancelUrl": "javascript:1"}
    )
    assert bad["userErrors"][0]["field"] == "cancelUrl"
    page = await change(platform, owner, "openPlanCheckout", "url", plan="store-builder", **LINKS)
    again = await change(platform, owner, "openPlanCheckout", "url", plan="store-builder", **LINKS)
    assert page["url"] == again["url"], "a second tab gets the same page"
    await act(platform, page["url"], Action.SUBSCRIBE)
    assert (await plan(platform, owner))["state"] == "ACTIVE"
    twice = await change(platform, owner, "openPlanCheckout", "url", plan="store-builder", **LINKS)
    assert twice["userErrors"][0]["code"] == "ALREADY_SUBSCRIBED"

    await later(platform, owner, timedelta(days=30))
    portal = await change(platform, owner, "openPlanPortal", "url", returnUrl=LINKS["successUrl"])
    await act(platform, portal["url"], Action.FAIL)
    late = await plan(platform, owner)
    assert (late["state"], late["graceEndsAt"] is None) == ("PAST_DUE", False)
    assert await merchants_past_grace(platform.deps.reader, CLOCK.now(), scope=SYSTEM) == ()
    await later(platform, owner, timedelta(days=15))
    assert await merchants_past_grace(platform.deps.reader, CLOCK.now(), scope=SYSTEM) == (owner.id,)
    await platform.send(EndGrace(merchant_id=owner.id))
    assert await merchants_past_grace(platform.deps.reader, CLOCK.now(), scope=SYSTEM) == ()
    suspended = await plan(platform, owner)
    assert (suspended["state"], suspended["shopsStayUntil"] is None) == ("SUSPENDED", False)
    refused = await change(platform, owner, "requestStore", "storeId", **request)
    assert refused["userErrors"][0]["code"] == "PLAN_SUSPENDED"

    portal = await change(platform, owner, "openPlanPortal", "url", returnUrl=LINKS["successUrl"])
    await act(platform, portal["url"], Action.PAY)
    assert (await plan(platform, owner))["state"] == "ACTIVE"
    await later(platform, owner, timedelta(minutes=1))
    portal = await change(platform, owner, "openPlanPortal", "url", returnUrl=LINKS["successUrl"])
    await act(platform, portal["url"], Action.CANCEL)
    cancelled = await plan(platform, owner)
    assert (cancelled["state"], cancelled["cancelsAt"] is None) == ("CANCELLED", False)
    await later(platform, owner, timedelta(days=31))
    assert (await plan(platform, owner))["id"] == "free"
    archived = await change(platform, owner, "archiveStore", "store { status }", storeId=str(store_id))
    assert archived["store"]["status"] == "ARCHIVED"
    assert used(await plan(platform, owner))["STORES"] == (1, 1)


async def test_the_dashboard_shows_the_plan_in_each_state_and_a_limit_before_it_bites(
    platform: Platform, owner: Merchant
) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        billing = await dashboard.get("/dashboard/billing")
        assert "The trial begins with your first shop." in billing
        checkout = await dashboard.submit(
            "/dashboard/billing", "/dashboard/billing/checkout", {"plan": "store-builder"}
        )
        assert "sandbox.test/plan/" in checkout.text, "a plan on trial can be subscribed to"
        await platform.store(owner)
        assert "all are used" not in await dashboard.get("/dashboard/stores/new")
        await platform.store(owner)
        new = await dashboard.get("/dashboard/stores/new")
        assert "Stores of your plan Store Builder: 2, and all are used." in new
        billing = await dashboard.get("/dashboard/billing")
        assert "You try it for free until" in billing
        assert billing.count("no plan allows more.") == 1
        assert "of 20,000,000" in billing, "budgets are shown beside their use"
        page = await change(platform, owner, "openPlanCheckout", "url", plan="store-builder", **LINKS)
        await act(platform, page["url"], Action.SUBSCRIBE)
        assert "It renews on" in await dashboard.get("/dashboard/billing")
        for action, said in (
            (Action.FAIL, "After that, new stores and generations are refused."),
            (Action.PAY, "It renews on"),
            (Action.CANCEL, "It is cancelled and ends on"),
        ):
            CLOCK.advance(timedelta(seconds=1))
            portal = await change(platform, owner, "openPlanPortal", "url", returnUrl=LINKS["successUrl"])
            await act(platform, portal["url"], action)
            billing = await dashboard.get("/dashboard/billing")
            assert said in billing
            assert billing.count("It renews on") == (action is Action.PAY)


async def test_of_a_hundred_requests_at_two_processes_for_the_last_store_one_is_accepted(
    platform: Platform, stranger: Merchant
) -> None:
    sold = SoldPlans(plans=PLANS, counter=ReadModelUsage(platform.deps.reader))
    buses = [CommandBus(platform.log, handlers(CLOCK, sold=sold)) for _ in range(2)]

    async def ask(n: int) -> bool:
        command = RequestStore(store_id=uuid4(), merchant_id=stranger.id, niche="Desk lamps", preferences=Preferences())
        context = Context(command_id=uuid4(), correlation_id=uuid4())
        while True:
            try:
                await buses[n % 2].dispatch(command, context)
            except PlanLimitReached:
                return False
            except ConcurrencyConflict:
                await asyncio.sleep(0)
            else:
                return True

    assert await ask(0)
    answers = await asyncio.gather(*(ask(n) for n in range(100)))
    assert answers.count(True) == 1
    assert used(await plan(platform, stranger))["STORES"] == (2, 2)


async def test_a_platform_without_plans_shows_none_and_sells_none(platform: Platform, stranger: Merchant) -> None:
    deps = platform.deps
    object.__setattr__(deps, "plans", None)
    try:
        assert (await platform.ask("query { me { plan { id } } }", by=stranger))["plan"] is None
        assert await platform.ask("query { plans { id } }", by=stranger) == []
        refused = await change(platform, stranger, "openPlanCheckout", "url", plan="store-builder", **LINKS)
        assert refused["userErrors"][0]["code"] == "PLANS_NOT_SOLD"
    finally:
        object.__setattr__(deps, "plans", PLANS)


async def test_the_plan_ends_with_the_account(platform: Platform, owner: Merchant) -> None:
    await platform.store(owner)
    page = await change(platform, owner, "openPlanCheckout", "url", plan="store-builder", **LINKS)
    await act(platform, page["url"], Action.SUBSCRIBE)
    exported = (await platform.ask("{ me { export } }", by=owner))["export"]
    assert "subscription.subscribed.v1" in {event["type"] for event in exported["events"]}
    CLOCK.advance(timedelta(seconds=1))
    gone = await change(platform, owner, "deleteAccount", "clientMutationId", password=PASSWORD)
    assert gone["userErrors"] == []
    await platform.barrier.catch_up()
    subscription = await subscription_by_merchant(platform.deps.reader, owner.id, scope=SYSTEM)
    assert subscription is not None
    assert subscription.current is not None
    assert subscription.current[1].ended_at == CLOCK.now()
