"""Commands that record what happened to a merchant's log-in. The accounts table keeps the secrets."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import Field

from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock, next_header
from domain.merchant.account_events import (
    AccountClosed,
    AccountEvent,
    ApiKeyMade,
    ApiKeyRevoked,
    EmailConfirmationRequested,
    EmailVerified,
    MerchantRenamed,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordResetRequested,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondFactor,
    SecondFactorDisabled,
    SecondFactorEnabled,
    SessionEnded,
    SignInLinked,
    SignInProvider,
    SignInUnlinked,
)
from domain.merchant.aggregate import MERCHANT, Merchant
from domain.privacy import Sealed


class AccountCommand(Protocol):
    """A command of one event in the merchant's stream."""

    @property
    def merchant_id(self) -> UUID: ...

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        """Return the event to append."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEmailConfirmation:
    """Send a link to an address."""

    merchant_id: UUID
    link_id: UUID
    email: Sealed

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return EmailConfirmationRequested(**next_header(merchant, at), link_id=self.link_id, email=self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmEmail:
    """Record that an address is the merchant's."""

    merchant_id: UUID
    email: Sealed
    former: Sealed | None = None

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return EmailVerified(**next_header(merchant, at), email=self.email, former=self.former)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameMerchant:
    """Give the merchant another name, or none."""

    merchant_id: UUID
    name: Sealed | None

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return MerchantRenamed(**next_header(merchant, at), name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPasswordReset:
    """Send a link for a new password."""

    merchant_id: UUID
    link_id: UUID

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return PasswordResetRequested(**next_header(merchant, at), link_id=self.link_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPasswordChange:
    """Record that the password is another one."""

    merchant_id: UUID
    by_link: bool
    api_keys_left: int = 0
    passkeys_left: int = 0
    providers_left: list[SignInProvider] = field(default_factory=list)

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return PasswordChanged(
            **next_header(merchant, at),
            by_link=self.by_link,
            api_keys_left=self.api_keys_left,
            passkeys_left=self.passkeys_left,
            providers_left=self.providers_left,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSessionEnd:
    """Record that a session was ended from another one, or all of them."""

    merchant_id: UUID
    session_id: UUID | None
    kept: UUID | None = None

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return SessionEnded(**next_header(merchant, at), session_id=self.session_id, kept=self.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSecondFactor:
    """Record that log-ins need a further proof, or no longer need it."""

    merchant_id: UUID
    method: SecondFactor
    enabled: bool

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        kind = SecondFactorEnabled if self.enabled else SecondFactorDisabled
        return kind(**next_header(merchant, at), method=self.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRecoveryCodes:
    """Record that the merchant got new recovery codes."""

    merchant_id: UUID
    count: int

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return RecoveryCodesMade(**next_header(merchant, at), count=self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRecoveryCodeUse:
    """Record that a recovery code was used."""

    merchant_id: UUID
    left: int

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return RecoveryCodeUsed(**next_header(merchant, at), left=self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSignInLink:
    """Record that a provider may log the merchant in, or no longer may."""

    merchant_id: UUID
    provider: SignInProvider
    linked: bool

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        kind = SignInLinked if self.linked else SignInUnlinked
        return kind(**next_header(merchant, at), provider=self.provider)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPasskey:
    """Record that a passkey may log the merchant in, or no longer may."""

    merchant_id: UUID
    passkey_id: UUID
    added: bool

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        kind = PasskeyAdded if self.added else PasskeyRemoved
        return kind(**next_header(merchant, at), passkey_id=self.passkey_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordApiKey:
    """Record a new API key."""

    merchant_id: UUID
    key_id: UUID
    prefix: str
    scopes: list[str]
    instead_of: UUID | None = None

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return ApiKeyMade(
            **next_header(merchant, at),
            key_id=self.key_id,
            prefix=self.prefix,
            scopes=self.scopes,
            instead_of=self.instead_of,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordApiKeyEnd:
    """Record that an API key was revoked."""

    merchant_id: UUID
    key_id: UUID

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return ApiKeyRevoked(**next_header(merchant, at), key_id=self.key_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount:
    """Record that the merchant deleted the account."""

    merchant_id: UUID
    farewell: Annotated[Sealed, Field(exclude=True)]
    """Each sealing differs, so the digest has none, and a repeat after a crash is recognized."""

    def event(self, merchant: Merchant, at: datetime) -> AccountEvent:
        return AccountClosed(**next_header(merchant, at), farewell=self.farewell)


async def record(command: AccountCommand, work: Work, *, clock: Clock) -> None:
    """Append the command's event.

    Raises:
        NotFound: no merchant has the id; retrying cannot help.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    work.append(MERCHANT, merchant.id, (command.event(merchant, clock.now()),), tenant=merchant.id)


HANDLERS: UnboundHandlers = {
    RequestEmailConfirmation: record,
    ConfirmEmail: record,
    RenameMerchant: record,
    RequestPasswordReset: record,
    RecordPasswordChange: record,
    RecordSessionEnd: record,
    RecordSecondFactor: record,
    RecordRecoveryCodes: record,
    RecordRecoveryCodeUse: record,
    RecordSignInLink: record,
    RecordPasskey: record,
    RecordApiKey: record,
    RecordApiKeyEnd: record,
    CloseAccount: record,
}
"""Each command and its handler."""
