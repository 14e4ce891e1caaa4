"""Passkeys in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.accounts.passkeys import Challenge, ChallengePurpose, Passkey

_COLUMNS = "id, merchant_id, credential_id, credential, sign_count, name, created_at, used_at"


class PostgresPasskeys:
    """Implements :class:`domain.accounts.passkeys.PasskeyStore`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def begin(self, challenge: Challenge, *, at: datetime) -> None:
        await self._pool.execute(
            "with expired as (delete from passkey_challenges where expires_at < $5) "
            "insert into passkey_challenges (challenge_hash, purpose, merchant_id, expires_at) values ($1, $2, $3, $4)",
            challenge.challenge_hash,
            challenge.purpose,
            challenge.merchant_id,
            challenge.expires_at,
            at,
        )

    async def take(self, challenge_hash: bytes, *, at: datetime) -> Challenge | None:
        record = await self._pool.fetchrow(
            "delete from passkey_challenges where challenge_hash = $1 "
            "returning challenge_hash, purpose, merchant_id, expires_at",
            challenge_hash,
        )
        if record is None or record["expires_at"] <= at:
            return None
        return Challenge(**{**record, "purpose": ChallengePurpose(record["purpose"])})

    async def add(self, passkey: Passkey, *, most: int) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            # Two requests at once would both see room for one more.
            await connection.execute("select 1 from accounts where merchant_id = $1 for update", passkey.merchant_id)
            return bool(
                await connection.fetchval(
                    "insert into passkeys (id, merchant_id, credential_id, credential, sign_count, name, created_at) "
                    "select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from passkeys where merchant_id = $2) < $8 "
                    "on conflict do nothing returning true",
                    passkey.id,
                    passkey.merchant_id,
                    passkey.credential_id,
                    passkey.credential,
                    passkey.sign_count,
                    passkey.name,
                    passkey.created_at,
                    most,
                )
            )

    async def of_merchant(self, merchant_id: UUID) -> Sequence[Passkey]:
        records = await self._pool.fetch(
            f"select {_COLUMNS} from passkeys where merchant_id = $1 order by created_at, id",  # noqa: S608 - a constant
            merchant_id,
        )
        return [Passkey(**dict(record)) for record in records]

    async def find(self, credential_id: bytes) -> Passkey | None:
        record = await self._pool.fetchrow(
            f"select {_COLUMNS} from passkeys where credential_id = $1",  # noqa: S608 - a constant
            credential_id,
        )
        return None if record is None else Passkey(**dict(record))

    async def use(self, id: UUID, *, sign_count: int, at: datetime) -> bool:
        return bool(
            await self._pool.fetchval(
                "update passkeys set sign_count = $2, used_at = $3 "
                "where id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0)) returning true",
                id,
                sign_count,
                at,
            )
        )

    async def rename(self, id: UUID, merchant_id: UUID, name: str) -> bool:
        return bool(
            await self._pool.fetchval(
                "update passkeys set name = $3 where id = $1 and merchant_id = $2 returning true", id, merchant_id, name
            )
        )

    async def remove(self, id: UUID, merchant_id: UUID) -> bool:
        return bool(
            await self._pool.fetchval(
                "delete from passkeys where id = $1 and merchant_id = $2 returning true", id, merchant_id
            )
        )
