"""A merchant's plan: what reports of the provider mean in every order, and what the plan allows then."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from uuid import UUID

import pytest

from domain.subscription.aggregate import (
    SUBSCRIPTION,
    Contract,
    Subscription,
    SubscriptionReport,
    end_grace,
    record_report,
    start_trial,
)
from domain.subscription.entitlement import PlanState, entitlement, give_back, use
from domain.subscription.errors import PlanSuspended
from domain.subscription.plans import DEFAULT, BadPlans, Limit, read_plans

MERCHANT = UUID(int=1)
PLANS = read_plans(DEFAULT.read_text())
AT = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def report(day: int, *, id: str = "sub_1", began: int = 0, **changes: object) -> SubscriptionReport:
    """Return what the provider says on a day."""
    said = SubscriptionReport(
        subscription_id=id,
        customer_id="cus_1",
        plan="store-builder",
        began_at=AT + began * DAY,
        period_ends_at=AT + (began + 30) * DAY,
        as_of=AT + day * DAY,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


ACTIVE = report(1)
FAILED = report(31, period_ends_at=AT + 60 * DAY, failed_since=AT + 30 * DAY)
PAID = report(33, period_ends_at=AT + 60 * DAY)
CANCELLED = report(40, period_ends_at=AT + 60 * DAY, cancels_at=AT + 60 * DAY)
RESUMED = report(41, period_ends_at=AT + 60 * DAY)
CHANGED = report(42, period_ends_at=AT + 60 * DAY, plan="free")
ENDED = report(60, period_ends_at=AT + 60 * DAY, plan="free", ended_at=AT + 60 * DAY)
AGAIN = report(70, id="sub_2", began=70)


def told(reports: Sequence[SubscriptionReport], *, at: datetime = AT) -> Subscription:
    state: Subscription | None = None
    for each in reports:
        state = SUBSCRIPTION.fold(record_report(state, MERCHANT, each, PLANS, at=at), state)
    assert state is not None
    return state


def contracts(state: Subscription) -> dict[str, Contract]:
    return dict(state.contracts)


def test_every_order_and_repetition_of_a_life_ends_in_the_same_state() -> None:
    life = (ACTIVE, FAILED, PAID, CANCELLED, RESUMED, ENDED, AGAIN)
    expected = contracts(told(life))
    orders = 0
    for order in permutations(life):
        assert contracts(told(order)) == expected, order
        orders += 1
    assert orders == 5040
    chance = Random(7)
    for _ in range(500):
        longer = [*life, CHANGED, *chance.choices((*life, CHANGED), k=8)]
        chance.shuffle(longer)
        assert contracts(told(longer)) == contracts(told((*life[:5], CHANGED, *life[5:])))


def test_each_change_is_one_event_and_a_repeat_is_none() -> None:
    state: Subscription | None = None
    seen = []
    for each in (ACTIVE, ACTIVE, FAILED, FAILED, PAID, CANCELLED, RESUMED, CHANGED, ENDED):
        events = record_report(state, MERCHANT, each, PLANS, at=AT)
        seen.append([type(event).__name__ for event in events])
        state = SUBSCRIPTION.fold(events, state)
    assert seen == [
        ["Subscribed"],
        [],
        ["SubscriptionPaymentFailed"],
        [],
        ["SubscriptionRenewed"],
        ["SubscriptionCancelled"],
        ["SubscriptionResumed"],
        ["PlanChanged"],
        ["SubscriptionEnded"],
    ]


def test_a_later_report_without_news_keeps_an_earlier_one_from_counting() -> None:
    same = replace(ACTIVE, as_of=AT + 50 * DAY)
    state = told((ACTIVE, same))
    assert record_report(state, MERCHANT, CANCELLED, PLANS, at=AT) == ()


@pytest.mark.parametrize(
    ("reports", "day", "state", "plan"),
    [
        ((ACTIVE,), 5, PlanState.ACTIVE, "store-builder"),
        ((ACTIVE, FAILED), 43, PlanState.PAST_DUE, "store-builder"),
        ((ACTIVE, FAILED), 44, PlanState.SUSPENDED, "store-builder"),
        ((ACTIVE, FAILED, PAID), 50, PlanState.ACTIVE, "store-builder"),
        ((ACTIVE, CANCELLED), 59, PlanState.CANCELLED, "store-builder"),
        ((ACTIVE, CANCELLED), 60, PlanState.FREE, "free"),
        ((ACTIVE, ENDED), 61, PlanState.FREE, "free"),
        ((ENDED, AGAIN), 71, PlanState.ACTIVE, "store-builder"),
        ((ACTIVE, FAILED, replace(ENDED, failed_since=AT + 30 * DAY)), 62, PlanState.SUSPENDED, "free"),
        ((ACTIVE, FAILED, replace(ENDED, failed_since=AT + 30 * DAY)), 75, PlanState.FREE, "free"),
    ],
)
def test_a_plan_has_one_state_at_each_time(
    reports: Sequence[SubscriptionReport], day: int, state: PlanState, plan: str
) -> None:
    now = entitlement(told(reports), PLANS, now=AT + day * DAY)
    assert (now.state, now.plan.id) == (state, plan)


def test_the_days_of_grace_end_once_and_say_how_long_shops_stay() -> None:
    state = told((ACTIVE, FAILED))
    assert end_grace(state, at=AT + 43 * DAY) == ()
    (ended,) = end_grace(state, at=AT + 44 * DAY)
    noticed = SUBSCRIPTION.fold([ended], state)
    assert noticed is not None
    assert end_grace(noticed, at=AT + 50 * DAY) == ()
    assert end_grace(told((ACTIVE, FAILED, PAID)), at=AT + 50 * DAY) == ()
    with pytest.raises(PlanSuspended, match="stay online until 2027-01-14"):
        entitlement(noticed, PLANS, now=AT + 50 * DAY).check()
    entitlement(state, PLANS, now=AT + 43 * DAY).check()


def test_a_trial_is_had_once_and_not_after_a_subscription() -> None:
    offered = entitlement(None, PLANS, now=AT)
    assert (offered.state, offered.plan.id, offered.trial_ends_at) == (PlanState.TRIAL, "store-builder", None)
    state = SUBSCRIPTION.fold(start_trial(None, MERCHANT, PLANS, at=AT))
    assert state is not None
    assert entitlement(state, PLANS, now=AT + 13 * DAY).state is PlanState.TRIAL
    assert entitlement(state, PLANS, now=AT + 14 * DAY).state is PlanState.FREE
    assert start_trial(state, MERCHANT, PLANS, at=AT + 20 * DAY) == ()
    assert start_trial(told((ACTIVE, ENDED)), MERCHANT, PLANS, at=AT + 80 * DAY) == ()


def test_the_plans_that_ship_are_read() -> None:
    plan = PLANS.plan("store-builder")
    assert (str(plan.price), plan.limits[Limit.STORES], plan.stripe_price) == ("$29.00", 5, None)
    assert PLANS.plan("a plan of last year").id == "free"
    assert PLANS.of_price("price_1") is None


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("trial_days = 14", "trial_days = -1", "terms.trial_days -1"),
        ('free_plan = "free"', 'free_plan = "none"', "terms.free_plan 'none'"),
        ('id = "store-builder"', 'id = "free"', "two plans with the same id"),
        ('id = "free"', "id = 7", "a plan with the id 7"),
        ("stores = 1", "shops = 1", "unknown limit 'shops'"),
        ("stores = 1", "stores = 1.5", "free.limits.stores 1.5"),
        ('price = "29.00"', 'price = "much"', "price 'much'"),
        ('currency = "USD"', 'currency = "usd"', "currency 'usd'"),
        ("[terms]", "[terms", "not a TOML document"),
    ],
)
def test_plans_that_make_no_sense_are_refused_by_name(before: str, after: str, message: str) -> None:
    text = DEFAULT.read_text()
    assert before in text
    with pytest.raises(BadPlans, match=message.replace("(", r"\(")):
        read_plans(text.replace(before, after, 1))


def test_a_subscription_that_goes_on_counts_before_a_later_one_that_ended() -> None:
    later = report(80, id="sub_2", began=70, ended_at=AT + 75 * DAY)
    state = told((ACTIVE, PAID, later))
    assert state.current is not None
    assert state.current[0] == "sub_1"


def test_no_more_is_given_back_than_was_used() -> None:
    state = SUBSCRIPTION.fold(use(None, MERCHANT, Limit.STORES, PLANS, at=AT))
    assert state is not None
    (back,) = give_back(state, Limit.STORES, count=5, at=AT)
    assert back.count == 1  # type: ignore[union-attr]  # it is an AllowanceReturned
    emptied = SUBSCRIPTION.fold([back], state)
    assert emptied is not None
    assert give_back(emptied, Limit.STORES, at=AT) == ()
