"""What projecting needs to know of a record of the log, and whose fault it is when one cannot be applied."""

from typing import Protocol

from domain.kernel import CorruptStream, Transient
from projections.engine.checkpoints import Fenced
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.tables import UNWRITABLE
from schemas import headers
from schemas.records import parts_of
from schemas.registry import UndecodableEvent, UnknownEvent

POISON = (UnknownEvent, UndecodableEvent, CorruptStream)
"""What no retry can help."""

_ELSEWHERE = (*DATABASE_AWAY, Transient, Fenced)


class Headed(Protocol):
    """A record of any Kafka client."""

    @property
    def headers(self) -> headers.Headers: ...


def position_of(record: Headed) -> int | None:
    """Return a record's place in the log; None for a record that is not one of ours."""
    return headers.position_in(record.headers)


def position_in(content: bytes) -> int | None:
    """Return the place in the log of a record that was read in bulk; None for one that is not of ours."""
    try:
        _, _, said = parts_of(content)
    except (IndexError, UnicodeDecodeError):
        return None
    return headers.position_in(said)


def at_fault(error: Exception) -> bool:
    """Whether the record is to blame, not the state of PostgreSQL, the broker or the network.

    What PostgreSQL says of other things than values is about the server, its tables or the connection. A value that
    asyncpg cannot send is an ``InterfaceError``, but a ``ValueError`` too.
    """
    return isinstance(error, (ValueError, *UNWRITABLE)) or not isinstance(error, _ELSEWHERE)
