"""How events change the rows of merchants' plans."""

from uuid import UUID

from domain.subscription.aggregate import usage_key
from domain.subscription.events import (
    AllowanceReturned,
    AllowanceUsed,
    GraceEnded,
    PlanChanged,
    ReportedEvent,
    Subscribed,
    SubscriptionCancelled,
    SubscriptionConfirmed,
    SubscriptionEnded,
    SubscriptionPaymentFailed,
    SubscriptionRenewed,
    SubscriptionResumed,
    TrialStarted,
    UsageCounted,
)
from domain.subscription.plans import Limit
from projections.engine.tables import Folds
from projections.merchants.plan_tables import PlanAccountRow, PlanContractRow, PlanUsageRow
from projections.merchants.tables import MerchantsRows

PLAN_FOLDS: Folds[MerchantsRows] = Folds()


def _usage(event: AllowanceUsed | AllowanceReturned, tenant: UUID) -> tuple[UUID, str]:
    return tenant, usage_key(event.limit, event.scope)


def _account(rows: MerchantsRows, merchant_id: UUID) -> PlanAccountRow:
    account = rows.plan_accounts.get(merchant_id)
    if account is None:
        account = rows.plan_accounts[merchant_id] = PlanAccountRow(
            merchant_id=merchant_id, trial_plan=None, trial_ends_at=None, counted=False
        )
    return account


def _contract(rows: MerchantsRows, event: ReportedEvent) -> PlanContractRow:
    contract = rows.plan_contracts[event.subscription_id]
    contract.as_of = event.as_of
    return contract


@PLAN_FOLDS.on(TrialStarted, plan_accounts="merchant_id")
def trial_started(rows: MerchantsRows, event: TrialStarted, _: UUID) -> None:
    account = _account(rows, event.merchant_id)
    account.trial_plan, account.trial_ends_at = event.plan, event.ends_at


@PLAN_FOLDS.on(Subscribed)
def subscribed(rows: MerchantsRows, event: Subscribed, _: UUID) -> None:
    rows.plan_contracts[event.subscription_id] = PlanContractRow(
        subscription_id=event.subscription_id,
        merchant_id=event.merchant_id,
        customer_id=event.customer_id,
        plan=event.plan,
        began_at=event.began_at,
        period_ends_at=event.period_ends_at,
        failed_since=None,
        grace_ends_at=None,
        shops_stay_until=None,
        cancels_at=None,
        ended_at=None,
        as_of=event.as_of,
        noticed=False,
    )


@PLAN_FOLDS.on(SubscriptionRenewed, plan_contracts="subscription_id")
def renewed(rows: MerchantsRows, event: SubscriptionRenewed, _: UUID) -> None:
    contract = _contract(rows, event)
    contract.period_ends_at, contract.noticed = event.period_ends_at, False
    contract.failed_since = contract.grace_ends_at = contract.shops_stay_until = None


@PLAN_FOLDS.on(PlanChanged, plan_contracts="subscription_id")
def plan_changed(rows: MerchantsRows, event: PlanChanged, _: UUID) -> None:
    _contract(rows, event).plan = event.plan


@PLAN_FOLDS.on(SubscriptionPaymentFailed, plan_contracts="subscription_id")
def payment_failed(rows: MerchantsRows, event: SubscriptionPaymentFailed, _: UUID) -> None:
    contract = _contract(rows, event)
    contract.period_ends_at, contract.failed_since = event.period_ends_at, event.failed_since
    contract.grace_ends_at, contract.shops_stay_until = event.grace_ends_at, event.shops_stay_until
    contract.noticed = False


@PLAN_FOLDS.on(GraceEnded, plan_contracts="subscription_id")
def grace_ended(rows: MerchantsRows, event: GraceEnded, _: UUID) -> None:
    rows.plan_contracts[event.subscription_id].noticed = True


@PLAN_FOLDS.on(SubscriptionCancelled, plan_contracts="subscription_id")
def cancelled(rows: MerchantsRows, event: SubscriptionCancelled, _: UUID) -> None:
    _contract(rows, event).cancels_at = event.ends_at


@PLAN_FOLDS.on(SubscriptionResumed, plan_contracts="subscription_id")
def resumed(rows: MerchantsRows, event: SubscriptionResumed, _: UUID) -> None:
    _contract(rows, event).cancels_at = None


@PLAN_FOLDS.on(SubscriptionEnded, plan_contracts="subscription_id")
def ended(rows: MerchantsRows, event: SubscriptionEnded, _: UUID) -> None:
    _contract(rows, event).ended_at = event.ended_at


@PLAN_FOLDS.on(SubscriptionConfirmed, plan_contracts="subscription_id")
def confirmed(rows: MerchantsRows, event: SubscriptionConfirmed, _: UUID) -> None:
    _contract(rows, event)


@PLAN_FOLDS.on(UsageCounted, plan_accounts="merchant_id")
def usage_counted(rows: MerchantsRows, event: UsageCounted, _: UUID) -> None:
    _account(rows, event.merchant_id).counted = True
    counts = {usage_key(Limit.STORES, ""): event.stores}
    counts |= {usage_key(Limit.PRODUCTS, str(each.store_id)): each.products for each in event.products}
    for key, used in counts.items():
        rows.plan_usage[event.merchant_id, key] = PlanUsageRow(merchant_id=event.merchant_id, key=key, used=used)


@PLAN_FOLDS.on(AllowanceUsed, plan_usage=_usage)
def allowance_used(rows: MerchantsRows, event: AllowanceUsed, tenant: UUID) -> None:
    key = _usage(event, tenant)
    usage = rows.plan_usage.get(key)
    if usage is None:
        usage = rows.plan_usage[key] = PlanUsageRow(merchant_id=tenant, key=key[1], used=0)
    usage.used += event.count


@PLAN_FOLDS.on(AllowanceReturned, plan_usage=_usage)
def allowance_returned(rows: MerchantsRows, event: AllowanceReturned, tenant: UUID) -> None:
    usage = rows.plan_usage[_usage(event, tenant)]
    usage.used = max(0, usage.used - event.count)
