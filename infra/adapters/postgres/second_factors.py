"""Second factors in PostgreSQL, the secrets sealed under the master key."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.accounts.second_factors import Totp
from infra.adapters.master_keys import MasterKeys


class PostgresSecondFactors:
    """Implements :class:`domain.accounts.second_factors.SecondFactorStore`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", keys: MasterKeys) -> None:
        self._pool, self._keys = pool, keys

    async def totp(self, merchant_id: UUID) -> Totp | None:
        record = await self._pool.fetchrow(
            "select secret, confirmed_at is not null as confirmed from second_factors where merchant_id = $1",
            merchant_id,
        )
        if record is None:
            return None
        secret = self._keys.open(record["secret"], bound_to=_row(merchant_id))
        return Totp(secret=secret, confirmed=record["confirmed"])

    async def begin(self, merchant_id: UUID, secret: bytes) -> None:
        await self._pool.execute(
            "insert into second_factors (merchant_id, secret) values ($1, $2) on conflict (merchant_id) "
            "do update set secret = excluded.secret, last_step = 0 where second_factors.confirmed_at is null",
            merchant_id,
            self._keys.seal(secret, bound_to=_row(merchant_id)),
        )

    async def confirm(self, merchant_id: UUID, *, at: datetime) -> None:
        await self._pool.execute(
            "update second_factors set confirmed_at = coalesce(confirmed_at, $2) where merchant_id = $1",
            merchant_id,
            at,
        )

    async def take_step(self, merchant_id: UUID, step: int) -> bool:
        return bool(
            await self._pool.fetchval(
                "update second_factors set last_step = $2 where merchant_id = $1 and last_step < $2 returning true",
                merchant_id,
                step,
            )
        )

    async def remove(self, merchant_id: UUID) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("delete from second_factors where merchant_id = $1", merchant_id)
            await connection.execute("delete from recovery_codes where merchant_id = $1", merchant_id)

    async def replace_codes(self, merchant_id: UUID, hashes: Sequence[bytes]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("delete from recovery_codes where merchant_id = $1", merchant_id)
            await connection.execute(
                "insert into recovery_codes (merchant_id, code_hash) select $1, unnest($2::bytea[])",
                merchant_id,
                list(hashes),
            )

    async def use_code(self, merchant_id: UUID, hashes: Sequence[bytes], *, at: datetime) -> bool:
        return bool(
            await self._pool.fetchval(
                "update recovery_codes set used_at = $3 where merchant_id = $1 and code_hash = any($2) and used_at is null "
                "returning true",
                merchant_id,
                list(hashes),
                at,
            )
        )

    async def codes_left(self, merchant_id: UUID) -> int:
        left: int = await self._pool.fetchval(
            "select count(*) from recovery_codes where merchant_id = $1 and used_at is null", merchant_id
        )
        return left


def _row(merchant_id: UUID) -> str:
    return f"second_factors|{merchant_id}"
