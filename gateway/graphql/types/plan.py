"""Plans of the platform, and what a merchant uses of theirs."""

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.subscription.entitlement import PlanState
from domain.subscription.plans import Limit as PlanLimitKind
from domain.subscription.plans import Plan as SoldPlan
from gateway.api.plans import LimitView, MerchantPlan
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType


@strawberry.type(description="One limit of a plan, and how much of it is used.")
class PlanLimit:
    name: PlanLimitKind
    used: int
    max: int | None = strawberry.field(description="Null if the plan does not limit it.")
    left: int | None = strawberry.field(description="How many more are allowed. Null if the plan does not limit it.")
    store_id: strawberry.ID | None = strawberry.field(
        description="The store that the use is about: the one that you asked for, else the one with the most."
    )

    @classmethod
    def of(cls, view: LimitView) -> Self:
        store_id = None if view.store_id is None else as_gid(view.store_id)
        return cls(name=view.limit, used=view.used, max=view.most, left=view.left, store_id=store_id)


@strawberry.type(description="A limit of a plan that is sold.")
class OfferedLimit:
    name: PlanLimitKind
    max: int | None = strawberry.field(description="Null if the plan does not limit it.")


@strawberry.type(description="What a plan lets agents use. A call that would exceed it is not made.")
class PlanBudget:
    name: str = strawberry.field(
        description="Such as `tokens_per_generation` or `image_seconds_per_month`. Cents are of a US dollar, for models."
    )
    max: float

    @classmethod
    def all_of(cls, plan: SoldPlan) -> list[Self]:
        return [cls(name=name, max=most) for name, most in plan.budgets.items()]


@strawberry.type(description="A plan that this platform sells.")
class OfferedPlan:
    id: str
    name: str
    price: Decimal | None = strawberry.field(description="The price of a month. Null if the plan costs nothing.")
    price_money: MoneyType | None
    currency: str | None
    limits: list[OfferedLimit]
    budgets: list[PlanBudget] = strawberry.field(description="A budget that is not here does not exist.")

    @classmethod
    def of(cls, plan: SoldPlan) -> Self:
        return cls(
            id=plan.id,
            name=plan.name,
            price=None if plan.price is None else plan.price.decimal,
            price_money=MoneyType.maybe(plan.price),
            currency=None if plan.price is None else plan.price.currency,
            limits=[OfferedLimit(name=limit, max=plan.limits.get(limit)) for limit in PlanLimitKind],
            budgets=PlanBudget.all_of(plan),
        )


@strawberry.type(description="The merchant's plan: its state, its limits, and the days that count.")
class Plan:
    id: str
    name: str
    state: PlanState
    limits: list[PlanLimit]
    budgets: list[PlanBudget] = strawberry.field(description="What your agents may use. `usage` says what they used.")
    trial_ends_at: datetime | None = strawberry.field(
        description="The end of the trial. Null without one, and before the first store begins it."
    )
    period_ends_at: datetime | None = strawberry.field(description="Until when the plan is paid.")
    cancels_at: datetime | None = strawberry.field(description="When a cancellation takes effect. Null without one.")
    grace_ends_at: datetime | None = strawberry.field(
        description="Until when nothing changes after a failed payment. Null if the plan is paid."
    )
    shops_stay_until: datetime | None = strawberry.field(
        description="Until when published stores stay online at least, if the plan is not paid. Null if it is paid."
    )

    @classmethod
    def of(cls, view: MerchantPlan) -> Self:
        now = view.entitlement
        contract = now.contract
        return cls(
            id=now.plan.id,
            name=now.plan.name,
            state=now.state,
            limits=[PlanLimit.of(limit) for limit in view.limits],
            budgets=PlanBudget.all_of(now.plan),
            trial_ends_at=now.trial_ends_at,
            period_ends_at=None if contract is None else contract.period_ends_at,
            cancels_at=None if contract is None else contract.cancels_at,
            grace_ends_at=None if contract is None else contract.grace_ends_at,
            shops_stay_until=None if contract is None else contract.shops_stay_until,
        )
