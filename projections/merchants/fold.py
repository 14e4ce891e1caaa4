"""How events change the rows of the merchants read model."""

from uuid import UUID

from domain.ids import derived
from domain.merchant.account_events import EmailVerified, MerchantRenamed
from domain.merchant.events import (
    BusinessIdentityStated,
    MerchantRegistered,
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountStatusChanged,
    SupplierConnected,
    SupplierDisconnected,
)
from projections.engine.tables import Folds, as_json
from projections.merchants.tables import (
    BusinessIdentityRow,
    MerchantRow,
    MerchantsRows,
    StripeAccountRow,
    SupplierAccountRow,
)

FOLDS: Folds[MerchantsRows] = Folds()


@FOLDS.on(MerchantRegistered)
def merchant_registered(rows: MerchantsRows, event: MerchantRegistered, _: UUID) -> None:
    rows.merchants[event.originator_id] = MerchantRow(
        id=event.originator_id,
        email=as_json(event.email),
        name=None if event.name is None else as_json(event.name),
        email_verified_at=None,
        image_url=None,
        stripe_account_id=None,
        stripe_link=None,
        stripe_onboarded=False,
        stripe_live=None,
        stripe_status=None,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
    )


@FOLDS.on(EmailVerified, merchants="originator_id")
def email_verified(rows: MerchantsRows, event: EmailVerified, _: UUID) -> None:
    merchant = rows.merchants[event.originator_id]
    merchant.email, merchant.email_verified_at = as_json(event.email), event.occurred_at
    merchant.updated_at = event.occurred_at


@FOLDS.on(MerchantRenamed, merchants="originator_id")
def merchant_renamed(rows: MerchantsRows, event: MerchantRenamed, _: UUID) -> None:
    merchant = rows.merchants[event.originator_id]
    merchant.name, merchant.updated_at = None if event.name is None else as_json(event.name), event.occurred_at


def _account_of(event: SupplierConnected | SupplierDisconnected, _: UUID) -> UUID:
    return derived(event.originator_id, "supplier", event.provider)


@FOLDS.on(SupplierConnected, supplier_accounts=_account_of)
def supplier_connected(rows: MerchantsRows, event: SupplierConnected, tenant: UUID) -> None:
    id, at = _account_of(event, tenant), event.occurred_at
    account = rows.supplier_accounts.get(id)
    if account is not None:
        account.account_id, account.is_active, account.updated_at = event.account_id, True, at
        return
    rows.supplier_accounts[id] = SupplierAccountRow(
        id=id,
        merchant_id=event.originator_id,
        provider=event.provider,
        account_id=event.account_id,
        is_active=True,
        created_at=at,
        updated_at=at,
    )


@FOLDS.on(SupplierDisconnected, supplier_accounts=_account_of)
def supplier_disconnected(rows: MerchantsRows, event: SupplierDisconnected, tenant: UUID) -> None:
    account = rows.supplier_accounts[_account_of(event, tenant)]
    account.is_active, account.updated_at = False, event.occurred_at


@FOLDS.on(BusinessIdentityStated)
def business_identity_stated(rows: MerchantsRows, event: BusinessIdentityStated, _: UUID) -> None:
    id, number = event.originator_id, event.originator_version
    rows.business_identities[id, number] = BusinessIdentityRow(
        merchant_id=id,
        number=number,
        country=event.country,
        parts=as_json(event.parts),
        identity=as_json(event.identity),
        stated_at=event.occurred_at,
    )


def _stripe_account_of(event: StripeAccountConnected | StripeAccountDisconnected, _: UUID) -> tuple[UUID, str]:
    return event.originator_id, event.account_id


@FOLDS.on(StripeAccountConnected, merchants="originator_id", stripe_accounts=_stripe_account_of)
def stripe_account_connected(rows: MerchantsRows, event: StripeAccountConnected, tenant: UUID) -> None:
    merchant = rows.merchants[event.originator_id]
    merchant.stripe_account_id, merchant.stripe_live, merchant.stripe_link = event.account_id, event.live, event.link
    merchant.updated_at = event.occurred_at
    key, version = _stripe_account_of(event, tenant), event.originator_version
    account = rows.stripe_accounts.get(key)
    if account is not None:
        account.live, account.link, account.is_connected, account.changed = event.live, event.link, True, version
        return
    rows.stripe_accounts[key] = StripeAccountRow(
        merchant_id=event.originator_id,
        account_id=event.account_id,
        live=event.live,
        link=event.link,
        is_connected=True,
        changed=version,
    )


@FOLDS.on(StripeAccountStatusChanged, merchants="originator_id")
def stripe_account_status_changed(rows: MerchantsRows, event: StripeAccountStatusChanged, _: UUID) -> None:
    merchant = rows.merchants[event.originator_id]
    merchant.stripe_onboarded, merchant.updated_at = event.charges_enabled, event.occurred_at
    merchant.stripe_status = as_json(
        {
            "charges_enabled": event.charges_enabled,
            "payouts_enabled": event.payouts_enabled,
            "details_submitted": event.details_submitted,
            "requirements": event.requirements,
            "disabled_reason": event.disabled_reason,
        }
    )


@FOLDS.on(StripeAccountDisconnected, merchants="originator_id", stripe_accounts=_stripe_account_of)
def stripe_account_disconnected(rows: MerchantsRows, event: StripeAccountDisconnected, tenant: UUID) -> None:
    merchant = rows.merchants[event.originator_id]
    account = rows.stripe_accounts[_stripe_account_of(event, tenant)]
    account.is_connected, account.changed = False, event.originator_version
    merchant.stripe_account_id, merchant.stripe_live, merchant.stripe_link = None, None, None
    merchant.stripe_onboarded, merchant.stripe_status, merchant.updated_at = False, None, event.occurred_at
