"""Port of the vault for supplier credentials, which never enter an event."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.merchant.events import SupplierProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierCredentials:
    """Credentials for a supplier's API. Only the vault stores them; they never enter a log line or an event."""

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
    """Encrypted storage of merchants' supplier credentials."""

    async def keep(self, merchant_id: UUID, provider: SupplierProvider, credentials: SupplierCredentials) -> None:
        """Store credentials and replace earlier ones."""
        ...

    async def drop(self, merchant_id: UUID, provider: SupplierProvider) -> None:
        """Delete the credentials. No-op if there are none."""
        ...
