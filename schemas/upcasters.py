"""Old versions of events, and how each is lifted to the next.

To change an event in a way that ``zyenta schemas check`` refuses: give the class the next wire name (``...v2``), say here
how a body of ``v1`` becomes one of ``v2``, and export. The schema and the sample of ``v1`` stay committed for ever; the
sample proves that the way up works. Nothing else in the program sees old versions: the registry lifts what it reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upcaster:
    """One step up, from the version it is registered under."""

    to: str
    """The wire name it leads to: the next version, or another event where one was renamed."""
    lift: Callable[[Body], Body]
    """Makes a body of the next version; a pure function, which may change the dict it is given."""


def _webhook_subject(body: Body) -> Body:
    """A webhook of version 1 was always about a store."""
    body["subject"] = {"kind": "STORE", "id": body.pop("store_id")}
    return body


UPCASTERS: Mapping[str, Upcaster] = {
    "inbox.webhook_received.v1": Upcaster(to="inbox.webhook_received.v2", lift=_webhook_subject),
}
"""By the old wire name. Chains are followed to their end, which is a current event."""
