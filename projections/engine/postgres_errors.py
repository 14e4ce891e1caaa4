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

_ONLY_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)


def is_database_away(error: BaseException) -> bool:
    """Whether a request failed because PostgreSQL is away: asked again in some seconds it may succeed.

    Narrower than :data:`DATABASE_AWAY`: who answers a request must not call a fault in a statement an outage.
    """
    match error:
        case OSError():
            # Of a connection, a time-out or a name that is not resolved; one about a file names the file.
            return error.filename is None
        case asyncpg.InterfaceError():
            # asyncpg says by its words alone whether a connection was closed or used wrongly.
            return "clos" in str(error)
        case _:
            return isinstance(error, _ONLY_AWAY)


RETRY_SECONDS = 5
"""When to ask again; a PostgreSQL that is restarted is back by then."""

IDLE_IN_TRANSACTION = "30s"
"""How long a transaction may wait for its program before the server ends it, for ``idle_in_transaction_session_timeout``.

A program that is frozen in the middle of one holds back the whole log (ADR 0002). What ours fold or wait for in between
two statements takes seconds at most, on a busy machine.
"""
