"""Events of a merchant's log-in: the address, the password, sessions and further factors. None has a secret."""

from enum import StrEnum
from uuid import UUID

from domain.ids import derived
from domain.kernel import DomainEvent
from domain.privacy import Sealed


class SecondFactor(StrEnum):
    """What proves a person beside the password."""

    TOTP = "TOTP"
    """Codes of an app (RFC 6238)."""
    PASSKEY = "PASSKEY"
    """A key in a device (WebAuthn)."""


class SignInProvider(StrEnum):
    """Who else may log a merchant in."""

    GOOGLE = "GOOGLE"
    GITHUB = "GITHUB"


class EmailConfirmationRequested(DomainEvent, wire_name="merchant.email_confirmation_requested.v1"):
    """A mail with a link goes to an address. The address is the account's once the link was used."""

    link_id: UUID
    """Names the link. It opens nothing without the platform's signature."""
    email: Sealed


class EmailVerified(DomainEvent, wire_name="merchant.email_verified.v1"):
    """The merchant proved that mails to an address reach them. It is the account's address from now on."""

    email: Sealed
    former: Sealed | None = None
    """The address before; null if it is the same."""


class PasswordResetRequested(DomainEvent, wire_name="merchant.password_reset_requested.v1"):
    """A mail with a link for a new password goes to the account's address. Anyone may ask for it."""

    link_id: UUID
    """Names the link. It opens nothing without the platform's signature."""


class MerchantRenamed(DomainEvent, wire_name="merchant.merchant_renamed.v1"):
    """The merchant has another name, or none. It says who did something, and shoppers do not see it."""

    name: Sealed | None


class PasswordChanged(DomainEvent, wire_name="merchant.password_changed.v1"):
    """The account has a new password. Other sessions ended."""

    by_link: bool
    """Whether a link from a mail allowed it; false if the password before did."""
    api_keys_left: int = 0
    """API keys that still act for the account. After a link they ended too, unless the merchant kept them."""
    passkeys_left: int = 0
    """Passkeys that still log in to it."""
    providers_left: list[SignInProvider] = []
    """Providers that still log in to it."""


class SessionEnded(DomainEvent, wire_name="merchant.session_ended.v1"):
    """The merchant ended a session from another one, or all of them."""

    session_id: UUID | None
    """The session; null for all."""
    kept: UUID | None = None
    """The session that went on although all others ended; null for none."""


class SecondFactorEnabled(DomainEvent, wire_name="merchant.second_factor_enabled.v1"):
    """Log-ins need a further proof from now on."""

    method: SecondFactor


class SecondFactorDisabled(DomainEvent, wire_name="merchant.second_factor_disabled.v1"):
    """Log-ins no longer need this proof."""

    method: SecondFactor


class RecoveryCodesMade(DomainEvent, wire_name="merchant.recovery_codes_made.v1"):
    """The merchant got new recovery codes; earlier ones are void."""

    count: int


class RecoveryCodeUsed(DomainEvent, wire_name="merchant.recovery_code_used.v1"):
    """A recovery code replaced the second factor at a log-in."""

    left: int
    """How many unused ones remain."""


class SignInLinked(DomainEvent, wire_name="merchant.sign_in_linked.v1"):
    """The merchant may log in with an account at this provider."""

    provider: SignInProvider


class SignInUnlinked(DomainEvent, wire_name="merchant.sign_in_unlinked.v1"):
    """The merchant may no longer log in with this provider."""

    provider: SignInProvider


class PasskeyAdded(DomainEvent, wire_name="merchant.passkey_added.v1"):
    """A key in a device of the merchant logs them in from now on (WebAuthn)."""

    passkey_id: UUID


class PasskeyRemoved(DomainEvent, wire_name="merchant.passkey_removed.v1"):
    """A passkey logs the merchant in no more."""

    passkey_id: UUID


class ApiKeyMade(DomainEvent, wire_name="merchant.api_key_made.v1"):
    """The merchant has a new API key. Its secret is not in the log."""

    key_id: UUID
    prefix: str
    """The key's first characters, by which people recognize it."""
    scopes: list[str]
    instead_of: UUID | None = None
    """The key that it replaced; null for none."""


class ApiKeyRevoked(DomainEvent, wire_name="merchant.api_key_revoked.v1"):
    """An API key ended."""

    key_id: UUID


class AccountClosed(DomainEvent, wire_name="merchant.account_closed.v1"):
    """The merchant deleted the account. The key of their personal data is destroyed; their stores are archived."""

    farewell: Sealed
    """The address for the last mail, under a key of its own that is destroyed when the mail is out."""


def farewell_of(merchant_id: UUID) -> UUID:
    """Return the id that the address for a closed account's last mail is sealed under."""
    return derived(merchant_id, "farewell")


AccountEvent = (
    EmailConfirmationRequested
    | EmailVerified
    | MerchantRenamed
    | PasswordResetRequested
    | PasswordChanged
    | SessionEnded
    | SecondFactorEnabled
    | SecondFactorDisabled
    | RecoveryCodesMade
    | RecoveryCodeUsed
    | SignInLinked
    | SignInUnlinked
    | PasskeyAdded
    | PasskeyRemoved
    | ApiKeyMade
    | ApiKeyRevoked
    | AccountClosed
)
