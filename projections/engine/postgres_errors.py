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


IDLE_IN_TRANSACTION = "30s"
"""How long a transaction may wait for its program before the server ends it, for ``idle_in_transaction_session_timeout``.

A program that is frozen in the middle of one holds back the whole log (ADR 0002). What ours fold or wait for in between
two statements takes seconds at most, on a busy machine.
"""
