"""The ports that read the log: single streams, and the events of tenants."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from schemas.envelope import RawEvent


class StreamHistory(Protocol):
    """The events of single streams. They are not behind the log, as read models may be."""

    async def read_streams(self, stream_ids: Sequence[UUID]) -> Sequence[RawEvent]:
        """Return the settled events of these streams, in the order of the log."""
        ...

    async def read_back(
        self,
        tenant: UUID,
        before: int | None,
        limit: int,
        *,
        kinds: Sequence[str] = (),
        without: Sequence[str] = (),
        newest_of: Sequence[str] = (),
        until: int | None = None,
    ) -> Sequence[RawEvent]:
        """Return a tenant's newest settled events before a position, the newest first.

        Args:
            tenant: the tenant.
            before: the position; None for the end of the log.
            limit: the most events.
            kinds: only events of these kinds of stream, such as ``product``; empty means any.
            without: types of events that are left out, by their wire names.
            newest_of: types of which only the last of several in a row of one stream is returned.
            until: the position up to which a later one in the row counts; None for the end of the log.
        """
        ...

    async def read_people(self, tenant: UUID, before: int | None, limit: int) -> Sequence[RawEvent]:
        """Return a tenant's newest settled events of people's commands before a position, the newest first."""
        ...


class TenantLog(Protocol):
    """The settled events of the log, by tenant."""

    async def read_tenants(self, after: Mapping[UUID, int], limit: int) -> Sequence[RawEvent]:
        """Return each tenant's events after a position of its own, at most ``limit`` of a tenant, in log order."""
        ...

    async def last_position(self) -> int:
        """Return the last settled position of the log."""
        ...


class LogReader(StreamHistory, TenantLog, Protocol):
    """The log, by stream and by tenant."""
