"""Events of a merchant's account."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent
from domain.merchant.account_events import AccountEvent
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
    link_id: UUID | None = None
    """Names the link that confirms the address, which goes there by mail; null if no mail was asked for."""


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


class StripeLink(StrEnum):
    """How the platform reaches a merchant's account at Stripe."""

    OPENED = "OPENED"
    """The platform opened the account, and uses it through Connect."""
    EXISTING = "EXISTING"
    """The merchant had the account and let the platform in (OAuth). Disconnecting ends that."""
    OWN_KEY = "OWN_KEY"
    """The merchant gave the platform a restricted key, which is in the vault. Stripe takes no fee for the platform."""


class StripeAccountConnected(DomainEvent, wire_name="merchant.stripe_account_connected.v1"):
    """The merchant has an account at Stripe that their shoppers will pay into. It may not be ready yet."""

    account_id: str
    """Stripe's id, ``acct_...``."""
    live: bool
    """Whether it takes real money; false for Stripe's test mode."""
    link: StripeLink = StripeLink.OPENED
    """How the platform reaches it."""


class StripeAccountStatusChanged(DomainEvent, wire_name="merchant.stripe_account_status_changed.v1"):
    """Stripe answered differently about the merchant's account than before."""

    account_id: str
    """Stripe's id, ``acct_...``."""
    charges_enabled: bool
    """Whether shoppers can pay into it."""
    payouts_enabled: bool
    """Whether Stripe pays its balance out."""
    details_submitted: bool
    """Whether the merchant went through all of Stripe's questions."""
    requirements: list[str] = []
    """What Stripe still needs, in Stripe's names, such as ``external_account``."""
    disabled_reason: str | None = None
    """Why Stripe restricted it, in Stripe's name, such as ``requirements.past_due``; null if it did not."""


class StripeAccountDisconnected(DomainEvent, wire_name="merchant.stripe_account_disconnected.v1"):
    """The merchant's account no longer takes payments for their stores. It goes on at Stripe."""

    account_id: str
    """Stripe's id, ``acct_...``."""
    by_merchant: bool
    """Whether the merchant did it here; false if Stripe reported that they did it there."""


MerchantEvent = (
    MerchantRegistered
    | SupplierConnected
    | SupplierDisconnected
    | BusinessIdentityStated
    | StripeAccountConnected
    | StripeAccountStatusChanged
    | StripeAccountDisconnected
    | AccountEvent
)
