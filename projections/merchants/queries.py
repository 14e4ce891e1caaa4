"""Queries of the merchants read model. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import json
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from domain.merchant.events import StripeLink, SupplierProvider
from domain.privacy import Sealed
from projections.merchants.views import (
    BusinessIdentityView,
    FormerStripeAccountView,
    MerchantView,
    StripeAccountView,
    SupplierAccountView,
)
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, restrict


async def account_standing(db: Reader, merchant_id: UUID, *, scope: Scope) -> tuple[bool, bool]:
    """Return whether a merchant's address is confirmed, and whether shoppers can pay into their account.

    Both are false for an unknown merchant.
    """
    where = restrict(Conditions().add("m.id = {}", merchant_id), scope, merchant="m.id = {}", store=None)
    record = await db.fetchrow(
        f"select m.email_verified_at is not null as verified, m.stripe_onboarded from merchants m where {where.sql}",
        *where.arguments,
    )
    return (False, False) if record is None else (record["verified"], record["stripe_onboarded"])


async def merchant_by_id(db: Reader, merchant_id: UUID, *, scope: Scope) -> MerchantView | None:
    """Return a merchant with their suppliers; shoppers see none."""
    where = restrict(Conditions().add("m.id = {}", merchant_id), scope, merchant="m.id = {}", store=None)
    record = await db.fetchrow(
        "select m.id, m.email, m.name, m.email_verified_at, m.image_url, m.stripe_account_id, m.stripe_onboarded, "
        "m.stripe_live, m.stripe_link, m.stripe_status, "
        f"m.created_at, m.updated_at from merchants m where {where.sql}",
        *where.arguments,
    )
    if record is None:
        return None
    accounts = await db.fetch(
        "select a.id, a.merchant_id, a.provider, a.account_id, a.is_active, a.created_at, a.updated_at "
        "from supplier_accounts a where a.merchant_id = $1 order by a.provider",
        merchant_id,
    )
    return MerchantView(
        id=record["id"],
        email=Sealed.model_validate_json(record["email"]),
        name=None if record["name"] is None else Sealed.model_validate_json(record["name"]),
        email_verified_at=record["email_verified_at"],
        image_url=record["image_url"],
        stripe_account_id=record["stripe_account_id"],
        stripe_onboarded=record["stripe_onboarded"],
        stripe=_stripe(record),
        suppliers=tuple(
            SupplierAccountView(
                id=account["id"],
                merchant_id=account["merchant_id"],
                provider=SupplierProvider(account["provider"]),
                account_id=account["account_id"],
                is_active=account["is_active"],
                created_at=account["created_at"],
                updated_at=account["updated_at"],
            )
            for account in accounts
        ),
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


async def merchant_of_stripe_account(db: Reader, account_id: str, *, scope: Scope) -> UUID | None:
    """Return the merchant of an account at Stripe, connected or former; None if no merchant had it. Shoppers see none."""
    where = restrict(
        Conditions().add("s.account_id = {}", account_id), scope, merchant="s.merchant_id = {}", store=None
    )
    found: UUID | None = await db.fetchval(
        f"select s.merchant_id from stripe_accounts s where {where.sql} "
        "order by s.is_connected desc, s.changed desc limit 1",
        *where.arguments,
    )
    return found


async def merchant_with_own_key(db: Reader, account_id: str, *, scope: Scope) -> UUID | None:
    """Return the merchant who gave the platform an own key for an account; None if none did. Shoppers see none."""
    where = restrict(
        Conditions().add("s.account_id = {}", account_id).add("s.link = {}", StripeLink.OWN_KEY),
        scope,
        merchant="s.merchant_id = {}",
        store=None,
    )
    found: UUID | None = await db.fetchval(
        f"select s.merchant_id from stripe_accounts s where {where.sql} and s.is_connected limit 1", *where.arguments
    )
    return found


async def former_stripe_account(db: Reader, merchant_id: UUID, *, scope: Scope) -> FormerStripeAccountView | None:
    """Return the account at Stripe that a merchant disconnected last; None if there is none. Shoppers see none."""
    where = restrict(
        Conditions().add("s.merchant_id = {}", merchant_id), scope, merchant="s.merchant_id = {}", store=None
    )
    record = await db.fetchrow(
        f"select s.account_id, s.live, s.link from stripe_accounts s where {where.sql} and not s.is_connected "
        "order by s.changed desc limit 1",
        *where.arguments,
    )
    if record is None:
        return None
    return FormerStripeAccountView(
        account_id=record["account_id"], live=record["live"], link=StripeLink(record["link"])
    )


async def business_identity(
    db: Reader, merchant_id: UUID, *, scope: Scope, at: datetime | None = None
) -> BusinessIdentityView | None:
    """Return the business identity that a merchant stated last; None if there is none.

    Args:
        db: the database.
        merchant_id: the merchant.
        scope: whose rows may be returned; shoppers see none, a storefront asks for its merchant.
        at: return the identity that counted at this time instead.
    """
    where = restrict(
        Conditions().add("i.merchant_id = {}", merchant_id),
        scope,
        merchant="i.merchant_id = {}",
        store=None,
    )
    if at is not None:
        where = where.add("i.stated_at <= {}", at)
    record = await db.fetchrow(
        "select i.merchant_id, i.country, i.parts, i.identity, i.stated_at from business_identities i "
        f"where {where.sql} order by i.number desc limit 1",
        *where.arguments,
    )
    if record is None:
        return None
    return BusinessIdentityView(
        merchant_id=record["merchant_id"],
        country=record["country"],
        parts=frozenset(json.loads(record["parts"])),
        identity=Sealed.model_validate_json(record["identity"]),
        stated_at=record["stated_at"],
    )


def _stripe(record: Record) -> StripeAccountView | None:
    if record["stripe_account_id"] is None:
        return None
    status = json.loads(record["stripe_status"] or "{}")
    return StripeAccountView(
        account_id=record["stripe_account_id"],
        live=bool(record["stripe_live"]),
        link=StripeLink(record["stripe_link"]),
        charges_enabled=status.get("charges_enabled", False),
        payouts_enabled=status.get("payouts_enabled", False),
        details_submitted=status.get("details_submitted", False),
        requirements=tuple(status.get("requirements", ())),
        disabled_reason=status.get("disabled_reason"),
    )
