"""Tells an outage of PostgreSQL from a fault in a query, for whoever answers a request."""

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
