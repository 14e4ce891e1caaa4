"""Tells an unavailable PostgreSQL from a wrong query, for code that answers requests."""

import asyncpg

_ONLY_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)


def is_database_away(error: BaseException) -> bool:
    """Whether a request failed because PostgreSQL is away; a retry in some seconds may succeed.

    Narrower than ``DATABASE_AWAY`` of the engine: a wrong statement must not be reported as an unavailable database.
    """
    match error:
        case OSError():
            # A lost connection, a time-out or a name that does not resolve. An error about a file names the file.
            return error.filename is None
        case asyncpg.InterfaceError():
            # Only the message of asyncpg tells a closed connection from a wrongly used one.
            return "clos" in str(error)
        case _:
            return isinstance(error, _ONLY_AWAY)


RETRY_SECONDS = 5
"""After how many seconds clients should retry; a restarted PostgreSQL is back by then."""
