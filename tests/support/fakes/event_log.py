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
