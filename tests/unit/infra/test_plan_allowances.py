"""What agents may use follows from the merchant's plan."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.kernel import NotFound
from domain.subscription.plans import DEFAULT, BadPlans, read_plans
from infra.adapters.postgres.model_budget import UNLIMITED
from infra.bootstrap.plan_allowances import PlanAllowances
from tests.support.fakes.event_log import FixedClock

TEXT = DEFAULT.read_text()


class NoSubscriptions:
    async def get(self, kind: object, id: object) -> object:
        raise NotFound("subscription", id)  # type: ignore[arg-type]


async def test_a_merchant_on_trial_has_the_budgets_of_the_trials_plan() -> None:
    plans = read_plans(TEXT)
    allowance = await PlanAllowances(NoSubscriptions(), plans, FixedClock()).of(uuid4())  # type: ignore[arg-type]
    budgets = plans.plan(plans.trial_plan).budgets
    assert allowance.generation.tokens == budgets["tokens_per_generation"] > 0
    assert allowance.month.cost == budgets["cents_per_month"] * 10_000
    assert allowance.month.supplier_calls == budgets["supplier_calls_per_month"]
    assert allowance.generation.image_seconds == budgets["image_seconds_per_generation"]


async def test_a_plan_without_budgets_limits_nothing() -> None:
    plans = read_plans(TEXT)
    free = {id: replace(plan, budgets={}) for id, plan in plans.by_id.items()}
    allowance = await PlanAllowances(NoSubscriptions(), replace(plans, by_id=free), FixedClock()).of(uuid4())  # type: ignore[arg-type]
    assert {allowance.generation.cost, allowance.month.image_seconds} == {UNLIMITED}


def test_an_unknown_budget_is_named() -> None:
    with pytest.raises(BadPlans, match="unknown budget 'pixels_per_month' in free"):
        read_plans(TEXT.replace("tokens_per_month", "pixels_per_month", 1))
