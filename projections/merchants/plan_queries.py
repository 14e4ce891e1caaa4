"""Queries about merchants' plans. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from datetime import datetime
from uuid import UUID

from domain.subscription.aggregate import Contract, Subscription, subscription_of
from domain.subscription.entitlement import Usage
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, restrict

_CONTRACT = (
    "customer_id, plan, began_at, period_ends_at, failed_since, grace_ends_at, shops_stay_until, cancels_at, ended_at, "
    "as_of, noticed"
)


async def subscription_by_merchant(db: Reader, merchant_id: UUID, *, scope: Scope) -> Subscription | None:
    """Return what a merchant has of the platform; None before their first store. Shoppers see none.

    The version is unknown to the read model and 0.
    """
    where = restrict(
        Conditions().add("a.merchant_id = {}", merchant_id), scope, merchant="a.merchant_id = {}", store=None
    )
    account = await db.fetchrow(
        f"select a.trial_plan, a.trial_ends_at, a.counted from plan_accounts a where {where.sql}", *where.arguments
    )
    contracts = await db.fetch(
        f"select a.subscription_id, {_CONTRACT} from plan_contracts a where {where.sql}", *where.arguments
    )
    if account is None and not contracts:
        return None
    usage = await db.fetch(f"select a.key, a.used from plan_usage a where {where.sql}", *where.arguments)
    return Subscription(
        id=subscription_of(merchant_id),
        version=0,
        merchant_id=merchant_id,
        trial_plan=None if account is None else account["trial_plan"],
        trial_ends_at=None if account is None else account["trial_ends_at"],
        counted=account is not None and account["counted"],
        contracts={
            record["subscription_id"]: Contract(**{key: record[key] for key in _CONTRACT.split(", ")})
            for record in contracts
        },
        used={record["key"]: record["used"] for record in usage},
    )


async def merchants_past_grace(db: Reader, now: datetime, *, scope: Scope, limit: int = 100) -> tuple[UUID, ...]:
    """Return merchants whose days of grace are over without a notice, the earliest first."""
    where = Conditions().add("c.failed_since is not null and not c.noticed and c.ended_at is null")
    where = restrict(where.add("c.grace_ends_at <= {}", now), scope, merchant="c.merchant_id = {}", store=None)
    records = await db.fetch(
        f"select c.merchant_id from plan_contracts c where {where.sql} "
        f"order by c.grace_ends_at, c.merchant_id limit {int(limit)}",
        *where.arguments,
    )
    return tuple(record["merchant_id"] for record in records)


async def usage_of_merchant(db: Reader, merchant_id: UUID, *, scope: Scope) -> Usage:
    """Return a merchant's stores and products that are not archived, as the catalog has them. Shoppers see none."""
    where = Conditions().add("s.merchant_id = {}", merchant_id).add("s.status <> 'ARCHIVED'")
    where = restrict(where, scope, merchant="s.merchant_id = {}", store=None)
    records = await db.fetch(
        "select s.id, (select coalesce(sum(c.number::bigint), 0)::bigint from product_counts k, "
        "jsonb_each(k.counts -> 'categories') p (status, categories), jsonb_each_text(p.categories) c (category, number) "
        f"where k.store_id = s.id and p.status <> 'ARCHIVED') as products from stores s where {where.sql}",
        *where.arguments,
    )
    return Usage(stores=len(records), products={record["id"]: record["products"] for record in records})
