"""The end of an account, in order: what must be finished first, stores and roles, payments, personal data.

Each step can be repeated, so that a request after a crash completes the one before.
"""

from contextlib import suppress

from commands.subscription import RecordSubscription
from domain.merchant.errors import NoAccountConnected
from domain.subscription.ports import PlanPortal
from gateway.api import stripe_accounts, stripe_keys
from gateway.api.command_request import CommandRequest, GatewayServices
from gateway.auth.visitor import Visitor
from projections.merchants.plan_queries import subscription_by_merchant
from projections.reading.scope import MerchantScope


async def end_account(services: GatewayServices, visitor: Visitor, password: str) -> None:
    """Delete a person's account.

    Raises:
        WrongPassword, LogInAgain, TooManyAttempts: nothing was changed.
        OrdersToFinish: nothing was changed.
        DomainError: the provider of payments refused; the account is there, and its stores are archived.
        Transient: the provider of payments cannot be reached; retrying may help.
    """
    closing = services.accounts.closing
    account = await closing.check(visitor, password)
    await closing.leave_stores(visitor)
    await _end_plan(services, visitor)
    await _disconnect_stripe(services, visitor)
    await closing.destroy(visitor, account)


async def _end_plan(services: GatewayServices, visitor: Visitor) -> None:
    """Cancel the subscription to the platform at once. No-op without one."""
    deps, person_id = services.deps, visitor.person_id
    if deps.plans is None or deps.plan_payments is None:
        return
    subscription = await subscription_by_merchant(deps.reader, person_id, scope=MerchantScope(person_id))
    if subscription is None:
        return
    for id, contract in subscription.contracts.items():
        if contract.ended_at is not None:
            continue
        plan = deps.plans.by_id.get(contract.plan)
        portal = PlanPortal(
            merchant_id=person_id,
            subscription_id=id,
            contract=contract,
            plan=plan or deps.plans.plan(deps.plans.free_plan),
            return_url="",
        )
        report = await deps.plan_payments.end(portal)
        await CommandRequest.begin(services, visitor).send(RecordSubscription(merchant_id=person_id, report=report))


async def _disconnect_stripe(services: GatewayServices, visitor: Visitor) -> None:
    """Give back the access to the merchant's account at Stripe, and drop their own key. No-op without either."""
    deps, request = services.deps, CommandRequest.begin(services, visitor)
    with suppress(NoAccountConnected):
        await stripe_accounts.disconnect(deps, request)
    await stripe_keys.forget_key(deps, request)
