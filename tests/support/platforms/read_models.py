"""The tables of all read models, empty."""

import asyncpg

from projections.engine.checkpoints import create_tables
from projections.registry import READ_MODELS


async def create_read_models(pool: asyncpg.Pool) -> None:
    """Create the tables of the read models that a fresh database lacks."""
    async with pool.acquire() as connection, connection.transaction():
        for name, model in READ_MODELS.items():
            if await connection.fetchval("select to_regnamespace($1) is null", name):
                await create_tables(connection, model, name)
