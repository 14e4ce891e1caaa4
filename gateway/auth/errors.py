"""Errors of authentication."""

from datetime import timedelta
from math import ceil
from typing import ClassVar

from domain.accounts.sign_in import NAMES
from domain.kernel import DomainError
from domain.merchant.account_events import SignInProvider


class WrongCredentials(DomainError):
    """The e-mail address is unknown or the password is wrong. One error for both, so that addresses stay secret."""

    code: ClassVar[str] = "WRONG_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong. Check both and try again.")


class WrongPassword(DomainError):
    """The password of the account's owner was asked for again and is wrong."""

    code: ClassVar[str] = "WRONG_PASSWORD"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is not this account's password. Check it, or ask for a new one by mail.")
        self.field = field


class PasswordNeeded(DomainError):
    """A link from a mail was opened without the session that asked for it."""

    code: ClassVar[str] = "PASSWORD_NEEDED"
    field = "password"

    def __init__(self) -> None:
        super().__init__("password is missing. Enter the password that you chose for this account, or log in first.")


class PasswordNotSet(DomainError):
    """The account has no password: its owner logs in with a provider."""

    code: ClassVar[str] = "PASSWORD_NOT_SET"

    def __init__(self) -> None:
        super().__init__(
            "This account has no password yet. Set one under Security, or with a link by mail: “Forgot the password?”."
        )


class LogInAgain(DomainError):
    """The account has no password, and its owner's log-in is too old to stand for one."""

    code: ClassVar[str] = "LOG_IN_AGAIN"

    def __init__(self) -> None:
        super().__init__(
            "This account has no password, so a new log-in confirms that it is you. Log out, log in again, and do this "
            "within 10 minutes."
        )


class WrongCode(DomainError):
    """A code of a second factor is wrong, too old, or was used before."""

    code: ClassVar[str] = "WRONG_CODE"
    field = "code"

    def __init__(self, *, at_set_up: bool = False) -> None:
        """Describe a wrong code.

        Args:
            at_set_up: whether the account has no recovery codes yet, because the factor is being set up.
        """
        first = "code is wrong or was used. Wait for the next code of your app"
        super().__init__(
            f"{first}. If it is wrong too, set the clock of your phone."
            if at_set_up
            else f"{first}, or use a recovery code."
        )


class SecondFactorIsOn(DomainError):
    """Log-ins need a second factor already."""

    code: ClassVar[str] = "SECOND_FACTOR_IS_ON"

    def __init__(self) -> None:
        super().__init__("Your account has a second factor. Remove it before you set up another one.")


class SecondFactorNotBegun(DomainError):
    """The account has no second factor."""

    code: ClassVar[str] = "SECOND_FACTOR_NOT_BEGUN"

    def __init__(self) -> None:
        super().__init__("Your account has no second factor yet. Set one up with beginTotp first.")


class ChallengeNotValid(DomainError):
    """The first half of a log-in is too old, altered or of another purpose."""

    code: ClassVar[str] = "CHALLENGE_NOT_VALID"
    field = "token"

    def __init__(self) -> None:
        super().__init__("The token of the first log-in step is not valid any more. Log in again.")


class PasskeysNotOffered(DomainError):
    """Browsers make no passkeys for this installation's address."""

    code: ClassVar[str] = "PASSKEYS_NOT_OFFERED"

    def __init__(self) -> None:
        super().__init__(
            "This installation has no passkeys: its address must be https, or http://localhost. Use your password."
        )


class PasskeyNotValid(DomainError):
    """A passkey's answer is of another account, site or challenge. All read the same."""

    code: ClassVar[str] = "PASSKEY_NOT_VALID"
    field = "clientDataJson"

    def __init__(self) -> None:
        super().__init__(
            "The answer of the passkey is not valid: it is unknown here, removed, too late or was used. Begin again."
        )


class TooManyPasskeys(DomainError):
    """The account has as many passkeys as it may have."""

    code: ClassVar[str] = "TOO_MANY_PASSKEYS"

    def __init__(self, most: int) -> None:
        super().__init__(f"Your account has {most} passkeys, and may have no more. Remove one that you do not use.")


class ProviderNotOffered(DomainError):
    """This installation has no log-in by the provider."""

    code: ClassVar[str] = "PROVIDER_NOT_OFFERED"
    field = "provider"

    def __init__(self, provider: SignInProvider) -> None:
        super().__init__(
            f"provider is {provider}, and this installation has no log-in by {NAMES[provider]}. Use your password."
        )


class SignInStateNotValid(DomainError):
    """A log-in came back from a provider twice, too late, or to another browser."""

    code: ClassVar[str] = "SIGN_IN_STATE_NOT_VALID"
    field = "state"

    def __init__(self) -> None:
        super().__init__(
            "This log-in cannot be finished: it was finished already, is too old, or began in another browser. Begin again."
        )


class SignInDenied(DomainError):
    """The person did not agree on the provider's page."""

    code: ClassVar[str] = "SIGN_IN_DENIED"

    def __init__(self, provider: SignInProvider) -> None:
        super().__init__(
            f"{NAMES[provider]} reports that you did not agree. Nothing was changed; begin again if you like."
        )


class ProviderEmailNotVerified(DomainError):
    """The provider names no address that it verified."""

    code: ClassVar[str] = "PROVIDER_EMAIL_NOT_VERIFIED"

    def __init__(self, provider: SignInProvider) -> None:
        super().__init__(
            f"{NAMES[provider]} names no verified e-mail address of yours. Verify one there, or open an account here."
        )


class AccountHasAddress(DomainError):
    """An account owns the address that the provider names. Equal addresses do not join accounts."""

    code: ClassVar[str] = "ACCOUNT_HAS_ADDRESS"

    def __init__(self, provider: SignInProvider) -> None:
        name = NAMES[provider]
        super().__init__(
            f"An account has the address that {name} names. Log in to it as before, then link {name} under Security."
        )


class SignInTaken(DomainError):
    """The provider's account, or the merchant's, is linked otherwise."""

    code: ClassVar[str] = "SIGN_IN_TAKEN"

    def __init__(self, provider: SignInProvider) -> None:
        super().__init__(
            f"This account at {NAMES[provider]} is linked to another account here, or your account to another one there. "
            "Remove that link first."
        )


class EmailNotVerified(DomainError):
    """Something needs a confirmed address."""

    code: ClassVar[str] = "EMAIL_NOT_VERIFIED"

    def __init__(self) -> None:
        super().__init__("Confirm your e-mail address first: use the link in the mail, or ask for another one.")


class InvalidRefreshToken(DomainError):
    """The refresh token is unknown, expired, revoked or reused."""

    code: ClassVar[str] = "INVALID_REFRESH_TOKEN"
    field = "refreshToken"

    def __init__(self) -> None:
        super().__init__("The refresh token is not valid. Log in again.")


class TooManyAttempts(DomainError):
    """A rate limit is exhausted. A retry may succeed after the wait."""

    code: ClassVar[str] = "TOO_MANY_ATTEMPTS"

    def __init__(self, wait: timedelta) -> None:
        self.retry_after = ceil(wait.total_seconds())
        """Seconds."""
        super().__init__(f"Too many attempts. Wait {self.retry_after} seconds and try again.")


class Unauthenticated(Exception):
    """The request has no access token, or an invalid one."""

    code: ClassVar[str] = "UNAUTHENTICATED"

    def __init__(self, message: str = "Not logged in. Send the header “Authorization: Bearer <access token>”.") -> None:
        super().__init__(message)
