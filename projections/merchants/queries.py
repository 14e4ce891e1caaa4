"""The merchants read model: profiles, sealed, and the suppliers they source from; tables, folds, views and queries.

Credentials are not here: password hashes and supplier keys never enter the log.
"""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.ids import derived
from domain.merchant.events import MerchantRegistered, SupplierConnected, SupplierDisconnected, SupplierProvider
from domain.privacy import Sealed
from projections.engine.tables import Folds, Json, ReadModel, Table, as_json
from projections.reading.paging import Conditions, Reader
from projections.reading.scope import Scope, restrict


@dataclass(slots=True)
class MerchantRow:
    """A merchant's profile."""

    id: UUID
    email: Json
    name: Json | None
    email_verified_at: datetime | None
    image_url: str | None
    stripe_account_id: str | None
    stripe_onboarded: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class SupplierAccountRow:
    """A supplier that was connected at some time."""

    id: UUID
    merchant_id: UUID
    provider: SupplierProvider
    account_id: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


MERCHANTS = Table("merchants", MerchantRow)
SUPPLIER_ACCOUNTS = Table(
    "supplier_accounts",
    SupplierAccountRow,
    hot=("account_id", "is_active", "updated_at"),
    indexes=("create index on supplier_accounts (merchant_id)",),
)


@dataclass(slots=True)
class MerchantsRows:
    """The rows a batch touches, by table and key."""

    merchants: dict[UUID, MerchantRow] = field(default_factory=dict)
    supplier_accounts: dict[UUID, SupplierAccountRow] = field(default_factory=dict)


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
        stripe_onboarded=False,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
    )


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


MODEL = ReadModel("merchants", 2, MerchantsRows, (MERCHANTS, SUPPLIER_ACCOUNTS), (FOLDS,))
"""The read model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAccountView:
    """A supplier account (``SupplierAccount``), without its keys, which are in the vault."""

    id: UUID
    merchant_id: UUID
    provider: SupplierProvider
    account_id: str | None
    """The merchant's account at the supplier, where the supplier names one."""
    is_active: bool
    created_at: datetime
    """When it was connected first."""
    updated_at: datetime


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
    suppliers: tuple[SupplierAccountView, ...]
    """By provider, those no longer connected too (``is_active`` false)."""
    created_at: datetime
    updated_at: datetime


async def merchant_by_id(db: Reader, merchant_id: UUID, *, scope: Scope) -> MerchantView | None:
    """Return a merchant with their suppliers; shoppers see none."""
    where = restrict(Conditions().add("m.id = {}", merchant_id), scope, merchant="m.id = {}", store=None)
    record = await db.fetchrow(
        "select m.id, m.email, m.name, m.email_verified_at, m.image_url, m.stripe_account_id, m.stripe_onboarded, "
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
