"""What a merchant may do now: their plan, its state, and what is left of its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel import header_after
from domain.subscription.aggregate import Contract, Subscription, subscription_of
from domain.subscription.errors import PlanLimitReached, PlanSuspended
from domain.subscription.events import AllowanceReturned, AllowanceUsed, StoreProducts, SubscriptionEvent, UsageCounted
from domain.subscription.plans import Limit, Plan, Plans


class PlanState(StrEnum):
    """The state of a merchant's plan."""

    TRIAL = "TRIAL"
    """Without payment, until a day. The days begin with the first store."""
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    """A payment failed; nothing changes in the days of grace."""
    SUSPENDED = "SUSPENDED"
    """Not paid, and the days of grace are over: new stores and generations are refused."""
    CANCELLED = "CANCELLED"
    """It counts until its end."""
    FREE = "FREE"
    """Without trial and subscription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a merchant has, before it is counted in the log."""

    stores: int = 0
    products: Mapping[UUID, int] = field(default_factory=dict)
    """By store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """A merchant's plan and its state."""

    plan: Plan
    state: PlanState
    contract: Contract | None = None
    trial_ends_at: datetime | None = None

    def check(self) -> None:
        """Refuse new stores and generations of a suspended plan.

        Raises:
            PlanSuspended: the plan is not paid.
        """
        contract = self.contract
        if self.state is not PlanState.SUSPENDED or contract is None:
            return
        failed, over, stay = contract.failed_since, contract.grace_ends_at, contract.shops_stay_until
        assert failed is not None
        assert over is not None
        assert stay is not None
        raise PlanSuspended(
            self.plan.name, failed_on=failed.date(), grace_ended_on=over.date(), shops_stay_until=stay.date()
        )

    def left(self, subscription: Subscription | None, limit: Limit, scope: str = "") -> int | None:
        """Return how much of a limit is left, 0 or more; None if the plan does not limit it."""
        most = self.plan.limits.get(limit)
        used = 0 if subscription is None else subscription.use_of(limit, scope)
        return None if most is None else max(0, most - used)


def entitlement(subscription: Subscription | None, plans: Plans, *, now: datetime) -> Entitlement:
    """Return what a merchant may do now."""
    current = None if subscription is None else subscription.current
    contract = None if current is None else current[1]
    if contract is not None and _counts(contract, now):
        return Entitlement(plan=plans.plan(contract.plan), state=_state(contract, now), contract=contract)
    ends = None if subscription is None else subscription.trial_ends_at
    is_offered = bool(plans.trial) and contract is None
    if (ends is None and is_offered) or (ends is not None and now < ends):
        tried = plans.trial_plan if subscription is None else subscription.trial_plan or plans.trial_plan
        return Entitlement(plan=plans.plan(tried), state=PlanState.TRIAL, trial_ends_at=ends)
    return Entitlement(plan=plans.plan(plans.free_plan), state=PlanState.FREE)


def _counts(contract: Contract, now: datetime) -> bool:
    """Whether a subscription still counts. One that ended unpaid still says until when shops stay."""
    if contract.ended_at is None:
        return contract.cancels_at is None or now < contract.cancels_at
    return (
        contract.failed_since is not None and contract.shops_stay_until is not None and now < contract.shops_stay_until
    )


def _state(contract: Contract, now: datetime) -> PlanState:
    if contract.failed_since is not None and contract.grace_ends_at is not None:
        return PlanState.PAST_DUE if now < contract.grace_ends_at and contract.ended_at is None else PlanState.SUSPENDED
    return PlanState.ACTIVE if contract.cancels_at is None else PlanState.CANCELLED


def use(
    subscription: Subscription | None,
    merchant_id: UUID,
    limit: Limit,
    plans: Plans,
    *,
    scope: str = "",
    count: int = 1,
    at: datetime,
) -> Sequence[SubscriptionEvent]:
    """Use some of what the plan allows.

    Raises:
        PlanLimitReached: the plan allows no more.
    """
    now = entitlement(subscription, plans, now=at)
    left = now.left(subscription, limit, scope)
    if left is not None and count > left:
        used = 0 if subscription is None else subscription.use_of(limit, scope)
        raise PlanLimitReached(limit, plan=now.plan.name, used=used, most=now.plan.limits[limit], asked=count)
    header = header_after(subscription, subscription_of(merchant_id), at)
    return (AllowanceUsed(**header, merchant_id=merchant_id, limit=limit, scope=scope, count=count),)


def give_back(
    subscription: Subscription, limit: Limit, *, scope: str = "", count: int = 1, at: datetime
) -> Sequence[SubscriptionEvent]:
    """Return some of what was used. No-op if nothing of it is."""
    count = min(count, subscription.use_of(limit, scope))
    if count == 0:
        return ()
    header = header_after(subscription, subscription.id, at)
    return (AllowanceReturned(**header, merchant_id=subscription.merchant_id, limit=limit, scope=scope, count=count),)


def count_usage(
    subscription: Subscription | None, merchant_id: UUID, usage: Usage, *, at: datetime
) -> Sequence[SubscriptionEvent]:
    """Begin to count what a merchant uses. No-op if it is counted."""
    if subscription is not None and subscription.counted:
        return ()
    header = header_after(subscription, subscription_of(merchant_id), at)
    products = [StoreProducts(store_id=store, products=count) for store, count in usage.products.items() if count]
    return (UsageCounted(**header, merchant_id=merchant_id, stores=usage.stores, products=products),)
