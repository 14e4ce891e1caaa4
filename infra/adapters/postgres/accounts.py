"""Accounts, refresh tokens and rate limits in PostgreSQL (``infra/migrations/0020-accounts.sql``)."""
# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from domain.accounts.email import email_key, former_email_key
from domain.accounts.ports import Account, Allowance, OpenSession, RefreshGrant

FORGET_AFTER = timedelta(days=1)
"""How long an idle rate-limit row or an expired refresh token is kept before it is deleted."""
_ACCOUNT = "merchant_id, email, password_hash, name, opened, claimed, verified_at"

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

_OPEN_SESSIONS = """
select f.id, f.device, f.created_at as began_at, max(t.issued_at) as used_at
from refresh_families f
join refresh_tokens t on t.family_id = f.id
where f.merchant_id = $1 and f.revoked_at is null
group by f.id
having max(t.expires_at) > $2
order by used_at desc, f.id
limit 100
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

    async def add(self, account: Account, *, at: datetime) -> Account:
        await self._pool.execute(
            """
            insert into accounts
                (merchant_id, email, email_key, password_hash, name, opened, claimed, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, false, $7, $7)
            on conflict (merchant_id) do nothing
            """,
            account.merchant_id,
            account.email,
            email_key(account.email),
            account.password_hash,
            account.name,
            account.opened,
            at,
        )
        return await self.by_id(account.merchant_id) or account

    async def by_id(self, merchant_id: UUID) -> Account | None:
        return _account(
            await self._pool.fetchrow(f"select {_ACCOUNT} from accounts where merchant_id = $1", merchant_id)
        )

    async def claimant(self, email: str) -> Account | None:
        return await self._by_email(email, claimed=True)

    async def newest_unclaimed(self, email: str) -> Account | None:
        return await self._by_email(email, claimed=False)

    async def _by_email(self, email: str, *, claimed: bool) -> Account | None:
        record = await self._pool.fetchrow(
            f"select {_ACCOUNT} from accounts where email_key = any($1) and claimed = $3 "
            "order by email_key = $2 desc, created_at desc limit 1",
            [email_key(email), former_email_key(email)],
            email_key(email),
            claimed,
        )
        return _account(record)

    async def claim(self, merchant_id: UUID, email: str, *, at: datetime) -> bool:
        keys = sorted({email_key(email), former_email_key(email)})
        async with self._pool.acquire() as connection, connection.transaction():
            # A lock and no unique violation, which the server's log would quote, e-mail address included.
            for key in keys:
                await connection.execute("select pg_advisory_xact_lock(hashtextextended('claim ' || $1, 0))", key)
            claimed = await connection.fetchval(
                """
                update accounts set email = $2, email_key = $3, claimed = true, verified_at = $4, updated_at = $4
                where merchant_id = $1 and not exists (
                    select from accounts o where o.email_key = any($5) and o.claimed and o.merchant_id <> $1
                )
                returning true
                """,
                merchant_id,
                email,
                email_key(email),
                at,
                keys,
            )
        return bool(claimed)

    async def rename(self, merchant_id: UUID, name: str | None, *, at: datetime) -> None:
        await self._pool.execute(
            "update accounts set name = $2, updated_at = $3 where merchant_id = $1", merchant_id, name, at
        )

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

    async def erase(self, merchant_id: UUID) -> None:
        # The tables of sessions, links and API keys follow by their foreign keys.
        await self._pool.execute("delete from accounts where merchant_id = $1", merchant_id)

    async def change_hash(
        self, merchant_id: UUID, password_hash: str, *, at: datetime, instead_of: str | None = None
    ) -> None:
        await self._pool.execute(
            "update accounts set password_hash = $2, updated_at = $3 "
            "where merchant_id = $1 and ($4::text is null or password_hash = $4)",
            merchant_id,
            password_hash,
            at,
            instead_of,
        )


def _account(record: "asyncpg.Record | None") -> Account | None:
    return None if record is None else Account(**dict(record))


class PostgresRefreshTokens:
    """Implements :class:`domain.accounts.ports.RefreshTokens`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def issue(
        self, token_hash: bytes, *, merchant_id: UUID, device: str | None = None, at: datetime, expires_at: datetime
    ) -> UUID:
        family_id = uuid4()
        await self._pool.execute(
            """
            with swept as (
                delete from refresh_tokens where expires_at < $3::timestamptz - $6::interval
            ), family as (
                insert into refresh_families (id, merchant_id, created_at, device) values ($1, $2, $3, $7) returning id
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
            device,
        )
        return family_id

    async def open_sessions(self, merchant_id: UUID, *, at: datetime) -> Sequence[OpenSession]:
        records = await self._pool.fetch(_OPEN_SESSIONS, merchant_id, at)
        return [OpenSession(**dict(record)) for record in records]

    async def end(self, merchant_id: UUID, family_id: UUID, *, at: datetime) -> bool:
        return bool(
            await self._pool.fetchval(
                "update refresh_families set revoked_at = $3 where id = $2 and merchant_id = $1 and revoked_at is null "
                "returning true",
                merchant_id,
                family_id,
                at,
            )
        )

    async def end_all(self, merchant_id: UUID, *, keep: UUID | None = None, at: datetime) -> int:
        ended = await self._pool.fetch(
            "update refresh_families set revoked_at = $3 where merchant_id = $1 and revoked_at is null "
            "and id is distinct from $2 returning id",
            merchant_id,
            keep,
            at,
        )
        return len(ended)

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
