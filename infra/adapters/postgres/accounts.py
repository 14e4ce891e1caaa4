"""Accounts, refresh tokens and rate limits in PostgreSQL (``infra/migrations/0020-accounts.sql``)."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from domain.accounts.email import email_key, former_email_key
from domain.accounts.ports import Account, Allowance, RefreshGrant
from domain.merchant.errors import EmailTaken

FORGET_AFTER = timedelta(days=1)
"""How long an idle rate-limit row or an expired refresh token is kept before it is deleted."""

_ROTATE = """
with spent as (
    update refresh_tokens t set used_at = $3
    from refresh_families f
    where t.token_hash = $1 and f.id = t.family_id
      and t.used_at is null and t.expires_at > $3 and f.revoked_at is null
    returning f.merchant_id, f.id as family_id
), next as (
    insert into refresh_tokens (token_hash, family_id, issued_at, expires_at)
    select $2, family_id, $3, $4::timestamptz from spent
)
select merchant_id, family_id, $4::timestamptz as expires_at from spent
"""

_REPEAT = """
select f.merchant_id, f.id as family_id, next.expires_at
from refresh_tokens t
join refresh_families f on f.id = t.family_id and f.revoked_at is null
join refresh_tokens next on next.token_hash = $2 and next.family_id = t.family_id
where t.token_hash = $1 and next.used_at is null and next.expires_at > $3
  and t.used_at between $3::timestamptz - $4::interval and $3::timestamptz + $4::interval
"""
"""Repeats the last rotation: the successor has the same hash and was not used yet."""

_REVOKE_REUSED = """
update refresh_families f set revoked_at = $2
from refresh_tokens t
where t.token_hash = $1 and t.family_id = f.id and f.revoked_at is null and t.used_at is not null
"""

_REVOKE = """
update refresh_families f set revoked_at = $2
from refresh_tokens t
where t.token_hash = $1 and t.family_id = f.id and f.revoked_at is null
"""

# An arrival further ahead than the whole allowance was written by a clock that was set back since. It is ignored;
# otherwise a limit of half a minute would last as long as the clock was wrong.
_TAKE = """
insert into rate_limits as r (key, arrival) values ($1, $2::timestamptz + $3::interval)
on conflict (key) do update set arrival = case
    when r.arrival > $2::timestamptz + $3::interval * $4::integer then $2::timestamptz
    else greatest(r.arrival, $2::timestamptz)
end + $3::interval
where r.arrival > $2::timestamptz + $3::interval * $4::integer
   or greatest(r.arrival, $2::timestamptz) + $3::interval <= $2::timestamptz + $3::interval * $4::integer
returning arrival
"""


class PostgresAccounts:
    """Implements :class:`domain.accounts.ports.Accounts`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def add(self, account: Account, *, at: datetime) -> None:
        # The server's log would quote a unique violation, e-mail address included.
        added = await self._pool.fetchval(
            """
            insert into accounts
                (merchant_id, email, email_key, password_hash, name, opened, created_at, updated_at)
            select $1, $2, $3, $4, $5, $6, $7, $7
            where not exists (select from accounts where email_key = $8)
            on conflict do nothing returning true
            """,
            account.merchant_id,
            account.email,
            email_key(account.email),
            account.password_hash,
            account.name,
            account.opened,
            at,
            former_email_key(account.email),
        )
        if not added:
            raise EmailTaken

    async def by_email(self, email: str) -> Account | None:
        row = await self._pool.fetchrow(
            "select merchant_id, email, password_hash, name, opened from accounts where email_key = any($1) "
            "order by email_key = $2 desc limit 1",
            [email_key(email), former_email_key(email)],
            email_key(email),
        )
        return None if row is None else Account(**dict(row))

    async def mark_opened(self, merchant_id: UUID, *, at: datetime) -> None:
        await self._pool.execute(
            "update accounts set opened = true, updated_at = $2 where merchant_id = $1 and not opened", merchant_id, at
        )

    async def rekey(self, merchant_id: UUID, email: str, *, at: datetime) -> None:
        with suppress(asyncpg.UniqueViolationError):
            await self._pool.execute(
                "update accounts set email_key = $2, updated_at = $3 where merchant_id = $1 and email_key <> $2",
                merchant_id,
                email_key(email),
                at,
            )

    async def change_hash(self, merchant_id: UUID, password_hash: str, *, at: datetime) -> None:
        await self._pool.execute(
            "update accounts set password_hash = $2, updated_at = $3 where merchant_id = $1",
            merchant_id,
            password_hash,
            at,
        )


class PostgresRefreshTokens:
    """Implements :class:`domain.accounts.ports.RefreshTokens`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def issue(self, token_hash: bytes, *, merchant_id: UUID, at: datetime, expires_at: datetime) -> UUID:
        family_id = uuid4()
        await self._pool.execute(
            """
            with swept as (
                delete from refresh_tokens where expires_at < $3::timestamptz - $6::interval
            ), family as (
                insert into refresh_families (id, merchant_id, created_at) values ($1, $2, $3) returning id
            )
            insert into refresh_tokens (token_hash, family_id, issued_at, expires_at)
            select $4, id, $3, $5 from family
            """,
            family_id,
            merchant_id,
            at,
            token_hash,
            expires_at,
            FORGET_AFTER,
        )
        return family_id

    async def rotate(
        self, old_hash: bytes, new_hash: bytes, *, at: datetime, expires_at: datetime, grace: timedelta
    ) -> RefreshGrant | None:
        # The update locks the token's row, so exactly one of two concurrent exchanges finds it unused. The other waits
        # for the lock, and so its second statement sees the successor.
        row = await self._pool.fetchrow(_ROTATE, old_hash, new_hash, at, expires_at)
        if row is None:
            row = await self._pool.fetchrow(_REPEAT, old_hash, new_hash, at, grace)
        if row is not None:
            return RefreshGrant(**dict(row))
        await self._pool.execute(_REVOKE_REUSED, old_hash, at)
        return None

    async def revoke(self, token_hash: bytes, *, at: datetime) -> None:
        await self._pool.execute(_REVOKE, token_hash, at)

    async def is_live(self, family_id: UUID) -> bool:
        return bool(
            await self._pool.fetchval(
                "select true from refresh_families where id = $1 and revoked_at is null", family_id
            )
        )


class PostgresRateLimits:
    """Implements :class:`domain.accounts.ports.RateLimits`: GCRA, one upsert per call."""

    SWEEP_EVERY = 1000

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._calls = 0

    async def take(self, key: bytes, allowance: Allowance, *, at: datetime) -> timedelta | None:
        self._calls += 1
        if self._calls % self.SWEEP_EVERY == 0:
            await self._pool.execute("delete from rate_limits where arrival < $1", at - FORGET_AFTER)
        if await self._pool.fetchval(_TAKE, key, at, allowance.interval, allowance.burst) is not None:
            return None
        arrival = await self._pool.fetchval("select arrival from rate_limits where key = $1", key)
        free_at = (arrival or at) + allowance.interval * (1 - allowance.burst)
        # Another process may have written the row since, by another clock; no caller waits longer than one interval.
        return min(max(free_at - at, timedelta(seconds=1)), max(allowance.interval, timedelta(seconds=1)))
