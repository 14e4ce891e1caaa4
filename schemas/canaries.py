"""Canaries: records that mean nothing but that the way they came is open.

Whoever wants to know how the platform is asks for one. The publisher puts it into every partition of a topic of its own,
beside the log; every read model and consumer reads that topic with the very reader it reads the log with, and says that
the canary came out. See ``infra/decisions/0007-canaries.md``.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from schemas.deliveries import Record
from schemas.headers import header, number
from schemas.topics import CANARY

HEADER = "canary"
PUBLISHER = "publisher"
"""The component that puts canaries into the topic."""


class Canaries(Protocol):
    """Takes in who has seen which canary."""

    async def answer(self, component: str, seen: Mapping[int, int]) -> None:
        """Note that canaries came out of a component; trouble is logged, never raised: no answer is an answer.

        Args:
            component: its consumer group, or the name of its role.
            seen: partition to the number of the newest canary.
        """
        ...


def to_headers(canary: int) -> list[tuple[str, bytes]]:
    """Return the headers of a canary's record; it has neither key nor value."""
    return [(HEADER, b"%d" % canary)]


def newest(records: Iterable[Record]) -> dict[int, int]:
    """Return the newest canary of each partition; what is none is passed over."""
    found: dict[int, int] = {}
    for record in records:
        if record.topic == CANARY.name:
            canary = number(header(record.headers, HEADER))
            if canary is not None:
                found[record.partition] = max(canary, found.get(record.partition, 0))
    return found
