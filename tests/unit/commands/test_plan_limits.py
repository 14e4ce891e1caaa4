"""Limits of plans: refused with what is used and what to do, counted once, and absent where no plans are sold."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.bus import CommandBus
from commands.generation import ChooseNiche, CorrectNiche
from commands.merchant import RegisterMerchant
from commands.ports import ConcurrencyConflict, Context
from commands.product import AddProduct, ArchiveProduct
from commands.store import ArchiveStore, RequestStore
from commands.subscription import EndGrace, RecordSubscription, SoldPlans
from domain.kernel import NotFound
from domain.product.aggregate import PRODUCT
from domain.store.events import Preferences
from domain.subscription.aggregate import SUBSCRIPTION, Subscription, SubscriptionReport, subscription_of
from domain.subscription.entitlement import PlanState, Usage, entitlement
from domain.subscription.errors import PlanLimitReached, PlanSuspended
from domain.subscription.plans import DEFAULT, Limit, Plans, read_plans
from infra.bootstrap import handlers
from tests.support.builders.samples import dollars, listing, sealed
from tests.support.platforms.write_side import Platform, kinds

NOTHING = Usage()


class Before:
    """What merchants had before plans were sold."""

    def __init__(self, usage: Usage = NOTHING) -> None:
        self.usage = usage
        self.asked = 0

    async def count(self, merchant_id: UUID) -> Usage:
        self.asked += 1
        return self.usage


def plans(limits: Mapping[Limit, int], *, trial_days: int = 14) -> Plans:
    sold = read_plans(DEFAULT.read_text())
    builder = replace(sold.plan("store-builder"), limits=limits)
    return replace(sold, by_id={**sold.by_id, "store-builder": builder}, trial=timedelta(days=trial_days))


def selling(limits: Mapping[Limit, int], *, usage: Usage = NOTHING, trial_days: int = 14) -> Platform:
    return Platform(sold=SoldPlans(plans=plans(limits, trial_days=trial_days), counter=Before(usage)))


async def register(platform: Platform) -> None:
    merchant = platform.merchant_id
    await platform.send(RegisterMerchant(merchant_id=merchant, email=sealed(merchant), name=None))


def store(platform: Platform, id: UUID | None = None) -> RequestStore:
    return RequestStore(
        store_id=id or uuid4(), merchant_id=platform.merchant_id, niche="Desk lamps", preferences=Preferences()
    )


async def subscription(platform: Platform) -> Subscription:
    return await platform.get(SUBSCRIPTION, subscription_of(platform.merchant_id))


async def test_the_first_store_starts_the_trial_and_is_counted() -> None:
    platform = selling({Limit.STORES: 2})
    await register(platform)
    first = await platform.do(store(platform))
    assert kinds(first) == ["UsageCounted", "TrialStarted", "AllowanceUsed", "AllowanceUsed", "StoreRequested"]
    assert kinds(await platform.do(store(platform))) == ["AllowanceUsed", "AllowanceUsed", "StoreRequested"]


async def test_a_platform_that_sells_no_plans_counts_and_refuses_nothing() -> None:
    platform = Platform()
    await register(platform)
    for _ in range(10):
        assert kinds(await platform.do(store(platform))) == ["StoreRequested"]


async def test_a_store_above_the_limit_is_refused_with_limit_use_and_advice() -> None:
    platform = selling({Limit.STORES: 1})
    await register(platform)
    await platform.send(store(platform))
    before = len(platform.log.events)
    with pytest.raises(PlanLimitReached) as refused:
        await platform.send(store(platform))
    assert str(refused.value) == (
        "Your plan Store Builder has 1 store, you use 1, and this needs one more. "
        "Choose a larger plan (openPlanCheckout), or archive a store."
    )
    assert (refused.value.limit, refused.value.used, refused.value.most) == (Limit.STORES, 1, 1)
    assert len(platform.log.events) == before


async def test_an_archived_store_is_given_back_once() -> None:
    platform = selling({Limit.STORES: 2})
    await register(platform)
    await platform.send(store(platform, platform.store_id))
    await platform.send(store(platform))
    archive = ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id)
    assert kinds(await platform.do(archive)) == ["AllowanceReturned", "StoreArchived"]
    assert kinds(await platform.do(archive)) == []
    await platform.send(store(platform))
    assert (await subscription(platform)).use_of(Limit.STORES) == 2
    assert platform.sold is not None
    assert isinstance(platform.sold.counter, Before)
    assert platform.sold.counter.asked == 1, "the log counts from then on"


async def test_of_a_hundred_requests_at_once_for_the_last_store_one_is_accepted() -> None:
    platform = selling({Limit.STORES: 3})
    await register(platform)
    for _ in range(2):
        await platform.send(store(platform))
    other = CommandBus(platform.log, handlers(platform.clock, sold=platform.sold))

    async def ask(n: int) -> bool:
        bus = other if n % 2 else platform.bus
        while True:
            try:
                await bus.dispatch(store(platform), Context(command_id=UUID(int=n + 1), correlation_id=uuid4()))
            except PlanLimitReached:
                return False
            except ConcurrencyConflict:
                await asyncio.sleep(0)
            else:
                return True

    answers = await asyncio.gather(*(ask(n) for n in range(100)))
    assert answers.count(True) == 1
    assert kinds(platform.log.events).count("StoreRequested") == 3
    assert (await subscription(platform)).use_of(Limit.STORES) == 3


async def test_a_hundred_first_requests_at_once_count_what_was_there_before_once() -> None:
    platform = selling({Limit.STORES: 7}, usage=Usage(stores=4))
    await register(platform)
    outcomes = await asyncio.gather(*(platform.send(store(platform)) for _ in range(100)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in outcomes) == 3
    assert kinds(platform.log.events).count("UsageCounted") == 1
    assert kinds(platform.log.events).count("TrialStarted") == 1


async def test_generations_count_by_the_month() -> None:
    platform = selling({Limit.GENERATIONS: 1}, trial_days=90)
    await register(platform)
    await platform.send(store(platform))
    with pytest.raises(PlanLimitReached, match="1 generation a month, you use 1"):
        await platform.send(store(platform))
    platform.clock.advance(timedelta(days=31))
    await platform.send(store(platform))


async def test_a_store_that_is_made_again_counts_and_a_question_about_its_niche_does_not() -> None:
    platform = selling({Limit.GENERATIONS: 2})
    await platform.request()
    choose = ChooseNiche(generation_id=platform.generation_id, merchant_id=platform.merchant_id, niche="Cat toys")
    await platform.scout()
    await platform.finish()
    assert "AllowanceUsed" in kinds(await platform.do(choose))
    correct = CorrectNiche(
        generation_id=platform.generation_id,
        merchant_id=platform.merchant_id,
        things=["dog toys"],
        audience=None,
        setting=None,
        style=None,
    )
    with pytest.raises(PlanLimitReached):
        await platform.send(correct)


def lamp(platform: Platform) -> AddProduct:
    return AddProduct(
        product_id=uuid4(),
        store_id=platform.store_id,
        merchant_id=platform.merchant_id,
        title="Lamp",
        description="It glows.",
        cost=dollars("5.00"),
        price=dollars("20.00"),
        compare_at=None,
        stock=3,
        image_urls=[],
    )


async def test_products_count_by_store_until_they_are_archived() -> None:
    platform = selling({Limit.PRODUCTS: 2})
    await platform.request()
    await platform.send(lamp(platform))
    second = lamp(platform)
    await platform.send(second)
    with pytest.raises(PlanLimitReached, match="2 products in a store, you use 2"):
        await platform.send(lamp(platform))
    archive = ArchiveProduct(product_id=second.product_id, merchant_id=platform.merchant_id)
    assert kinds(await platform.do(archive)) == ["AllowanceReturned", "ProductArchived"]
    assert kinds(await platform.do(archive)) == []
    await platform.send(lamp(platform))


async def test_the_scout_imports_the_best_that_the_plan_has_room_for() -> None:
    platform = selling({Limit.PRODUCTS: 2})
    await platform.request()
    best, second, third = (listing(id) for id in ("S-1", "S-2", "S-3"))
    ids = await platform.scout(best, second, third)
    sources = {(await platform.get(PRODUCT, id)).source for id in ids}
    assert {source and source[1] for source in sources} == {"S-1", "S-2"}
    assert (await subscription(platform)).use_of(Limit.PRODUCTS, str(platform.store_id)) == 2


def report(platform: Platform, day: int, **changes: object) -> RecordSubscription:
    now = platform.clock.now()
    said = SubscriptionReport(
        subscription_id="sub_1",
        customer_id="cus_1",
        plan="store-builder",
        began_at=now,
        period_ends_at=now + timedelta(days=30),
        as_of=now + timedelta(days=day),
    )
    return RecordSubscription(merchant_id=platform.merchant_id, report=replace(said, **changes))  # type: ignore[arg-type]


async def test_an_unpaid_plan_refuses_new_stores_after_its_days_of_grace_only() -> None:
    platform = selling({Limit.STORES: 10})
    await register(platform)
    await platform.send(report(platform, 0))
    await platform.send(report(platform, 1, failed_since=platform.clock.now()))
    platform.clock.advance(timedelta(days=13))
    await platform.send(store(platform, platform.store_id))
    assert kinds(await platform.do(EndGrace(merchant_id=platform.merchant_id))) == []
    platform.clock.advance(timedelta(days=1))
    assert kinds(await platform.do(EndGrace(merchant_id=platform.merchant_id))) == ["GraceEnded"]
    assert kinds(await platform.do(EndGrace(merchant_id=platform.merchant_id))) == []
    with pytest.raises(PlanSuspended, match="openPlanPortal"):
        await platform.send(store(platform))
    await platform.send(report(platform, 20))
    await platform.send(store(platform))


async def test_reports_about_unknown_merchants_and_of_platforms_without_plans_change_nothing() -> None:
    platform = selling({})
    with pytest.raises(NotFound):
        await platform.send(report(platform, 0))
    without = Platform()
    await register(without)
    assert kinds(await without.do(report(without, 0))) == []


async def test_a_smaller_plan_keeps_what_is_there_and_refuses_more() -> None:
    platform = selling({}, usage=Usage(stores=9, products={UUID(int=3): 400}))
    await register(platform)
    await platform.send(store(platform))
    platform.clock.advance(timedelta(days=15))
    state = await subscription(platform)
    assert platform.sold is not None
    now = entitlement(state, platform.sold.plans, now=platform.clock.now())
    assert (now.state, now.left(state, Limit.STORES)) == (PlanState.FREE, 0)
    with pytest.raises(PlanLimitReached, match="Your plan Free has 1 store, you use 10"):
        await platform.send(store(platform))
