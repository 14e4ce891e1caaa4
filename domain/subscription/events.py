"""Events of a merchant's subscription to the platform, and of what they use of it."""

from datetime import datetime
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.subscription.plans import Limit


class TrialStarted(DomainEvent, wire_name="subscription.trial_started.v1"):
    """A merchant tries a plan without paying. Once per merchant, with their first store."""

    merchant_id: UUID
    plan: str
    """The id of the plan."""
    ends_at: datetime


class Subscribed(DomainEvent, wire_name="subscription.subscribed.v1"):
    """The payment provider has a subscription of the merchant to the platform."""

    merchant_id: UUID
    subscription_id: str
    """The provider's id."""
    customer_id: str
    """The provider's id of the merchant."""
    plan: str
    began_at: datetime
    """Of several subscriptions, the one that began last counts."""
    period_ends_at: datetime
    """Until when it is paid."""
    as_of: datetime
    """When the provider said so. What it said earlier is ignored."""


class SubscriptionRenewed(DomainEvent, wire_name="subscription.renewed.v1"):
    """A period was paid; an earlier failure is settled."""

    subscription_id: str
    period_ends_at: datetime
    as_of: datetime


class PlanChanged(DomainEvent, wire_name="subscription.plan_changed.v1"):
    """The merchant changed to another plan."""

    subscription_id: str
    plan: str
    as_of: datetime


class SubscriptionPaymentFailed(DomainEvent, wire_name="subscription.subscription_payment_failed.v1"):
    """A period was not paid. The provider tries again; the days of grace count from ``failed_since``."""

    subscription_id: str
    plan: str
    period_ends_at: datetime
    failed_since: datetime
    grace_ends_at: datetime
    """Until then nothing changes."""
    shops_stay_until: datetime
    """Until then at least, published stores stay online."""
    as_of: datetime


class GraceEnded(DomainEvent, wire_name="subscription.grace_ended.v1"):
    """The days of grace after a failed payment are over. New stores and generations are refused until it is paid."""

    subscription_id: str
    plan: str
    failed_since: datetime
    shops_stay_until: datetime
    """Until then at least, published stores stay online."""


class SubscriptionCancelled(DomainEvent, wire_name="subscription.cancelled.v1"):
    """The merchant cancelled. The plan counts until ``ends_at``."""

    subscription_id: str
    ends_at: datetime
    as_of: datetime


class SubscriptionResumed(DomainEvent, wire_name="subscription.resumed.v1"):
    """The merchant took a cancellation back before it took effect."""

    subscription_id: str
    as_of: datetime


class SubscriptionEnded(DomainEvent, wire_name="subscription.ended.v1"):
    """The subscription is over for good."""

    subscription_id: str
    ended_at: datetime
    as_of: datetime


class SubscriptionConfirmed(DomainEvent, wire_name="subscription.confirmed.v1"):
    """The provider said the same as before, later. It keeps an earlier report that is late from counting."""

    subscription_id: str
    as_of: datetime


class StoreProducts(Value):
    """How many products a store has."""

    store_id: UUID
    products: int


class UsageCounted(DomainEvent, wire_name="subscription.usage_counted.v1"):
    """What the merchant had when their use was counted first. Later events change it."""

    merchant_id: UUID
    stores: int
    products: list[StoreProducts]
    """Stores with products; the others have none."""


class AllowanceUsed(DomainEvent, wire_name="subscription.allowance_used.v1"):
    """The merchant used some of what their plan allows."""

    merchant_id: UUID
    limit: Limit
    scope: str
    """The store's id for products, the month for generations (``2026-11``), else empty."""
    count: int


class AllowanceReturned(DomainEvent, wire_name="subscription.allowance_returned.v1"):
    """Something that counted was archived."""

    merchant_id: UUID
    limit: Limit
    scope: str
    count: int


ReportedEvent = (
    SubscriptionRenewed
    | PlanChanged
    | SubscriptionPaymentFailed
    | SubscriptionCancelled
    | SubscriptionResumed
    | SubscriptionEnded
    | SubscriptionConfirmed
)
ContractEvent = ReportedEvent | GraceEnded
UsageEvent = UsageCounted | AllowanceUsed | AllowanceReturned
SubscriptionEvent = TrialStarted | Subscribed | ContractEvent | UsageEvent
