"""What merchants need from outside: a place for credentials, which never enter an event."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.merchant.events import SupplierProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierCredentials:
    """What a supplier's API asks for. Rests in the vault only; never logged, never in an event."""

    api_key: str
    api_secret: str | None = None
    account_id: str | None = None

    def __repr__(self) -> str:
        return "SupplierCredentials(…)"


class SupplierCredentialsReader(Protocol):
    """Reads merchants' supplier credentials; what an agent gets in place of the vault."""

    async def read(self, merchant_id: UUID, provider: SupplierProvider) -> SupplierCredentials | None:
        """Return the credentials, or None if the merchant has not connected this supplier."""
        ...


class SupplierVault(Protocol):
    """Keeps merchants' supplier credentials encrypted."""

    async def keep(self, merchant_id: UUID, provider: SupplierProvider, credentials: SupplierCredentials) -> None:
        """Store credentials, in place of earlier ones."""
        ...

    async def drop(self, merchant_id: UUID, provider: SupplierProvider) -> None:
        """Delete them; nothing if there are none."""
        ...
