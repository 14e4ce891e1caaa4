"""Registration, log-in, exchange of refresh tokens, and log-out."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from commands.merchant import RegisterMerchant
from commands.ports import CommandReused, Context, Dispatcher, Receipt
from domain.accounts.email import email_key
from domain.accounts.links import LIFETIME, AccountLink, AccountLinks, LinkPurpose
from domain.accounts.ports import Account, Accounts, RefreshTokens
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.privacy import PersonalData
from domain.text import check_readable, clean_line
from gateway.auth.attempts import (
    MAILS,
    PER_ACCOUNT,
    PER_ACCOUNT_AND_ADDRESS,
    PER_ADDRESS,
    PER_DEVICE,
    Attempts,
    network_of,
)
from gateway.auth.errors import ChallengeNotValid, InvalidRefreshToken, WrongCredentials
from gateway.auth.passwords import Passwords, check_password
from gateway.auth.second_factor import SecondFactors
from gateway.auth.sessions import Sessions
from gateway.auth.tokens import (
    REFRESH_FOR,
    AccessTokens,
    Device,
    DeviceTokens,
    Tickets,
    new_refresh_token,
    refresh_hash,
    successor_of,
)

REFRESH_GRACE = timedelta(seconds=30)
"""How long a repeat of a used refresh token gets the same successor, because an answer can be lost."""
NAME_MAX, EMAIL_MAX = 100, 254
REGISTER = "register"
"""What the id of the command that opens an account is derived for."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session's tokens."""

    merchant_id: UUID
    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    device_token: str | None = field(default=None, repr=False)
    """Identifies the device at its next log-in. None after an exchange of a refresh token."""
    receipt: Receipt | None = None
    """The registration's receipt. None if the account was already open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The first half of a log-in to an account that has a second factor."""

    merchant_id: UUID
    token: str = field(repr=False)
    """Names the account to :meth:`Authenticator.complete`. It opens nothing without a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStores:
    """The ports that the authenticator stores accounts and sessions in."""

    accounts: Accounts
    refresh_tokens: RefreshTokens
    links: AccountLinks
    personal: PersonalData
    """Seals name and e-mail address for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """The signers of tokens, and the sessions that the tokens belong to."""

    access: AccessTokens
    devices: DeviceTokens
    challenges: Tickets
    sessions: Sessions
    """Looked up again after a session ends."""


