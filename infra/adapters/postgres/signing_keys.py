"""The keys that rotations began, in PostgreSQL."""

from collections.abc import Sequence

import asyncpg

from domain.accounts.signing_keys import SigningPeriod


class PostgresSigningPeriods:
    """Implements :class:`domain.accounts.signing_keys.SigningPeriods`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def all(self) -> Sequence[SigningPeriod]:
        records = await self._pool.fetch("select kid, signs_from, ends_others from signing_keys")
        return [SigningPeriod(**dict(record)) for record in records]

    async def add(self, period: SigningPeriod) -> None:
        await self._pool.execute(
            "with withdrawn as (delete from signing_keys where $3 and signs_from > $2) "
            "insert into signing_keys (kid, signs_from, ends_others) values ($1, $2, $3)",
            period.kid,
            period.signs_from,
            period.ends_others,
        )
