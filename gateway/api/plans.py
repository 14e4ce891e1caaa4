"""A merchant's plan: what it allows, what is used, and where it is paid."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID

from domain.kernel import InvalidInput, NotFound
from domain.subscription.aggregate import Subscription, month_of
from domain.subscription.entitlement import Entitlement, PlanState, Usage, entitlement
from domain.subscription.errors import AlreadySubscribed, NotSubscribed, PlanNotForSale, PlansNotSold
from domain.subscription.plans import Limit, Plans
from domain.subscription.ports import PlanCheckout, PlanPayments, PlanPortal
from gateway.ports import GatewayDependencies
from projections.merchants import queries as merchants_queries
from projections.merchants.plan_queries import subscription_by_merchant, usage_of_merchant
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope

URL_MAX = 2_000
TEAM_MEMBERS = 1
"""Only the owner can log in to an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitView:
    """One limit of a plan, and how much of it is used."""

    limit: Limit
    used: int
    most: int | None
    """None if the plan does not limit it."""
    store_id: UUID | None = None
    """The store that the use is about; None if it is about the merchant."""

    @property
    def left(self) -> int | None:
        """What is left, 0 or more; None if the plan does not limit it."""
        return None if self.most is None else max(0, self.most - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantPlan:
    """A merchant's plan with its use."""

    entitlement: Entitlement
    subscription: Subscription | None
    limits: Sequence[LimitView]


async def plan_of(
    deps: GatewayDependencies, db: Reader, merchant_id: UUID, *, store_id: UUID | None = None
) -> MerchantPlan | None:
    """Return a merchant's plan; None if no plans are sold.

    Args:
        deps: the gateway's dependencies.
        db: the database.
        merchant_id: the merchant.
        store_id: the store whose products are counted; None means the one with the most.
    """
    if deps.plans is None:
        return None
    scope = MerchantScope(merchant_id)
    subscription = await subscription_by_merchant(db, merchant_id, scope=scope)
    # Until the first count, the catalog says what there is.
    before = Usage() if _is_counted(subscription) else await usage_of_merchant(db, merchant_id, scope=scope)
    now = entitlement(subscription, deps.plans, now=deps.clock.now())
    used = _used(subscription, before, month_of(deps.clock.now()), store_id)
    limits = [
        LimitView(limit=limit, used=used[limit][0], most=now.plan.limits.get(limit), store_id=used[limit][1])
        for limit in Limit
    ]
    return MerchantPlan(entitlement=now, subscription=subscription, limits=limits)


async def checkout_url(
    deps: GatewayDependencies, merchant_id: UUID, plan_id: str, *, success_url: str, cancel_url: str
) -> str:
    """Return the page on which a merchant pays for a plan. All requests of a day get the same page.

    So a double click, or a second tab, cannot lead to two subscriptions.

    Raises:
        PlansNotSold, PlanNotForSale, AlreadySubscribed, InvalidInput: refused; retrying cannot help.
        Transient: the provider cannot be reached; retrying may help.
    """
    plans, payments = _sold(deps)
    plan = plans.by_id.get(plan_id)
    for_sale = [plan.id for plan in plans.by_id.values() if plan.price is not None]
    if plan is None or plan.id not in for_sale:
        raise PlanNotForSale(plan_id[:64], ", ".join(for_sale))
    scope = MerchantScope(merchant_id)
    subscription = await subscription_by_merchant(deps.reader, merchant_id, scope=scope)
    current = None if subscription is None else subscription.current
    now = entitlement(subscription, plans, now=deps.clock.now())
    if current is not None and current[1].ended_at is None and now.state is not PlanState.FREE:
        raise AlreadySubscribed(now.plan.name)
    merchant = await merchants_queries.merchant_by_id(deps.reader, merchant_id, scope=scope)
    email = None if merchant is None else await deps.personal.open(merchant.email)
    if email is None:
        raise NotFound("merchant", merchant_id)
    checkout = PlanCheckout(
        merchant_id=merchant_id,
        email=email,
        plan=plan,
        customer_id=None if current is None else current[1].customer_id,
        success_url=_url("successUrl", success_url),
        cancel_url=_url("cancelUrl", cancel_url),
        idempotency_key="",
    )
    contracts = 0 if subscription is None else len(subscription.contracts)
    checkout = replace(checkout, idempotency_key=_key(checkout, f"{contracts}", f"{deps.clock.now():%Y-%m-%d}"))
    return await payments.checkout_url(checkout)


async def portal_url(deps: GatewayDependencies, merchant_id: UUID, *, return_url: str) -> str:
    """Return the page on which a merchant changes, pays or cancels their plan.

    Raises:
        PlansNotSold, NotSubscribed, InvalidInput: refused; retrying cannot help.
        Transient: the provider cannot be reached; retrying may help.
    """
    plans, payments = _sold(deps)
    subscription = await subscription_by_merchant(deps.reader, merchant_id, scope=MerchantScope(merchant_id))
    current = None if subscription is None else subscription.current
    if current is None:
        raise NotSubscribed
    id, contract = current
    portal = PlanPortal(
        merchant_id=merchant_id,
        subscription_id=id,
        contract=contract,
        plan=plans.plan(contract.plan),
        return_url=_url("returnUrl", return_url),
    )
    return await payments.portal_url(portal)


def _sold(deps: GatewayDependencies) -> tuple[Plans, PlanPayments]:
    if deps.plans is None or deps.plan_payments is None:
        raise PlansNotSold
    return deps.plans, deps.plan_payments


def _is_counted(subscription: Subscription | None) -> bool:
    return subscription is not None and subscription.counted


def _used(
    subscription: Subscription | None, before: Usage, month: str, store_id: UUID | None
) -> dict[Limit, tuple[int, UUID | None]]:
    """Return the use of each limit, and the store that it is about."""
    if _is_counted(subscription):
        assert subscription is not None
        prefix = f"{Limit.PRODUCTS}|"
        products = {UUID(key[len(prefix) :]): n for key, n in subscription.used.items() if key.startswith(prefix)}
        stores, generations = subscription.use_of(Limit.STORES), subscription.use_of(Limit.GENERATIONS, month)
    else:
        products, stores, generations = dict(before.products), before.stores, 0
    fullest = store_id or max(products, key=lambda each: products[each], default=None)
    return {
        Limit.STORES: (stores, None),
        Limit.PRODUCTS: (0 if fullest is None else products.get(fullest, 0), fullest),
        Limit.GENERATIONS: (generations, None),
        Limit.TEAM_MEMBERS: (TEAM_MEMBERS, None),
    }


def _url(field: str, text: str) -> str:
    parts = urlsplit(text)
    if len(text) > URL_MAX or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput(field, f"Invalid {field} '{text[:100]}'. Use an http or https address of your dashboard.")
    return text


def _key(checkout: PlanCheckout, *more: str) -> str:
    """Return the provider's idempotency key. It changes with the content, since a provider refuses another one."""
    digest = hashlib.sha256("\n".join((repr(checkout), *more)).encode()).hexdigest()
    return f"plan:{checkout.merchant_id}:{digest[:32]}"
