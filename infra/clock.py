"""The time of day for every process. Tests pass a clock of their own."""

from datetime import UTC, datetime


class SystemClock:
    """Implements :class:`domain.kernel.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)
