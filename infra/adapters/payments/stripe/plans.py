"""The platform's own sales at Stripe: merchants' subscriptions on the platform's account."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import stripe
from pydantic import Field, ValidationError
from stripe.params.checkout import SessionCreateParams

from domain.kernel import Clock, Transient
from domain.subscription.aggregate import SubscriptionReport
from domain.subscription.plans import Plans
from domain.subscription.ports import MerchantSubscription, PlanCheckout, PlanNotice, PlanPortal
from infra.adapters.payments.stripe.client import WHO, StripeRefused, ask, create
from infra.adapters.payments.webhook_parts import Name, Part, why

NOT_BEGUN = frozenset({"incomplete", "incomplete_expired"})
"""Statuses of a subscription whose first payment never came."""
UNPAID = frozenset({"past_due", "unpaid", "paused"})


class _Metadata(Part):
    merchant_id: Annotated[UUID, Field(strict=False)] | None = None
    plan: Name | None = None


class _Price(Part):
    id: Name


class _Item(Part):
    price: _Price
    current_period_start: int
    current_period_end: int


class _Items(Part):
    data: list[_Item] = Field(min_length=1)


class _Cancellation(Part):
    reason: Name | None = None


class _Subscription(Part):
    id: Name
    customer: Name
    status: Name
    start_date: int
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    ended_at: int | None = None
    items: _Items
    metadata: _Metadata | None = None
    cancellation_details: _Cancellation | None = None


class StripePlans:
    """Implements :class:`domain.subscription.ports.PlanPayments`."""

    def __init__(self, client: stripe.StripeClient, plans: Plans, clock: Clock) -> None:
        self._client, self._plans, self._clock = client, plans, clock

    async def checkout_url(self, checkout: PlanCheckout) -> str:
        """Open a page of Checkout for a monthly subscription.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        if checkout.plan.stripe_price is None:
            raise StripeRefused(f"The plan {checkout.plan.id} has no stripe_price.")
        metadata = {"merchant_id": str(checkout.merchant_id), "plan": checkout.plan.id}
        params: SessionCreateParams = {
            "mode": "subscription",
            "line_items": [{"price": checkout.plan.stripe_price, "quantity": 1}],
            "client_reference_id": str(checkout.merchant_id),
            "metadata": metadata,
            "subscription_data": {"metadata": metadata},
            "success_url": checkout.success_url,
            "cancel_url": checkout.cancel_url,
        }
        if checkout.customer_id is None:
            params["customer_email"] = checkout.email
        else:
            params["customer"] = checkout.customer_id
        session = await create(
            lambda key: self._client.v1.checkout.sessions.create_async(params=params, options={"idempotency_key": key}),
            checkout.idempotency_key,
        )
        if not session.url:
            raise Transient(WHO, "its answer about the page has no address")
        return session.url

    async def portal_url(self, portal: PlanPortal) -> str:
        """Open Stripe's portal for a customer.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        session = await ask(
            self._client.v1.billing_portal.sessions.create_async(
                params={"customer": portal.contract.customer_id, "return_url": portal.return_url}
            )
        )
        return session.url

    async def end(self, portal: PlanPortal) -> SubscriptionReport:
        """Cancel a subscription at once, without an invoice for what is not billed yet.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        as_of = self._clock.now()
        try:
            answer = await ask(self._client.v1.subscriptions.cancel_async(portal.subscription_id))
        except StripeRefused:
            # Stripe cancels nothing twice: an earlier request may have done it.
            answer = await ask(self._client.v1.subscriptions.retrieve_async(portal.subscription_id))
            if answer.ended_at is None:
                raise
        return self._report(_read(answer), as_of)

    async def subscription(self, notice: PlanNotice) -> MerchantSubscription | None:
        """Ask Stripe how a subscription stands now.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        # Taken before the question: what Stripe says is not older than this.
        as_of = self._clock.now()
        answer = await ask(self._client.v1.subscriptions.retrieve_async(notice.subscription_id))
        found = _read(answer)
        merchant_id = None if found.metadata is None else found.metadata.merchant_id
        if merchant_id is None or found.status in NOT_BEGUN:
            return None
        return MerchantSubscription(merchant_id=merchant_id, report=self._report(found, as_of))

    def _report(self, found: _Subscription, as_of: datetime) -> SubscriptionReport:
        item = found.items.data[0]
        sold = self._plans.of_price(item.price.id)
        # A price that is not sold any more; the plan at the checkout still has its name.
        plan = sold.id if sold is not None else (found.metadata and found.metadata.plan) or self._plans.free_plan
        reason = None if found.cancellation_details is None else found.cancellation_details.reason
        is_unpaid = found.status in UNPAID or (found.ended_at is not None and reason == "payment_failed")
        cancels_at = found.cancel_at or (item.current_period_end if found.cancel_at_period_end else None)
        return SubscriptionReport(
            subscription_id=found.id,
            customer_id=found.customer,
            plan=plan,
            began_at=_moment(found.start_date),
            period_ends_at=_moment(item.current_period_end),
            # Stripe begins the period when it asks for its payment.
            failed_since=_moment(item.current_period_start) if is_unpaid else None,
            cancels_at=None if cancels_at is None else _moment(cancels_at),
            ended_at=None if found.ended_at is None else _moment(found.ended_at),
            as_of=as_of,
        )


def _read(answer: stripe.Subscription) -> _Subscription:
    try:
        return _Subscription.model_validate(answer.to_dict())
    except ValidationError as error:
        raise Transient(WHO, f"its answer about the subscription makes no sense: {why(error)}") from error


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
