"""The rows and tables of the merchants read model."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.merchant.events import StripeLink, SupplierProvider
from projections.engine.tables import Json, Table
from projections.merchants.plan_tables import (
    PLAN_ACCOUNTS,
    PLAN_CONTRACTS,
    PLAN_USAGE,
    PlanAccountRow,
    PlanContractRow,
    PlanUsageRow,
)
from projections.merchants.team_tables import INVITATIONS, PEOPLE, InvitationRow, PersonRow


@dataclass(slots=True)
class MerchantRow:
    """A merchant's profile."""

    id: UUID
    email: Json
    name: Json | None
    email_verified_at: datetime | None
    image_url: str | None
    stripe_account_id: str | None
    stripe_link: StripeLink | None
    stripe_onboarded: bool
    stripe_live: bool | None
    stripe_status: Json | None
    """What Stripe said last; null until it was asked."""
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class StripeAccountRow:
    """An account at Stripe that the merchant connected, now or earlier; orders were paid into it."""

    merchant_id: UUID
    account_id: str
    live: bool
    link: StripeLink
    is_connected: bool
    changed: int
    """The version of the merchant's stream that connected or disconnected it last; the highest is the newest."""


@dataclass(slots=True)
class SupplierAccountRow:
    """A supplier that the merchant connected, now or earlier."""

    id: UUID
    merchant_id: UUID
    provider: SupplierProvider
    account_id: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class BusinessIdentityRow:
    """One statement of a merchant's business identity; orders keep to the one of their time."""

    merchant_id: UUID
    number: int
    """The version of the merchant's stream; the highest counts."""
    country: str
    parts: Json
    identity: Json
    stated_at: datetime


MERCHANTS = Table(
    "merchants",
    MerchantRow,
    hot=(
        "name",
        "email",
        "email_verified_at",
        "stripe_account_id",
        "stripe_onboarded",
        "stripe_link",
        "stripe_live",
        "stripe_status",
        "updated_at",
    ),
)

STRIPE_ACCOUNTS = Table(
    "stripe_accounts",
    StripeAccountRow,
    key=("merchant_id", "account_id"),
    hot=("live", "link", "is_connected", "changed"),
    indexes=("create index on stripe_accounts (account_id)",),
)

SUPPLIER_ACCOUNTS = Table(
    "supplier_accounts",
    SupplierAccountRow,
    hot=("account_id", "is_active", "updated_at"),
    indexes=("create index on supplier_accounts (merchant_id)",),
)


BUSINESS_IDENTITIES = Table("business_identities", BusinessIdentityRow, key=("merchant_id", "number"))


@dataclass(slots=True)
class MerchantsRows:
    """The rows that a batch touches, by table and key."""

    merchants: dict[UUID, MerchantRow] = field(default_factory=dict)
    stripe_accounts: dict[tuple[UUID, str], StripeAccountRow] = field(default_factory=dict)
    supplier_accounts: dict[UUID, SupplierAccountRow] = field(default_factory=dict)
    business_identities: dict[tuple[UUID, int], BusinessIdentityRow] = field(default_factory=dict)
    plan_accounts: dict[UUID, PlanAccountRow] = field(default_factory=dict)
    plan_contracts: dict[str, PlanContractRow] = field(default_factory=dict)
    plan_usage: dict[tuple[UUID, str], PlanUsageRow] = field(default_factory=dict)
    store_people: dict[tuple[UUID, UUID], PersonRow] = field(default_factory=dict)
    store_invitations: dict[UUID, InvitationRow] = field(default_factory=dict)


TABLES = (
    PEOPLE,
    INVITATIONS,
    MERCHANTS,
    STRIPE_ACCOUNTS,
    SUPPLIER_ACCOUNTS,
    BUSINESS_IDENTITIES,
    PLAN_ACCOUNTS,
    PLAN_CONTRACTS,
    PLAN_USAGE,
)
