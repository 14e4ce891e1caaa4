"""What one WebSocket, one address and one account may use."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Bounds of the GraphQL WebSockets."""

    total: int = 1_000
    """Connections open at once."""
    per_address: int = 100
    anonymous_per_address: int = 16
    """Connections of one address that have not logged in, or not yet."""
    per_account: int = 20
    operations: int = 20
    """Operations in flight on one connection, subscriptions included."""
    anonymous_operations: int = 4
    init_wait: timedelta = timedelta(seconds=10)
    """How long a connection may take to send ``connection_init``."""
    send_wait: timedelta = timedelta(seconds=20)
    """How long a client may take to read one message."""
    anonymous_lifetime: timedelta = timedelta(minutes=5)
    """How long a connection lasts that does not log in."""
