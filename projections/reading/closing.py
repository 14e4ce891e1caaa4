"""How connection pools end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

CLOSE_SECONDS = 2.0
"""How long a closing pool waits for statements that still run."""


@asynccontextmanager
async def closing(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """Yield a pool and close it. What still runs on its connections after some time is ended with them."""
    try:
        yield pool
    finally:
        # A pool ends its connections itself when its closing is cancelled.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
