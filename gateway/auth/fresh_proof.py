"""The proof that a person asks for before a change of the log-in, beside a session that may have been left open."""

from uuid import UUID

from domain.accounts.ports import Account, Accounts
from domain.kernel import NotFound
from gateway.auth.attempts import FRESH_PROOFS, Attempts
from gateway.auth.errors import PasswordNotSet, WrongPassword
from gateway.auth.passwords import Passwords


class FreshProof:
    """Asks for the account's password again."""

    def __init__(self, accounts: Accounts, passwords: Passwords, attempts: Attempts) -> None:
        self._accounts, self._passwords, self._attempts = accounts, passwords, attempts

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
