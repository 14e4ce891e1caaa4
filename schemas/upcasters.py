"""Old versions of events, and how each is lifted to the next.

``zyenta schemas check`` refuses some changes of an event. To make one anyway, give the class the next wire name
(``...v2``), register here how a body of ``v1`` becomes one of ``v2``, and export. The schema and the sample of ``v1`` stay
committed permanently; the sample proves that the upcaster works. The registry lifts all it reads, so the rest of the
program sees current versions only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upcaster:
    """One step, from the version under which it is registered to the next."""

    to: str
    """The resulting wire name: the next version, or another event if it was renamed."""
    lift: Callable[[Body], Body]
    """Returns a body of the next version; pure, except that it may change its argument."""


def _webhook_subject(body: Body) -> Body:
    """A webhook of version 1 was always about a store."""
    body["subject"] = {"kind": "STORE", "id": body.pop("store_id")}
    return body


UPCASTERS: Mapping[str, Upcaster] = {
    "inbox.webhook_received.v1": Upcaster(to="inbox.webhook_received.v2", lift=_webhook_subject),
}
"""By the old wire name. Chains are followed to their end, which is a current event."""