class Authenticator:
    """Opens accounts and sessions of merchants.

    Args:
        stores: accounts, refresh tokens, rate limits and personal data.
        tokens: signers of tokens.
        factors: second factors, asked for at a log-in.
        attempts: limits of attempts.
        passwords: password hashes.
        commands: carries out the registration.
        clock: the current time.
        secret: key from which the successors of refresh tokens are derived. Every process needs the same secret.
    """

    def __init__(
        self,
        stores: AccountStores,
        tokens: SessionTokens,
        *,
        factors: SecondFactors,
        attempts: Attempts,
        passwords: Passwords,
        commands: Dispatcher,
        clock: Clock,
        secret: bytes,
    ) -> None:
        self._accounts, self._refresh_tokens = stores.accounts, stores.refresh_tokens
        self._links, self._personal = stores.links, stores.personal
        self._tokens, self._devices, self._sessions = tokens.access, tokens.devices, tokens.sessions
        self._challenges = tokens.challenges
        self._passwords, self._commands, self._clock = passwords, commands, clock
        self._attempts, self._factors = attempts, factors
        self._refresh_key = hashlib.blake2b(secret, digest_size=32, person=b"zyenta-refresh").digest()

    async def register(
        self,
        *,
        email: str,
        password: str,
        name: str | None,
        request_id: UUID,
        address: str,
        device_name: str | None = None,
    ) -> Session | Challenge:
        """Open an account and log in. A mail goes to the address.

        The account does not own the address until the merchant uses the mail's link. So the answer is the same whether
        another account owns it; in that case the mail says so, and has no such link.

        Args:
            email: compared by :func:`email_key`.
            password: 10 to 256 characters, and no common one.
            name: the merchant's name.
            request_id: a repeat with the same id, address and password is the same registration.
            address: the caller's network address, for the rate limit.
            device_name: see :func:`gateway.auth.devices.device_name`.

        Raises:
            InvalidInput, TooManyAttempts: refused; nothing was stored.
            WrongCredentials: the id belongs to a registration with another password, or to an account that was deleted.
        """
        await self._attempts.take("register", network_of(address), PER_ADDRESS)
        email, name = clean_email(email), clean_name(name)
        check_password(password, email=email, name=name)
        await self._attempts.take("mail", email_key(email), MAILS)
        merchant_id = derived(request_id, "merchant")
        if await self._was_deleted(merchant_id):
            raise WrongCredentials
        wanted = Account(
            merchant_id=merchant_id,
            email=email,
            password_hash=await self._passwords.hash(password),
            name=name,
            opened=False,
            claimed=False,
        )
        account = await self._accounts.add(wanted, at=self._clock.now())
        if account.password_hash != wanted.password_hash:
            fits = (await self._passwords.verify(password, account.password_hash))[0]
            if not fits or email_key(account.email) != email_key(email):
                raise WrongCredentials
        # A repeat may meet an account that has a second factor by now.
        return await self.enter(account, await self._open(account), device_name=device_name)

    async def log_in(
        self,
        *,
        email: str,
        password: str,
        address: str,
        device_token: str | None = None,
        device_name: str | None = None,
    ) -> Session | Challenge:
        """Exchange credentials for a session, or for a challenge if the account has a second factor.

        Args:
            email: in any spelling; limits count all spellings together.
            password: the password.
            address: the caller's network address, for the rate limits.
            device_token: from an earlier log-in on this device. With it, the limits that other callers can exhaust do
                not apply. It does not replace the password.
            device_name: see :func:`gateway.auth.devices.device_name`.

        Raises:
            WrongCredentials: the e-mail address is unknown or the password is wrong. Both take the same time.
            TooManyAttempts: a retry may succeed after the wait.
        """
        email = email[: EMAIL_MAX + 1]
        candidates = (await self._accounts.claimant(email), await self._accounts.newest_unclaimed(email))
        device = self._devices.read(device_token)
        if device is not None and device.merchant_id in {each.merchant_id for each in candidates if each is not None}:
            await self._attempts.take("device", device.id, PER_DEVICE)
        else:
            device, network, key = None, network_of(address), email_key(email)
            await self._attempts.take("caller", network, PER_ADDRESS)
            await self._attempts.take("log-in", f"{key}\0{network}", PER_ACCOUNT_AND_ADDRESS)
            # Last, so that attempts refused for their address do not count against the account.
            await self._attempts.take("account", key, PER_ACCOUNT)
        account = await self._of_password(candidates, password)
        await self._accounts.rekey(account.merchant_id, account.email, at=self._clock.now())
        # Completes a registration that crashed between storing the account and appending its first event.
        receipt = None if account.opened else await self._open(account)
        return await self.enter(account, receipt, device, device_name=device_name)

    async def enter(
        self,
        account: Account,
        receipt: Receipt | None = None,
        device: Device | None = None,
        *,
        device_name: str | None = None,
    ) -> Session | Challenge:
        """Open a session of an account whose owner proved the first factor, or ask for the second one."""
        if await self._factors.is_on(account.merchant_id):
            token = self._challenges.sign(account.merchant_id, proof=_password_mark(account))
            return Challenge(merchant_id=account.merchant_id, token=token)
        return await self._begin(account, receipt, device, device_name=device_name)

    async def complete(
        self, token: str, *, code: str, device_token: str | None = None, device_name: str | None = None
    ) -> Session:
        """Exchange a challenge and a code for a session.

        Raises:
            ChallengeNotValid: log in again.
            WrongCode, TooManyAttempts: a retry with a new code may succeed.
        """
        account = await self.challenged(token)
        await self._factors.prove(account.merchant_id, code)
        return await self.enter_proven(account, device_token=device_token, device_name=device_name)

    async def challenged(self, token: str) -> Account:
        """Return the account of a challenge.

        Raises:
            ChallengeNotValid: log in again. The password may have been changed since.
        """
        ticket = self._challenges.read(token)
        account = None if ticket is None else await self._accounts.by_id(ticket.merchant_id)
        if ticket is None or account is None or ticket.proof != _password_mark(account):
            raise ChallengeNotValid
        return account

    async def enter_proven(
        self, account: Account, *, device_token: str | None = None, device_name: str | None = None
    ) -> Session:
        """Open a session of an account whose owner proved all factors."""
        device = self._devices.read(device_token)
        known = device if device is not None and device.merchant_id == account.merchant_id else None
        return await self._begin(account, None, known, device_name=device_name)

    async def _of_password(self, candidates: Sequence[Account | None], password: str) -> Account:
        """Return the account that a password opens.

        An address has at most one account that owns it, and others that want it. A wrong password is compared with one of
        each, or with a decoy, so that its time does not tell which of them exist.

        Raises:
            WrongCredentials: it opens none.
        """
        for account in candidates:
            stored = None if account is None else account.password_hash
            fits, stronger = await self._passwords.verify(password, stored)
            if account is not None and fits:
                if stronger is None:
                    return account
                await self._accounts.change_hash(
                    account.merchant_id, stronger, at=self._clock.now(), instead_of=account.password_hash
                )
                return replace(account, password_hash=stronger)
        raise WrongCredentials

    async def refresh(self, token: str) -> Session:
        """Exchange a refresh token for its successor and a new access token.

        A repeat within :data:`REFRESH_GRACE` gets the same successor, unless the successor was used.

        Raises:
            InvalidRefreshToken: the token is unknown, expired, revoked or reused. Reuse revokes its whole family.
        """
        now = self._clock.now()
        successor = successor_of(token, self._refresh_key)
        grant = await self._refresh_tokens.rotate(
            refresh_hash(token),
            refresh_hash(successor),
            at=now,
            expires_at=now + REFRESH_FOR,
            grace=REFRESH_GRACE,
        )
        if grant is None:
            self._sessions.forget()
            raise InvalidRefreshToken
        access, access_expires_at = self._tokens.sign(grant.merchant_id, grant.family_id)
        return Session(
            merchant_id=grant.merchant_id,
            access_token=access,
            access_expires_at=access_expires_at,
            refresh_token=successor,
            refresh_expires_at=grant.expires_at,
        )

    async def log_out(self, token: str) -> None:
        """End a session with its access tokens. No-op if it has ended."""
        await self._refresh_tokens.revoke(refresh_hash(token), at=self._clock.now())
        self._sessions.forget()

    async def open_without_password(self, merchant_id: UUID, *, email: str, name: str | None) -> Account:
        """Open an account for a person that a provider named. No mail is sent, and the address is not claimed yet."""
        wanted = Account(
            merchant_id=merchant_id, email=email, password_hash=None, name=name, opened=False, claimed=False
        )
        account = await self._accounts.add(wanted, at=self._clock.now())
        await self._open(account, mailed=False)
        return account

    async def _was_deleted(self, merchant_id: UUID) -> bool:
        """Whether an account was opened under an id and is gone. Its key is destroyed, so nothing may be sealed for it."""
        if await self._accounts.by_id(merchant_id) is not None:
            return False
        return await self._commands.outcome(derived(merchant_id, REGISTER)) is not None

    async def _open(self, account: Account, *, mailed: bool = True) -> Receipt | None:
        merchant_id, now = account.merchant_id, self._clock.now()
        command_id = derived(merchant_id, REGISTER)
        link = AccountLink(
            id=derived(merchant_id, "confirm email"),
            merchant_id=merchant_id,
            purpose=LinkPurpose.CONFIRM_EMAIL,
            email=account.email,
            expires_at=now + LIFETIME[LinkPurpose.CONFIRM_EMAIL],
        )
        if mailed:
            await self._links.add(link, at=now)
        command = RegisterMerchant(
            merchant_id=merchant_id,
            link_id=link.id if mailed else None,
            email=await self._personal.seal(merchant_id, account.email),
            name=None if account.name is None else await self._personal.seal(merchant_id, account.name),
        )
        receipt: Receipt | None
        try:
            receipt = await self._commands.dispatch(command, Context(command_id=command_id, correlation_id=command_id))
        except CommandReused:
            # Each sealing gives another ciphertext, so a repeat has a different payload; the first one was accepted.
            receipt = await self._commands.outcome(command_id)
        await self._accounts.mark_opened(merchant_id, at=self._clock.now())
        return receipt

    async def _begin(
        self,
        account: Account,
        receipt: Receipt | None,
        device: Device | None = None,
        *,
        device_name: str | None = None,
    ) -> Session:
        now = self._clock.now()
        refresh, expires_at = new_refresh_token(), now + REFRESH_FOR
        session_id = await self._refresh_tokens.issue(
            refresh_hash(refresh), merchant_id=account.merchant_id, device=device_name, at=now, expires_at=expires_at
        )
        # A new password ends all sessions. One that began with the old password at the same time must not outlive it.
        present = await self._accounts.by_id(account.merchant_id)
        if present is None or present.password_hash != account.password_hash:
            await self._refresh_tokens.revoke(refresh_hash(refresh), at=now)
            raise WrongCredentials
        access, access_expires_at = self._tokens.sign(account.merchant_id, session_id)
        return Session(
            merchant_id=account.merchant_id,
            access_token=access,
            access_expires_at=access_expires_at,
            refresh_token=refresh,
            refresh_expires_at=expires_at,
            device_token=self._devices.sign(account.merchant_id, device),
            receipt=receipt,
        )


def _password_mark(account: Account) -> str:
    """Return what tells an account's password from its next one, for a challenge that it was proved for."""
    return hashlib.sha256((account.password_hash or "").encode()).hexdigest()[:16]


def clean_email(email: str) -> str:
    """Return the e-mail address without surrounding white space.

    Raises:
        InvalidInput: the text is not an e-mail address.
    """
    cleaned = email.strip()
    if len(cleaned) > EMAIL_MAX or not _EMAIL.fullmatch(cleaned):
        raise InvalidInput("email", "Invalid email. Use an address such as name@example.com.")
    return cleaned


def clean_name(name: str | None) -> str | None:
    """Return the name with collapsed white space. None if it is empty.

    Raises:
        InvalidInput: the name has over 100 characters, or control characters.
    """
    check_readable("name", name or "")
    cleaned = clean_line(name or "")
    if len(cleaned) > NAME_MAX:
        raise InvalidInput("name", f"name has {len(cleaned)} characters. Use at most {NAME_MAX}.")
    return cleaned or None
