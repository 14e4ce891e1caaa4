"""Canaries: records that mean nothing but that the way they came is open.

Whoever wants to know how the platform is asks for one. The publisher puts it into every partition of a topic of its own,
beside the log; every read model and consumer reads that topic with the very reader it reads the log with, and says that
the canary came out. See ``infra/decisions/0007-canaries.md``.
"""

from collections.abc import Collection, Iterable
from typing import Protocol

from schemas.headers import header, number
from schemas.internal.deliveries import Record
from schemas.topics import CANARY

HEADER = "canary"
PUBLISHER = "publisher"
"""The component that puts canaries into the topic."""


class Canaries(Protocol):
    """Takes in who has seen which canary."""

    async def answer(self, component: str, seen: Collection[tuple[int, int]]) -> None:
        """Note that canaries came out of a component; trouble is logged, never raised: no answer is an answer.

        Numbers that no canary has are passed over: anybody who can write to the topic can write one.

        Args:
            component: its consumer group, or the name of its role.
            seen: partition and number of each canary.
        """
        ...


def to_headers(canary: int) -> list[tuple[str, bytes]]:
    """Return the headers of a canary's record; it has neither key nor value."""
    return [(HEADER, b"%d" % canary)]


def seen_in(records: Iterable[Record]) -> set[tuple[int, int]]:
    """Return partition and number of each canary; other records are passed over."""
    return {
        (record.partition, canary)
        for record in records
        if record.topic == CANARY.name and (canary := number(header(record.headers, HEADER))) is not None
    }
