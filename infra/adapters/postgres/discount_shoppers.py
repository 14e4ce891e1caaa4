"""Names of shoppers who use discount codes (``infra/migrations/0091-discount-shoppers.sql``)."""

import secrets
from collections.abc import Sequence
from uuid import UUID

import asyncpg

_FIND = "select name from discount_shoppers where store_id = $1 and digest = any($2) limit 1"
_INSERT = """
insert into discount_shoppers (store_id, digest, name) values ($1, $2, $3)
on conflict (store_id, digest) do update set name = discount_shoppers.name returning name
"""

_LOCK = "select 1 from discount_shoppers where store_id = $1 and name = $2 for update"
_DELETE_UNUSED = """
delete from discount_shoppers where store_id = $1 and name = $2 and not exists
    (select 1 from discount_shopper_ids i where i.store_id = $1 and i.name = $2)
"""


class PostgresDiscountShoppers:
    """Implements :class:`domain.discount.ports.DiscountShoppers`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def name_of(self, store_id: UUID, digests: Sequence[str], *, shopper_id: UUID) -> str:
        async with self._pool.acquire() as connection, connection.transaction():
            # After a rotation of the master key the row is under a former key; the name goes on under the current one.
            known = await connection.fetchval(_FIND, store_id, list(digests))
            name: str = await connection.fetchval(_INSERT, store_id, digests[0], known or secrets.token_hex(16))
            await connection.execute(
                "insert into discount_shopper_ids (shopper_id, store_id, name) values ($1, $2, $3) on conflict do nothing",
                shopper_id,
                store_id,
                name,
            )
        return name

    async def release(self, shopper_id: UUID) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchrow(
                "delete from discount_shopper_ids where shopper_id = $1 returning store_id, name", shopper_id
            )
            if gone is None:
                return
            # name_of locks the name too, so an order that comes at this moment is seen below.
            await connection.execute(_LOCK, gone["store_id"], gone["name"])
            await connection.execute(_DELETE_UNUSED, gone["store_id"], gone["name"])

    async def forget(self, shopper_id: UUID) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchrow(
                "delete from discount_shopper_ids where shopper_id = $1 returning store_id, name", shopper_id
            )
            if gone is not None:
                await connection.execute(
                    "delete from discount_shoppers where store_id = $1 and name = $2", gone["store_id"], gone["name"]
                )
