"""Finds the account that a merchant's shoppers pay into, in the merchants read model."""

from uuid import UUID

import asyncpg

from projections.merchants.queries import merchant_by_id
from projections.reading.scope import MerchantScope


class ReadModelStripeAccounts:
    """Returns merchants' accounts at Stripe that can be paid."""

    def __init__(self, pool: asyncpg.Pool, *, live: bool) -> None:
        """Take the read models, and whether this installation takes real money: test and live accounts never meet."""
        self._pool = pool
        self._live = live

    async def __call__(self, merchant_id: UUID) -> str | None:
        """Return a merchant's account; None if there is none that can be paid."""
        merchant = await merchant_by_id(self._pool, merchant_id, scope=MerchantScope(merchant_id))
        account = None if merchant is None else merchant.stripe
        if account is None or not account.charges_enabled or account.live is not self._live:
            return None
        return account.account_id
