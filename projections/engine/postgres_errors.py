"""Which errors mean that PostgreSQL is unavailable, and not that a statement is wrong."""

import asyncpg

DATABASE_AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # raised while the server's closing message is being read
    OSError,
    TimeoutError,
)
"""The errors of a statement whose connection broke, or whose server stops, starts or is out of reach.

For background work that retries: the statement did nothing, or may run again.
"""


IDLE_IN_TRANSACTION = "30s"
"""How long a transaction may wait for its program before the server ends it (``idle_in_transaction_session_timeout``).

A program that freezes inside a transaction holds back the whole log (ADR 0002). Zyenta's transactions idle for some
seconds at most, on a busy machine.
"""
