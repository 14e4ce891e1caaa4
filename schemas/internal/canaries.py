"""Canaries: records whose arrival proves that the path from the publisher to a component works.

A readiness check asks for one. The publisher writes it to every partition of the canary topic. Every read model and
consumer reads that topic with the same reader as the log, and reports that it saw the canary. See
``infra/decisions/0007-canaries.md``.
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from schemas.headers import header, number
from schemas.internal.deliveries import Record
from schemas.topics import CANARY

HEADER = "canary"
PUBLISHER = "publisher"
"""The component that writes canaries."""


class Canaries(Protocol):
    """Notes which components saw which canaries."""

    async def answer(self, component: str, seen: Collection[tuple[int, int]]) -> None:
        """Note that a component saw canaries. Failures are logged and not raised: a missing answer is a sign of its own.

        Unknown numbers are ignored: any client with access to the topic may write one.

        Args:
            component: its consumer group, or the name of its role.
            seen: partition and number of each canary.
        """
        ...


def to_headers(canary: int) -> list[tuple[str, bytes]]:
    """Return the headers of a canary's record; it has neither key nor value."""
    return [(HEADER, b"%d" % canary)]


def seen_in(records: Iterable[Record]) -> set[tuple[int, int]]:
    """Return partition and number of each canary; other records are ignored."""
    return {
        (record.partition, canary)
        for record in records
        if record.topic == CANARY.name and (canary := number(header(record.headers, HEADER))) is not None
    }
