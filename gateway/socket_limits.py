"""Limits of WebSockets, by connection, address and account."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Limits of the GraphQL WebSockets."""

    total: int = 1_000
    """Open connections of the whole process."""
    per_address: int = 100
    anonymous_per_address: int = 16
    """Open connections of one address without a login."""
    per_account: int = 20
    operations: int = 20
    """Operations in flight on one connection, subscriptions included."""
    anonymous_operations: int = 4
    init_wait: timedelta = timedelta(seconds=10)
    """Maximum time until a client sends ``connection_init``."""
    send_wait: timedelta = timedelta(seconds=20)
    """Maximum time for a client to read one message."""
    access_check: timedelta = timedelta(seconds=5)
    """Time between two checks of session and role while a subscription has nothing to say; each event is checked anyway."""
    anonymous_lifetime: timedelta = timedelta(minutes=5)
    """Maximum lifetime of a connection without a login."""
    session_check: timedelta = timedelta(seconds=5)
    """Time between two checks that a connection's token and session are still valid."""
