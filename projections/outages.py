"""What says that PostgreSQL is away, and not that something was wrong with the question."""

import asyncpg

DATABASE_AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a connection answers while its end, sent by the server, is just being read
    OSError,
    TimeoutError,
)
"""What a statement on a connection raises that was lost, or whose server ends, starts or is out of reach.

For those that go on by themselves later: nothing they asked for was done, or it can be asked again.
"""
