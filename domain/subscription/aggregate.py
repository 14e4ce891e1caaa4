"""The subscription aggregate: a merchant's trial, their subscriptions at the provider, and what they use.

What the provider says may arrive in any order and more than once. Each subscription keeps the latest report, and of
several subscriptions the one that began last counts. So every order of the same reports ends in the same state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, header_after
from domain.subscription.events import (
    AllowanceReturned,
    AllowanceUsed,
    ContractEvent,
    GraceEnded,
    PlanChanged,
    ReportedEvent,
    Subscribed,
    SubscriptionCancelled,
    SubscriptionConfirmed,
    SubscriptionEnded,
    SubscriptionEvent,
    SubscriptionPaymentFailed,
    SubscriptionRenewed,
    SubscriptionResumed,
    TrialStarted,
    UsageCounted,
    UsageEvent,
)
from domain.subscription.plans import Limit, Plans


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionReport:
    """What the provider says about a subscription."""

    subscription_id: str
    customer_id: str
    plan: str
    began_at: datetime
    period_ends_at: datetime
    failed_since: datetime | None = None
    """When the present period became due without a payment; None if it is paid."""
    cancels_at: datetime | None = None
    """When a cancellation takes effect; None if it goes on."""
    ended_at: datetime | None = None
    as_of: datetime
    """When the provider said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One subscription at the provider, as it was reported last."""

    customer_id: str
    plan: str
    began_at: datetime
    period_ends_at: datetime
    failed_since: datetime | None = None
    grace_ends_at: datetime | None = None
    shops_stay_until: datetime | None = None
    cancels_at: datetime | None = None
    ended_at: datetime | None = None
    as_of: datetime
    noticed: bool = False
    """Whether the end of the days of grace was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a merchant has of the platform."""

    id: UUID
    version: int
    merchant_id: UUID
    trial_plan: str | None = None
    trial_ends_at: datetime | None = None
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    """By the provider's id."""
    counted: bool = False
    """Whether the use is counted."""
    used: Mapping[str, int] = field(default_factory=dict)
    """Counts by :func:`usage_key`."""

    @property
    def current(self) -> tuple[str, Contract] | None:
        """The subscription that counts: the one that began last of those that go on, else of all. None without any."""
        if not self.contracts:
            return None
        return max(self.contracts.items(), key=lambda each: (each[1].ended_at is None, each[1].began_at, each[0]))

    def use_of(self, limit: Limit, scope: str = "") -> int:
        """Return how much of a limit is used."""
        return self.used.get(usage_key(limit, scope), 0)


def subscription_of(merchant_id: UUID) -> UUID:
    """Return the id of a merchant's subscription."""
    return derived(merchant_id, "subscription")


def usage_key(limit: Limit, scope: str) -> str:
    """Return the key of a count: the limit, and the store or month that it is about."""
    return f"{limit}|{scope}" if scope else str(limit)


def month_of(at: datetime) -> str:
    """Return the month in which a generation counts."""
    return f"{at:%Y-%m}"


def start_trial(
    subscription: Subscription | None, merchant_id: UUID, plans: Plans, *, at: datetime
) -> Sequence[SubscriptionEvent]:
    """Start the trial of a merchant. No-op if they had one, or a subscription, or no trial is offered."""
    if subscription is not None and (subscription.trial_ends_at is not None or subscription.contracts):
        return ()
    if not plans.trial:
        return ()
    header = header_after(subscription, subscription_of(merchant_id), at)
    return (TrialStarted(**header, merchant_id=merchant_id, plan=plans.trial_plan, ends_at=at + plans.trial),)


def record_report(
    subscription: Subscription | None, merchant_id: UUID, report: SubscriptionReport, plans: Plans, *, at: datetime
) -> Sequence[SubscriptionEvent]:
    """Record what the provider says. No-op if it said something later before."""
    known = None if subscription is None else subscription.contracts.get(report.subscription_id)
    if known is not None and report.as_of <= known.as_of:
        return ()
    events, state = list[SubscriptionEvent](), subscription
    if known is None:
        subscribed = Subscribed(
            **header_after(state, subscription_of(merchant_id), at),
            merchant_id=merchant_id,
            subscription_id=report.subscription_id,
            customer_id=report.customer_id,
            plan=report.plan,
            began_at=report.began_at,
            period_ends_at=report.period_ends_at,
            as_of=report.as_of,
        )
        events.append(subscribed)
        state = evolve(state, subscribed)
        known = state.contracts[report.subscription_id]
    assert state is not None
    for change, more in _differences(known, report, plans):
        header = header_after(state, state.id, at)
        event = change(**header, subscription_id=report.subscription_id, as_of=report.as_of, **more)
        events.append(event)
        state = evolve(state, event)
    return events or [_confirmed(state, report, at)]


def _confirmed(state: Subscription, report: SubscriptionReport, at: datetime) -> SubscriptionEvent:
    header = header_after(state, state.id, at)
    return SubscriptionConfirmed(**header, subscription_id=report.subscription_id, as_of=report.as_of)


