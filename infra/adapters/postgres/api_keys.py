"""API keys in PostgreSQL (``infra/migrations/0103-api-keys.sql``)."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from domain.accounts.keys import ApiKey
from domain.team.roles import KeyScope

USE_RECORDED_EVERY = timedelta(minutes=1)
"""A key in use writes its row this often, and not for each request."""

_COLUMNS = "id, person_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at"

_ADD = """
insert into api_keys (id, person_id, name, prefix, token_hash, scopes, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (id) do nothing
"""

_USE = f"""
with used as (
    update api_keys set last_used_at = $3
    where id = $1 and token_hash = $2 and (last_used_at is null or last_used_at < $3::timestamptz - $4::interval)
)
select {_COLUMNS} from api_keys where id = $1 and token_hash = $2
"""  # noqa: S608 - constants only

# The scopes are compared where the row is locked: a key never replaces one that has fewer.
_REVOKE_FOR = """
update api_keys set revoked_at = $1
where id = $2 and person_id = $3 and revoked_at is null and scopes @> $4::text[]
returning id
"""


class PostgresApiKeys:
    """Implements :class:`domain.accounts.keys.ApiKeys`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def add(self, key: ApiKey, token_hash: bytes) -> None:
        await self._pool.execute(_ADD, *_values(key, token_hash))

    async def of_person(self, person_id: UUID) -> tuple[ApiKey, ...]:
        records = await self._pool.fetch(
            f"select {_COLUMNS} from api_keys where person_id = $1 and revoked_at is null order by created_at desc, id",  # noqa: S608 - constants only
            person_id,
        )
        return tuple(_key(record) for record in records)

    async def use(self, key_id: UUID, token_hash: bytes, *, at: datetime) -> ApiKey | None:
        record = await self._pool.fetchrow(_USE, key_id, token_hash, at, USE_RECORDED_EVERY)
        return None if record is None else _key(record)

    async def replace(self, key: ApiKey, token_hash: bytes, *, instead_of: UUID, at: datetime) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            scopes = sorted(key.scopes)
            if await connection.fetchval(_REVOKE_FOR, at, instead_of, key.person_id, scopes) is None:
                return False
            await connection.execute(_ADD, *_values(key, token_hash))
        return True

    async def revoke(self, key_id: UUID, person_id: UUID, *, at: datetime) -> bool:
        found = await self._pool.fetchval(
            "update api_keys set revoked_at = coalesce(revoked_at, $3) where id = $1 and person_id = $2 returning true",
            key_id,
            person_id,
            at,
        )
        return bool(found)


def _values(key: ApiKey, token_hash: bytes) -> tuple[object, ...]:
    return (
        key.id, key.person_id, key.name, key.prefix, token_hash, sorted(key.scopes), key.created_at, key.expires_at,
    )  # fmt: skip


def _key(record: asyncpg.Record) -> ApiKey:
    return ApiKey(**{**record, "scopes": frozenset(map(KeyScope, record["scopes"]))})
