"""The name of the merchant's own account."""

from uuid import UUID

from commands.account import RenameMerchant
from commands.ports import Receipt
from domain.accounts.ports import Accounts
from domain.kernel import Clock
from domain.privacy import PersonalData
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import clean_name


class Names:
    """Changes names of accounts.

    Args:
        accounts: the accounts table.
        personal: seals the name for the log.
        log: records the change.
        clock: the current time.
    """

    def __init__(self, accounts: Accounts, personal: PersonalData, log: AccountLog, clock: Clock) -> None:
        self._accounts, self._personal = accounts, personal
        self._log, self._clock = log, clock

    async def change(self, merchant_id: UUID, name: str | None) -> Receipt | None:
        """Give an account another name, or none. No-op if it has that name.

        Raises:
            InvalidInput: the name is too long, or has control characters.
        """
        wanted, account = clean_name(name), await self._accounts.by_id(merchant_id)
        if account is not None and account.name == wanted:
            return None
        sealed = None if wanted is None else await self._personal.seal(merchant_id, wanted)
        receipt = await self._log.record(RenameMerchant(merchant_id=merchant_id, name=sealed))
        await self._accounts.rename(merchant_id, wanted, at=self._clock.now())
        return receipt
