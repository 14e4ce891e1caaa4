"""The rows and tables of merchants' plans."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.engine.tables import Table


@dataclass(slots=True)
class PlanAccountRow:
    """A merchant's trial, and whether their use is counted."""

    merchant_id: UUID
    trial_plan: str | None
    trial_ends_at: datetime | None
    counted: bool


@dataclass(slots=True)
class PlanContractRow:
    """A merchant's subscription to the platform, as the provider reported it last."""

    subscription_id: str
    merchant_id: UUID
    customer_id: str
    plan: str
    began_at: datetime
    period_ends_at: datetime
    failed_since: datetime | None
    grace_ends_at: datetime | None
    shops_stay_until: datetime | None
    cancels_at: datetime | None
    ended_at: datetime | None
    as_of: datetime
    noticed: bool
    """Whether the end of the days of grace was recorded."""


@dataclass(slots=True)
class PlanUsageRow:
    """How much of one limit a merchant uses."""

    merchant_id: UUID
    key: str
    """See ``domain.subscription.aggregate.usage_key``."""
    used: int


PLAN_ACCOUNTS = Table(
    "plan_accounts", PlanAccountRow, key=("merchant_id",), hot=("trial_plan", "trial_ends_at", "counted")
)
PLAN_CONTRACTS = Table(
    "plan_contracts",
    PlanContractRow,
    key=("subscription_id",),
    hot=(
        "plan",
        "period_ends_at",
        "failed_since",
        "grace_ends_at",
        "shops_stay_until",
        "cancels_at",
        "ended_at",
        "as_of",
        "noticed",
    ),
    indexes=(
        "create index on plan_contracts (merchant_id)",
        "create index on plan_contracts (grace_ends_at) where failed_since is not null and not noticed",
    ),
)
PLAN_USAGE = Table("plan_usage", PlanUsageRow, key=("merchant_id", "key"), hot=("used",))
