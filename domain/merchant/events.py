"""Events of a merchant's account."""

from enum import StrEnum

from domain.kernel import DomainEvent
from domain.privacy import Sealed


class SupplierProvider(StrEnum):
    """The suppliers that products come from."""

    ALIEXPRESS = "ALIEXPRESS"
    CJ_DROPSHIPPING = "CJ_DROPSHIPPING"
    SPOCKET = "SPOCKET"
    SAMPLE = "SAMPLE"
    """The sandbox catalog that ships with Zyenta."""

    @property
    def display_name(self) -> str:
        """The supplier's name within a sentence."""
        return _DISPLAY_NAMES[self]


_DISPLAY_NAMES = {
    SupplierProvider.ALIEXPRESS: "AliExpress",
    SupplierProvider.CJ_DROPSHIPPING: "CJ Dropshipping",
    SupplierProvider.SPOCKET: "Spocket",
    SupplierProvider.SAMPLE: "the sample supplier",
}


class MerchantRegistered(DomainEvent, wire_name="merchant.merchant_registered.v1"):
    """A merchant opened an account. The password hash is in the accounts table, not in the log."""

    email: Sealed
    name: Sealed | None = None


class SupplierConnected(DomainEvent, wire_name="merchant.supplier_connected.v1"):
    """The merchant may source from this supplier; its keys are in the vault."""

    provider: SupplierProvider
    account_id: str | None = None
    """The merchant's account at the supplier; null if the supplier names none. Connecting another account
    is a new event."""


class SupplierDisconnected(DomainEvent, wire_name="merchant.supplier_disconnected.v1"):
    """The merchant no longer sources from this supplier."""

    provider: SupplierProvider


class BusinessIdentityStated(DomainEvent, wire_name="merchant.business_identity_stated.v1"):
    """The merchant stated the business behind all of their stores; a later statement replaces it."""

    country: str
    """ISO 3166-1 alpha-2 code of the business's country, which decides what its stores must publish."""
    parts: list[str] = []
    """The optional parts that are stated, such as ``vat_id``."""
    identity: Sealed
    """JSON of ``domain.merchant.identity.BusinessIdentity``, sealed under the merchant's key."""


MerchantEvent = MerchantRegistered | SupplierConnected | SupplierDisconnected | BusinessIdentityStated