def _differences(
    known: Contract, report: SubscriptionReport, plans: Plans
) -> Iterator[tuple[type[ReportedEvent], dict[str, Any]]]:
    """Yield the events that lead from what is known to a later report, with their own fields."""
    if report.plan != known.plan:
        yield PlanChanged, {"plan": report.plan}
    if (report.failed_since, report.period_ends_at) != (known.failed_since, known.period_ends_at):
        if report.failed_since is None:
            yield SubscriptionRenewed, {"period_ends_at": report.period_ends_at}
        else:
            grace_ends_at = report.failed_since + plans.grace
            yield (
                SubscriptionPaymentFailed,
                {
                    "plan": report.plan,
                    "period_ends_at": report.period_ends_at,
                    "failed_since": report.failed_since,
                    "grace_ends_at": grace_ends_at,
                    "shops_stay_until": grace_ends_at + plans.shops_stay,
                },
            )
    if report.cancels_at != known.cancels_at:
        if report.cancels_at is None:
            yield SubscriptionResumed, {}
        else:
            yield SubscriptionCancelled, {"ends_at": report.cancels_at}
    if report.ended_at is not None and report.ended_at != known.ended_at:
        yield SubscriptionEnded, {"ended_at": report.ended_at}


def end_grace(subscription: Subscription, *, at: datetime) -> Sequence[SubscriptionEvent]:
    """Record that the days of grace are over. No-op if they are not, it is paid, or that is recorded."""
    current = subscription.current
    if current is None:
        return ()
    id, contract = current
    failed, over, stay = contract.failed_since, contract.grace_ends_at, contract.shops_stay_until
    if failed is None or over is None or stay is None or at < over or contract.noticed or contract.ended_at is not None:
        return ()
    header = header_after(subscription, subscription.id, at)
    return (GraceEnded(**header, subscription_id=id, plan=contract.plan, failed_since=failed, shops_stay_until=stay),)


def evolve(subscription: Subscription | None, event: SubscriptionEvent) -> Subscription:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    if subscription is None:
        if not isinstance(event, TrialStarted | Subscribed | UsageEvent):
            raise CorruptStream(event)
        subscription = Subscription(id=event.originator_id, version=0, merchant_id=event.merchant_id)
    return replace(_changed(subscription, event), version=event.originator_version)


def _changed(subscription: Subscription, event: SubscriptionEvent) -> Subscription:
    match event:
        case TrialStarted():
            return replace(subscription, trial_plan=event.plan, trial_ends_at=event.ends_at)
        case Subscribed():
            contract = Contract(
                customer_id=event.customer_id,
                plan=event.plan,
                began_at=event.began_at,
                period_ends_at=event.period_ends_at,
                as_of=event.as_of,
            )
        case UsageCounted() | AllowanceUsed() | AllowanceReturned():
            return _counted(subscription, event)
        case _:
            known = subscription.contracts.get(event.subscription_id)
            if known is None:
                raise CorruptStream(event)
            contract = _reported(known, event)
    return replace(subscription, contracts={**subscription.contracts, event.subscription_id: contract})


def _reported(contract: Contract, event: ContractEvent) -> Contract:
    if isinstance(event, GraceEnded):
        return replace(contract, noticed=True)
    contract = replace(contract, as_of=event.as_of)
    match event:
        case SubscriptionRenewed():
            return replace(
                contract,
                period_ends_at=event.period_ends_at,
                failed_since=None,
                grace_ends_at=None,
                shops_stay_until=None,
                noticed=False,
            )
        case PlanChanged():
            return replace(contract, plan=event.plan)
        case SubscriptionPaymentFailed():
            return replace(
                contract,
                period_ends_at=event.period_ends_at,
                failed_since=event.failed_since,
                grace_ends_at=event.grace_ends_at,
                shops_stay_until=event.shops_stay_until,
                noticed=False,
            )
        case SubscriptionCancelled():
            return replace(contract, cancels_at=event.ends_at)
        case SubscriptionResumed():
            return replace(contract, cancels_at=None)
        case SubscriptionEnded():
            return replace(contract, ended_at=event.ended_at)
        case SubscriptionConfirmed():
            return contract


def _counted(subscription: Subscription, event: UsageEvent) -> Subscription:
    if isinstance(event, UsageCounted):
        products = {usage_key(Limit.PRODUCTS, str(each.store_id)): each.products for each in event.products}
        used = {**subscription.used, usage_key(Limit.STORES, ""): event.stores, **products}
        return replace(subscription, counted=True, used=used)
    key = usage_key(event.limit, event.scope)
    change = event.count if isinstance(event, AllowanceUsed) else -event.count
    return replace(subscription, used={**subscription.used, key: max(0, subscription.used.get(key, 0) + change)})


SUBSCRIPTION = StreamKind("subscription", Subscription, evolve)
