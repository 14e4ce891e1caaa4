"""Log-ins by other companies' accounts, in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.accounts.sign_in import LinkedSignIn, SignInState
from domain.merchant.account_events import SignInProvider


class PostgresSignIns:
    """Implements :class:`domain.accounts.sign_in.SignIns`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def begin(self, state: SignInState, *, at: datetime) -> None:
        await self._pool.execute(
            "with expired as (delete from sign_in_states where expires_at < $6) "
            "insert into sign_in_states (state_hash, browser_hash, provider, merchant_id, expires_at) "
            "values ($1, $2, $3, $4, $5)",
            state.state_hash,
            state.browser_hash,
            state.provider,
            state.merchant_id,
            state.expires_at,
            at,
        )

    async def take(self, state_hash: bytes, *, at: datetime) -> SignInState | None:
        record = await self._pool.fetchrow(
            "delete from sign_in_states where state_hash = $1 "
            "returning state_hash, browser_hash, provider, merchant_id, expires_at",
            state_hash,
        )
        if record is None or record["expires_at"] <= at:
            return None
        return SignInState(**{**record, "provider": SignInProvider(record["provider"])})

    async def owner(self, provider: SignInProvider, subject: str) -> UUID | None:
        owner: UUID | None = await self._pool.fetchval(
            "select merchant_id from sign_ins where provider = $1 and subject = $2", provider, subject
        )
        return owner

    async def link(self, merchant_id: UUID, provider: SignInProvider, subject: str, *, at: datetime) -> bool:
        return bool(
            await self._pool.fetchval(
                "insert into sign_ins (provider, subject, merchant_id, linked_at) values ($1, $2, $3, $4) "
                "on conflict do nothing returning true",
                provider,
                subject,
                merchant_id,
                at,
            )
        )

    async def unlink(self, merchant_id: UUID, provider: SignInProvider) -> bool:
        return bool(
            await self._pool.fetchval(
                "delete from sign_ins where merchant_id = $1 and provider = $2 returning true", merchant_id, provider
            )
        )

    async def of_merchant(self, merchant_id: UUID) -> Sequence[LinkedSignIn]:
        records = await self._pool.fetch(
            "select provider, linked_at from sign_ins where merchant_id = $1 order by provider", merchant_id
        )
        return [
            LinkedSignIn(provider=SignInProvider(record["provider"]), linked_at=record["linked_at"])
            for record in records
        ]
