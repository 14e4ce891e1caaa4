"""Links in mails that prove a mailbox, in PostgreSQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from domain.accounts.links import AccountLink, LinkPurpose

_ADD = """
with replaced as (
    delete from account_links where merchant_id = $2 and purpose = $3 and id <> $1
), expired as (
    delete from account_links where expires_at < $6::timestamptz - interval '7 days'
)
insert into account_links (id, merchant_id, purpose, email, expires_at) values ($1, $2, $3, $4, $5)
on conflict (id) do nothing
"""


class PostgresAccountLinks:
    """Implements :class:`domain.accounts.links.AccountLinks`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def add(self, link: AccountLink, *, at: datetime) -> None:
        await self._pool.execute(_ADD, link.id, link.merchant_id, link.purpose, link.email, link.expires_at, at)

    async def find(self, id: UUID, purpose: LinkPurpose, *, at: datetime) -> AccountLink | None:
        record = await self._pool.fetchrow(
            "select id, merchant_id, purpose, email, expires_at from account_links "
            "where id = $1 and purpose = $2 and used_at is null and expires_at > $3",
            id,
            purpose,
            at,
        )
        return None if record is None else AccountLink(**{**record, "purpose": LinkPurpose(record["purpose"])})

    async def use(self, id: UUID, *, at: datetime) -> bool:
        return bool(
            await self._pool.fetchval(
                "update account_links set used_at = $2 where id = $1 and used_at is null returning true", id, at
            )
        )

    async def void(self, merchant_id: UUID, purpose: LinkPurpose) -> None:
        await self._pool.execute(
            "delete from account_links where merchant_id = $1 and purpose = $2 and used_at is null",
            merchant_id,
            purpose,
        )
