"""Whether what a process depends on answers: the port behind every ``/readyz``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one part of the platform is."""

    name: str
    healthy: bool
    detail: str = ""
    """What is wrong, or a figure; for people, without secrets and personal data."""


class Readiness(Protocol):
    """Says whether this process can do its work."""

    async def checks(self) -> Sequence[Check]:
        """Return one check per part it depends on; trouble is an unhealthy check, never an exception."""
        ...
