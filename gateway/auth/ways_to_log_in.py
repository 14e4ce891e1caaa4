"""The ways to log in to an account: its password, providers and passkeys."""

from domain.accounts.passkeys import PasskeyStore
from domain.accounts.ports import Account
from domain.accounts.sign_in import SignIns
from gateway.auth.errors import PasswordNotSet


class WaysToLogIn:
    """Keeps the last way to log in.

    Two removals at once may both pass. The owner of the account's address then still sets a password by a mail.
    """

    def __init__(self, sign_ins: SignIns, passkeys: PasskeyStore) -> None:
        self._sign_ins, self._passkeys = sign_ins, passkeys

    async def keep_another(self, account: Account) -> None:
        """Refuse to remove a provider or a passkey that is the only way to log in.

        Raises:
            PasswordNotSet: nothing else logs its owner in.
        """
        if account.password_hash is not None:
            return
        id = account.merchant_id
        if len(await self._sign_ins.of_merchant(id)) + len(await self._passkeys.of_merchant(id)) <= 1:
            raise PasswordNotSet
