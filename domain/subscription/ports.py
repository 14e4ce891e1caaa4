"""Ports of the platform's own sales: what takes the merchants' payments, and what counts their use at first."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.subscription.aggregate import Contract, SubscriptionReport
from domain.subscription.entitlement import Usage
from domain.subscription.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCheckout:
    """A merchant who wants to pay for a plan."""

    merchant_id: UUID
    email: str
    plan: Plan
    customer_id: str | None
    """The provider's id of the merchant, if they had a subscription before."""
    success_url: str
    cancel_url: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNotice:
    """The provider says that something changed in a subscription. Notices come in any order: ask what is true now."""

    subscription_id: str
    body: str
    """The recorded webhook. A provider that cannot be asked says everything in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPortal:
    """A merchant who wants to change, pay or cancel a subscription."""

    merchant_id: UUID
    subscription_id: str
    contract: Contract
    plan: Plan
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantSubscription:
    """A subscription, and the merchant that it names."""

    merchant_id: UUID
    report: SubscriptionReport


class PlanPayments(Protocol):
    """The provider that merchants pay the platform through. Sandbox and Stripe pass the same contract tests."""

    async def checkout_url(self, checkout: PlanCheckout) -> str:
        """Return the address of a page that takes the payment; the same idempotency key gives the same page.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...

    async def portal_url(self, portal: PlanPortal) -> str:
        """Return the address of a page where a merchant changes, pays or cancels their subscription.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...

    async def end(self, portal: PlanPortal) -> SubscriptionReport:
        """End a subscription at once, and return how it stands. What was paid is not paid back. No-op if it has ended.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...

    async def subscription(self, notice: PlanNotice) -> MerchantSubscription | None:
        """Return what the provider says about a subscription; None if it names no merchant, or has not begun.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...


class UsageCounter(Protocol):
    """Counts what a merchant had before their plan was counted in the log."""

    async def count(self, merchant_id: UUID) -> Usage:
        """Return a merchant's stores and products that are not archived."""
        ...
