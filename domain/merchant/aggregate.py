"""The merchant aggregate: registered once, connected to suppliers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.kernel import CorruptStream, StreamKind, first_header, next_header
from domain.merchant.events import (
    BusinessIdentityStated,
    MerchantEvent,
    MerchantRegistered,
    SupplierConnected,
    SupplierDisconnected,
    SupplierProvider,
)
from domain.privacy import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBusiness:
    """The unsealed parts of a stated business identity."""

    country: str
    """ISO 3166-1 alpha-2."""
    parts: frozenset[str]
    """The optional parts that are stated, such as ``vat_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A merchant's account, without credentials."""

    id: UUID
    version: int
    suppliers: Mapping[SupplierProvider, str | None] = field(default_factory=dict)
    """Connected suppliers, each with the merchant's account there; None if the supplier names none."""
    business: StatedBusiness | None = None
    """The business behind the stores; None until the merchant states it."""

    def connect(
        self, provider: SupplierProvider, *, account_id: str | None = None, at: datetime
    ) -> Sequence[MerchantEvent]:
        """Connect a supplier. No-op if it is connected with the same account."""
        if provider in self.suppliers and self.suppliers[provider] == account_id:
            return ()
        return (
            SupplierConnected(
                **next_header(self, at),
                provider=provider,
                account_id=account_id,
            ),
        )

    def disconnect(self, provider: SupplierProvider, *, at: datetime) -> Sequence[MerchantEvent]:
        """Disconnect a supplier. No-op if it is not connected."""
        if provider not in self.suppliers:
            return ()
        return (SupplierDisconnected(**next_header(self, at), provider=provider),)

    def state_identity(
        self, identity: Sealed, *, country: str, parts: Sequence[str], at: datetime
    ) -> Sequence[MerchantEvent]:
        """State the business behind the merchant's stores. The caller has checked and sealed it."""
        return (BusinessIdentityStated(**next_header(self, at), country=country, parts=list(parts), identity=identity),)


def register(merchant_id: UUID, *, email: Sealed, name: Sealed | None, at: datetime) -> Sequence[MerchantEvent]:
    """Open an account. The accounts table, not the log, keeps e-mail addresses unique."""
    return (MerchantRegistered(**first_header(merchant_id, at), email=email, name=name),)


def evolve(merchant: Merchant | None, event: MerchantEvent) -> Merchant:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match merchant, event:
        case None, MerchantRegistered():
            return Merchant(id=event.originator_id, version=event.originator_version)
        case Merchant(), SupplierConnected(provider=provider):
            connected = {**merchant.suppliers, provider: event.account_id}
            return replace(merchant, version=event.originator_version, suppliers=connected)
        case Merchant(), SupplierDisconnected(provider=provider):
            left = {one: account for one, account in merchant.suppliers.items() if one != provider}
            return replace(merchant, version=event.originator_version, suppliers=left)
        case Merchant(), BusinessIdentityStated():
            business = StatedBusiness(country=event.country, parts=frozenset(event.parts))
            return replace(merchant, version=event.originator_version, business=business)
        case _:
            raise CorruptStream(event)


MERCHANT = StreamKind("merchant", Merchant, evolve)
