"""Addresses of shoppers, which the dashboard searches: keys and digests as large as the platform, and some real ones."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from infra.adapters.postgres.vault import DIGESTS, PostgresPersonalData
from infra.bench.growth.requests import SAMPLE

EMAIL = "shopper-{}@example.com"


async def fill_addresses(dsn: str) -> None:
    """Give a database a key and a digest for each order. No shopper has them; they make the indexes as large as they would be."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "with others as (select md5('shopper' || id)::uuid as id from sales.orders), "
            "keys as (insert into person_keys (person_id, wrapped_key) select id, '-' from others "
            "on conflict do nothing returning person_id) "
            "insert into shopper_addresses (person_id, digest) select person_id, sha256(person_id::text::bytea) from keys",
            timeout=3600,
        )
        await connection.execute("vacuum (analyze) person_keys, shopper_addresses", timeout=3600)
    finally:
        await connection.close()


async def seal_some(connection: asyncpg.Connection, personal: PostgresPersonalData, store_id: UUID) -> Sequence[str]:
    """Seal the addresses of some orders of a store with the platform's keys; return the addresses."""
    shoppers = [
        row["shopper_id"]
        for row in await connection.fetch(
            "select shopper_id from orders where store_id = $1 order by md5(id::text) limit $2", store_id, SAMPLE
        )
    ]
    # From an earlier run with other master keys.
    await connection.execute("delete from person_keys where person_id = any($1)", [*shoppers, DIGESTS])
    for number, shopper in enumerate(shoppers):
        await personal.seal_address(shopper, store_id, EMAIL.format(number))
    await connection.execute(
        "update person_keys set created_at = created_at - interval '10 years' where person_id = $1", DIGESTS
    )
    return [EMAIL.format(number) for number in range(len(shoppers))]
