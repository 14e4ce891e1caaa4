"""What can happen to a merchant."""

from enum import StrEnum

from domain.kernel import DomainEvent
from domain.privacy import Sealed


class SupplierProvider(StrEnum):
    """Where products come from."""

    ALIEXPRESS = "ALIEXPRESS"
    CJ_DROPSHIPPING = "CJ_DROPSHIPPING"
    SPOCKET = "SPOCKET"
    SAMPLE = "SAMPLE"
    """The sandbox catalogue that ships with Zyenta."""

    @property
    def display_name(self) -> str:
        """What a merchant calls it, in the middle of a sentence."""
        return _DISPLAY_NAMES[self]


_DISPLAY_NAMES = {
    SupplierProvider.ALIEXPRESS: "AliExpress",
    SupplierProvider.CJ_DROPSHIPPING: "CJ Dropshipping",
    SupplierProvider.SPOCKET: "Spocket",
    SupplierProvider.SAMPLE: "the sample supplier",
}


class MerchantRegistered(DomainEvent, wire_name="merchant.merchant_registered.v1"):
    """Somebody opened an account. The password hash is in the accounts table, not here."""

    email: Sealed
    name: Sealed | None = None


class SupplierConnected(DomainEvent, wire_name="merchant.supplier_connected.v1"):
    """The merchant may source from this supplier; its keys are in the vault."""

    provider: SupplierProvider
    account_id: str | None = None
    """The merchant's account at the supplier, where the supplier names one. Connecting another one is told again."""


class SupplierDisconnected(DomainEvent, wire_name="merchant.supplier_disconnected.v1"):
    """The merchant no longer sources from this supplier."""

    provider: SupplierProvider


MerchantEvent = MerchantRegistered | SupplierConnected | SupplierDisconnected
