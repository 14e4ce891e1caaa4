"""The proof that a person gives again before a change of how they log in. A session alone may have been left open.

What makes, replaces or removes a way into the account asks for it: password, address, API key, passkey, linked log-in, second
factor and recovery codes, and the deletion of the account. What ends an access asks for none.
"""

from datetime import timedelta
from uuid import UUID

from domain.accounts.ports import Account, Accounts, RefreshTokens
from domain.kernel import Clock, NotFound
from gateway.auth.attempts import FRESH_PROOFS, Attempts
from gateway.auth.errors import LogInAgain, PasswordNotSet, WrongPassword
from gateway.auth.passwords import Passwords
from gateway.auth.tokens import Identity

FRESH_FOR = timedelta(minutes=10)
"""How long a log-in counts as the proof of a person whose account has no password."""


class FreshProof:
    """Asks for the account's password again, or for a new log-in if the account has none."""

    def __init__(
        self, accounts: Accounts, passwords: Passwords, attempts: Attempts, refresh_tokens: RefreshTokens, clock: Clock
    ) -> None:
        self._accounts, self._passwords, self._attempts = accounts, passwords, attempts
        self._refresh_tokens, self._clock = refresh_tokens, clock

    async def account(self, merchant_id: UUID) -> Account:
        """Return a merchant's account.

        Raises:
            NotFound: there is none.
        """
        account = await self._accounts.by_id(merchant_id)
        if account is None:
            raise NotFound("account", merchant_id)
        return account

    async def by_password(self, merchant_id: UUID, password: str, *, field: str = "password") -> Account:
        """Return the account if the password is its own.

        Raises:
            WrongPassword: it is not.
            PasswordNotSet: the account has none.
            TooManyAttempts: a retry may succeed after the wait.
        """
        await self._attempts.take("proof", str(merchant_id), FRESH_PROOFS)
        account = await self.account(merchant_id)
        if account.password_hash is None:
            raise PasswordNotSet
        fits, _ = await self._passwords.verify(password, account.password_hash)
        if not fits:
            raise WrongPassword(field)
        return account

    async def by_owner(self, owner: Identity, password: str, *, field: str = "password") -> Account:
        """Return the account if the password is its own, or if it has none and the session has just begun.

        A person without a password logs in by a provider or a passkey, so a new log-in is their proof.

        Raises:
            WrongPassword: the password is not the account's.
            LogInAgain: the account has no password, and the session began more than ``FRESH_FOR`` ago.
            TooManyAttempts: a retry may succeed after the wait.
        """
        account = await self.account(owner.merchant_id)
        if account.password_hash is not None:
            return await self.by_password(owner.merchant_id, password, field=field)
        now = self._clock.now()
        sessions = await self._refresh_tokens.open_sessions(owner.merchant_id, at=now)
        if any(each.id == owner.session_id and now - each.began_at <= FRESH_FOR for each in sessions):
            return account
        raise LogInAgain
