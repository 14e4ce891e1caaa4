"""A clock that a test sets, and the event log in memory with it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from infra.replay import memory_log


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
