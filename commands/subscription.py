"""The platform's plans: what the provider says about subscriptions, and the limits that other commands keep to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock
from domain.merchant.aggregate import MERCHANT
from domain.subscription.aggregate import (
    SUBSCRIPTION,
    Subscription,
    SubscriptionReport,
    end_grace,
    month_of,
    record_report,
    start_trial,
    subscription_of,
)
from domain.subscription.entitlement import count_usage, entitlement, give_back, use
from domain.subscription.events import SubscriptionEvent
from domain.subscription.plans import Limit, Plans
from domain.subscription.ports import UsageCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldPlans:
    """The plans that a platform sells, and what counts the use of merchants who were there before."""

    plans: Plans
    counter: UsageCounter


async def use_store(work: Work, merchant_id: UUID, *, sold: SoldPlans | None, at: datetime) -> None:
    """Count a new store and its generation. The first one starts the trial. No-op if no plans are sold.

    Raises:
        PlanSuspended, PlanLimitReached: refused; see :mod:`domain.subscription.entitlement`.
    """
    if sold is None:
        return
    subscription = await _counted(work, merchant_id, sold, at=at)
    subscription = _append(work, merchant_id, start_trial(subscription, merchant_id, sold.plans, at=at)) or subscription
    entitlement(subscription, sold.plans, now=at).check()
    used = use(subscription, merchant_id, Limit.STORES, sold.plans, at=at)
    subscription = _append(work, merchant_id, used) or subscription
    _use_generation(work, subscription, sold.plans, at=at)


async def use_generation(work: Work, merchant_id: UUID, *, sold: SoldPlans | None, at: datetime) -> None:
    """Count a store that is made again. No-op if no plans are sold.

    Raises:
        PlanSuspended, PlanLimitReached: refused; see :mod:`domain.subscription.entitlement`.
    """
    if sold is None:
        return
    subscription = await _counted(work, merchant_id, sold, at=at)
    entitlement(subscription, sold.plans, now=at).check()
    _use_generation(work, subscription, sold.plans, at=at)


async def use_products(
    work: Work, merchant_id: UUID, store_id: UUID, count: int, *, sold: SoldPlans | None, at: datetime
) -> None:
    """Count new products of a store. No-op if no plans are sold.

    Raises:
        PlanLimitReached: the plan allows fewer.
    """
    if sold is None or count == 0:
        return
    subscription = await _counted(work, merchant_id, sold, at=at)
    scope = str(store_id)
    used = use(subscription, merchant_id, Limit.PRODUCTS, sold.plans, scope=scope, count=count, at=at)
    _append(work, merchant_id, used)


async def products_left(
    work: Work, merchant_id: UUID, store_id: UUID, *, sold: SoldPlans | None, at: datetime
) -> int | None:
    """Return how many more products a store may have; None if nothing limits them."""
    if sold is None:
        return None
    subscription = await _counted(work, merchant_id, sold, at=at)
    return entitlement(subscription, sold.plans, now=at).left(subscription, Limit.PRODUCTS, str(store_id))


async def return_products(
    work: Work, merchant_id: UUID, store_id: UUID, count: int, *, sold: SoldPlans | None, at: datetime
) -> None:
    """Stop counting archived products. No-op if no plans are sold."""
    await _return(work, merchant_id, Limit.PRODUCTS, str(store_id), count, sold=sold, at=at)


async def return_store(work: Work, merchant_id: UUID, *, sold: SoldPlans | None, at: datetime) -> None:
    """Stop counting an archived store. No-op if no plans are sold. Its generations stay counted."""
    await _return(work, merchant_id, Limit.STORES, "", 1, sold=sold, at=at)


async def _return(
    work: Work, merchant_id: UUID, limit: Limit, scope: str, count: int, *, sold: SoldPlans | None, at: datetime
) -> None:
    if sold is None or count == 0:
        return
    subscription = await _counted(work, merchant_id, sold, at=at)
    _append(work, merchant_id, give_back(subscription, limit, scope=scope, count=count, at=at))


async def _counted(work: Work, merchant_id: UUID, sold: SoldPlans, *, at: datetime) -> Subscription:
    """Return a merchant's subscription with its use counted, in the same transaction if it was not.

    Every count appends to this one stream. Of requests at once, the stream's version lets one decide first.
    """
    subscription = await work.find(SUBSCRIPTION, subscription_of(merchant_id))
    if subscription is not None and subscription.counted:
        return subscription
    usage = await sold.counter.count(merchant_id)
    return work.append(
        SUBSCRIPTION,
        subscription_of(merchant_id),
        count_usage(subscription, merchant_id, usage, at=at),
        tenant=merchant_id,
    )


def _use_generation(work: Work, subscription: Subscription, plans: Plans, *, at: datetime) -> None:
    merchant_id = subscription.merchant_id
    used = use(subscription, merchant_id, Limit.GENERATIONS, plans, scope=month_of(at), at=at)
    _append(work, merchant_id, used)


def _append(work: Work, merchant_id: UUID, events: Sequence[SubscriptionEvent]) -> Subscription | None:
    if not events:
        return None
    return work.append(SUBSCRIPTION, subscription_of(merchant_id), events, tenant=merchant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSubscription:
    """Record what the provider says about a merchant's subscription to the platform."""

    merchant_id: UUID
    report: SubscriptionReport


async def record_subscription(command: RecordSubscription, work: Work, *, clock: Clock, sold: SoldPlans | None) -> None:
    """Append what is new in a report: ``Subscribed``, ``SubscriptionRenewed``, ``SubscriptionPaymentFailed`` and so on.

    No-op if the provider said something later before, or no plans are sold.

    Raises:
        NotFound: no merchant has the id.
    """
    if sold is None:
        return
    await work.get(MERCHANT, command.merchant_id)
    subscription = await work.find(SUBSCRIPTION, subscription_of(command.merchant_id))
    events = record_report(subscription, command.merchant_id, command.report, sold.plans, at=clock.now())
    _append(work, command.merchant_id, events)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndGrace:
    """Record that the days of grace of a merchant's unpaid plan are over."""

    merchant_id: UUID


async def record_end_of_grace(command: EndGrace, work: Work, *, clock: Clock) -> None:
    """Append ``GraceEnded``, which leads to a mail. No-op if the plan is paid, or that is recorded.

    Raises:
        NotFound: the merchant has no subscription.
    """
    subscription = await work.get(SUBSCRIPTION, subscription_of(command.merchant_id))
    _append(work, command.merchant_id, end_grace(subscription, at=clock.now()))


HANDLERS: UnboundHandlers = {RecordSubscription: record_subscription, EndGrace: record_end_of_grace}
"""Each command and its handler."""
