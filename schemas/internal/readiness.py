"""Whether the parts that a process depends on work: the port behind every ``/readyz``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The state of one part of the platform."""

    name: str
    healthy: bool
    detail: str = ""
    """The problem, or a figure; for people, without secrets or personal data."""


class Readiness(Protocol):
    """Tells whether this process can work."""

    async def checks(self) -> Sequence[Check]:
        """Return one check per part that the process depends on. A failure is an unhealthy check, never an exception."""
        ...
