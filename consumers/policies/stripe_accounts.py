"""The reaction to Stripe's webhooks about merchants' accounts; a part of the payments policy."""

from uuid import UUID

from commands.merchant import DisconnectStripe, RecordStripeStatus
from consumers.ports import Aggregates, React
from domain.merchant.aggregate import MERCHANT
from domain.merchant.ports import StripeAccounts
from domain.order.ports import AccountNotice
from schemas.envelope import Envelope


class AccountReaction:
    """Asks Stripe about an account after each webhook about it, and records the answer.

    Webhooks come in any order and more than once, so what one says is not recorded: an old one would win over a newer one.
    """

    def __init__(self, react: React, aggregates: Aggregates, accounts: StripeAccounts) -> None:
        self._react = react
        self._aggregates = aggregates
        self._accounts = accounts

    async def __call__(self, merchant_id: UUID, notice: AccountNotice, *, cause: Envelope, name: str) -> None:
        """React to a notice. No-op if the account is not the merchant's any more.

        Raises:
            Transient: Stripe cannot be reached; the webhook is delivered again.
        """
        merchant = await self._aggregates.get(MERCHANT, merchant_id)
        if merchant.stripe is None or merchant.stripe.id != notice.account_id:
            return
        status = await self._accounts.status(notice.account_id)
        command: DisconnectStripe | RecordStripeStatus
        if status is None:
            command = DisconnectStripe(merchant_id=merchant_id, account_id=notice.account_id, by_merchant=False)
        else:
            command = RecordStripeStatus(merchant_id=merchant_id, account_id=notice.account_id, status=status)
        await self._react(command, cause=cause, name=name)
