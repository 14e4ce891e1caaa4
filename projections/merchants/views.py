"""What queries of the merchants read model return; all frozen, times in UTC."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.merchant.events import StripeLink, SupplierProvider
from domain.privacy import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAccountView:
    """A supplier account (``SupplierAccount``) without its keys, which are in the vault."""

    id: UUID
    merchant_id: UUID
    provider: SupplierProvider
    account_id: str | None
    """The merchant's account at the supplier; None if the supplier has no account ids."""
    is_active: bool
    created_at: datetime
    """When it was first connected."""
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeAccountView:
    """A merchant's account at Stripe, as Stripe described it last."""

    account_id: str
    live: bool
    """Whether it takes real money."""
    link: StripeLink
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements: tuple[str, ...]
    """What Stripe still needs, in Stripe's names."""
    disabled_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerStripeAccountView:
    """An account at Stripe that a merchant disconnected."""

    account_id: str
    live: bool
    link: StripeLink


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantView:
    """A merchant (``User``). Open the sealed fields through ``PersonalData``."""

    id: UUID
    email: Sealed
    name: Sealed | None
    email_verified_at: datetime | None
    image_url: str | None
    stripe_account_id: str | None
    stripe_onboarded: bool
    """Whether shoppers can pay into the account."""
    stripe: StripeAccountView | None
    suppliers: tuple[SupplierAccountView, ...]
    """By provider, including disconnected ones (``is_active`` is false)."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessIdentityView:
    """A merchant's business identity. Open the sealed part through ``PersonalData``."""

    merchant_id: UUID
    country: str
    """ISO 3166-1 alpha-2."""
    parts: frozenset[str]
    """The optional parts that are stated, such as ``vat_id``."""
    identity: Sealed
    """JSON of ``domain.merchant.identity.BusinessIdentity``."""
    stated_at: datetime
