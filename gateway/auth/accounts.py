"""Register, log in, refresh, log out."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from commands.merchant import RegisterMerchant
from commands.ports import CommandReused, Context, Receipt
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.merchant.errors import EmailTaken
from domain.merchant.ports import Account, Accounts, Allowance, RateLimits, RefreshTokens
from domain.order.ports import PersonalData
from domain.text import check_readable, clean_line
from gateway.auth.errors import InvalidRefreshToken, TooManyAttempts, WrongCredentials
from gateway.auth.passwords import Passwords
from gateway.auth.tokens import REFRESH_FOR, AccessTokens, new_refresh_token, refresh_hash

LOG_IN_PER_ADDRESS = Allowance(burst=10, interval=timedelta(seconds=30))
"""Tries at one account, wherever they come from."""
PER_CALLER = Allowance(burst=30, interval=timedelta(seconds=6))
"""Tries of one network address at any accounts."""
NAME_MAX, EMAIL_MAX = 100, 254

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+")

Send = Callable[[object, Context], Awaitable[Receipt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a client gets for its credentials."""

    merchant_id: UUID
    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    receipt: Receipt | None = None
    """Of the registration, where there was one."""


class AccountDesk:
    """Lets merchants in.

    Args:
        accounts: credentials.
        refresh_tokens: what keeps a session alive.
        limits: how often anybody may try.
        personal: seals name and e-mail for the log.
        passwords: hashes.
        tokens: signs access tokens.
        send: dispatches a command.
        clock: the time.
        limit_secret: keys the digests under which limits are counted, so that no address is stored.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        refresh_tokens: RefreshTokens,
        limits: RateLimits,
        personal: PersonalData,
        passwords: Passwords,
        tokens: AccessTokens,
        send: Send,
        clock: Clock,
        limit_secret: bytes,
    ) -> None:
        self._accounts, self._refresh_tokens, self._limits = accounts, refresh_tokens, limits
        self._personal, self._passwords, self._tokens = personal, passwords, tokens
        self._send, self._clock = send, clock
        self._limit_key = hashlib.blake2b(limit_secret, digest_size=32, person=b"zyenta-limits").digest()

    async def register(self, *, email: str, password: str, name: str | None, request_id: UUID, caller: str) -> Session:
        """Open an account and log in.

        Args:
            email: compared without regard to letter case.
            password: 10 to 256 characters.
            name: what to call the merchant.
            request_id: the same id with the same address and password is the same registration again.
            caller: the network address, for the rate limit.

        Raises:
            InvalidInput, EmailTaken, TooManyAttempts: refused; nothing was kept.
        """
        await self._take("register", caller, PER_CALLER)
        email, name = clean_email(email), clean_name(name)
        account = Account(
            merchant_id=derived(request_id, "merchant"),
            email=email,
            password_hash=await self._passwords.hash(password),
            name=name,
            opened=False,
        )
        try:
            await self._accounts.add(account, at=self._clock.now())
        except EmailTaken:
            known = await self._accounts.by_email(email)
            if known is None or known.merchant_id != account.merchant_id:
                raise
            if not (await self._passwords.verify(password, known.password_hash))[0]:
                raise
            account = known
        return await self._begin(account, await self._open(account))

    async def log_in(self, *, email: str, password: str, caller: str) -> Session:
        """Exchange credentials for a session.

        Raises:
            WrongCredentials: the same, and after the same time, for an unknown address and a wrong password.
            TooManyAttempts: wait first.
        """
        await self._take("caller", caller, PER_CALLER)
        await self._take("log-in", email.strip().casefold()[:EMAIL_MAX], LOG_IN_PER_ADDRESS)
        account = await self._accounts.by_email(email[: EMAIL_MAX + 1])
        fits, stronger = await self._passwords.verify(password, None if account is None else account.password_hash)
        if account is None or not fits:
            raise WrongCredentials
        if stronger is not None:
            await self._accounts.change_hash(account.merchant_id, stronger, at=self._clock.now())
        # A crash between keeping the account and appending its first event is made good here.
        receipt = None if account.opened else await self._open(account)
        return await self._begin(account, receipt)

    async def refresh(self, token: str) -> Session:
        """Exchange a refresh token for its successor and a new access token.

        Raises:
            InvalidRefreshToken: unknown, expired or revoked; or used before, which revokes its whole family.
        """
        now = self._clock.now()
        successor, expires_at = new_refresh_token(), now + REFRESH_FOR
        grant = await self._refresh_tokens.rotate(
            refresh_hash(token), refresh_hash(successor), at=now, expires_at=expires_at
        )
        if grant is None:
            raise InvalidRefreshToken
        access, access_expires_at = self._tokens.sign(grant.merchant_id)
        return Session(
            merchant_id=grant.merchant_id,
            access_token=access,
            access_expires_at=access_expires_at,
            refresh_token=successor,
            refresh_expires_at=expires_at,
        )

    async def log_out(self, token: str) -> None:
        """Revoke a session; nothing if it is over. Its access token lasts out its few minutes."""
        await self._refresh_tokens.revoke(refresh_hash(token), at=self._clock.now())

    async def _open(self, account: Account) -> Receipt | None:
        merchant_id = account.merchant_id
        command_id = derived(merchant_id, "register")
        command = RegisterMerchant(
            merchant_id=merchant_id,
            email=await self._personal.seal(merchant_id, account.email),
            name=None if account.name is None else await self._personal.seal(merchant_id, account.name),
        )
        try:
            receipt = await self._send(command, Context(command_id=command_id, correlation_id=command_id))
        except CommandReused:
            # Sealing twice gives two ciphertexts, so a repeat looks like another payload: it was done before.
            receipt = None
        await self._accounts.mark_opened(merchant_id, at=self._clock.now())
        return receipt

    async def _begin(self, account: Account, receipt: Receipt | None) -> Session:
        now = self._clock.now()
        refresh, expires_at = new_refresh_token(), now + REFRESH_FOR
        await self._refresh_tokens.issue(
            refresh_hash(refresh), merchant_id=account.merchant_id, at=now, expires_at=expires_at
        )
        access, access_expires_at = self._tokens.sign(account.merchant_id)
        return Session(
            merchant_id=account.merchant_id,
            access_token=access,
            access_expires_at=access_expires_at,
            refresh_token=refresh,
            refresh_expires_at=expires_at,
            receipt=receipt,
        )

    async def _take(self, what: str, who: str, allowance: Allowance) -> None:
        key = hashlib.blake2b(f"{what}\0{who}".encode(), key=self._limit_key, digest_size=16).digest()
        wait = await self._limits.take(key, allowance, at=self._clock.now())
        if wait is not None:
            raise TooManyAttempts(wait)


def clean_email(email: str) -> str:
    """Return the address without white space around it.

    Raises:
        InvalidInput: it has not the form of one.
    """
    cleaned = email.strip()
    if len(cleaned) > EMAIL_MAX or not _EMAIL.fullmatch(cleaned):
        raise InvalidInput("email", "This is not an e-mail address. Write it like name@example.com.")
    return cleaned


def clean_name(name: str | None) -> str | None:
    """Return the name with its white space in order; None for an empty one.

    Raises:
        InvalidInput: over 100 characters, or control characters.
    """
    check_readable("name", name or "")
    cleaned = clean_line(name or "")
    if len(cleaned) > NAME_MAX:
        raise InvalidInput("name", f"A name has at most {NAME_MAX} characters; this one has {len(cleaned)}.")
    return cleaned or None
