"""A clock that a test sets, and the event log in memory with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from infra.replay import memory_log
from schemas.envelope import RawEvent


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until a test sets it."""

    at: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


class NoonClock:
    """A clock that runs from noon of the day on which it was made: no day, month or year ends during a test."""

    def __init__(self) -> None:
        now = datetime.now(UTC)
        self._ahead = now.replace(hour=12, minute=0, second=0, microsecond=0) - now

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


@dataclass(slots=True)
class MemoryEventLog(memory_log.MemoryEventLog):
    """The event log in memory, on a clock that stands still."""

    clock: FixedClock = field(default_factory=FixedClock)

    async def read_back(self, tenant: UUID, before: int | None, limit: int) -> Sequence[RawEvent]:
        """Implements :class:`consumers.ports.TenantHistory`."""
        found = [
            raw for raw in reversed(self.raw) if raw.tenant == tenant and (before is None or raw.position < before)
        ]
        return found[:limit]
