"""Positions of records, and whether a failure to apply a record is the record's fault."""

from collections.abc import Iterable
from typing import Protocol

from aiokafka import ConsumerRecord

from domain.kernel import CorruptStream, Transient
from projections.engine.checkpoints import Fenced
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.tables import UNWRITABLE
from schemas import headers
from schemas.records import parts_of
from schemas.registry import UndecodableEvent, UnknownEvent

POISON = (UnknownEvent, UndecodableEvent, CorruptStream)
"""Errors of poison records; no retry helps."""

_ELSEWHERE = (*DATABASE_AWAY, Transient, Fenced)


class Headed(Protocol):
    """A record of any Kafka client."""

    @property
    def headers(self) -> headers.Headers: ...


def position_of(record: Headed) -> int | None:
    """Return a record's position in the log; None if the record is foreign."""
    return headers.position_in(record.headers)


PlacedRecord = tuple[ConsumerRecord, int]
"""A record and its position in the log; 0 if the record is foreign."""


def placed(records: Iterable[ConsumerRecord]) -> list[PlacedRecord]:
    """Return records with their positions, for all read models: finding them costs as much as a fold."""
    return [(record, position_of(record) or 0) for record in records]


def position_in(content: bytes) -> int | None:
    """Return the position of a record that was read in bulk; None if the record is foreign."""
    try:
        _, _, pairs = parts_of(content)
    except (IndexError, UnicodeDecodeError):
        return None
    return headers.position_in(pairs)


def at_fault(error: Exception) -> bool:
    """Whether the record is to blame, not the state of PostgreSQL, the broker or the network.

    Errors of PostgreSQL that do not name a value are about the server, its tables or the connection. A value that
    asyncpg cannot send raises an ``InterfaceError`` that is also a ``ValueError``.
    """
    return isinstance(error, (ValueError, *UNWRITABLE)) or not isinstance(error, _ELSEWHERE)
