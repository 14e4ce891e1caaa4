"""State of a consumer group and its members."""

import asyncio
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from infra.embedded.logbroker.wire import Malformed, WireReader

_LONGEST_NAME = 200


class State(StrEnum):
    """State of a group's rebalance, in Kafka's terms."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A consumer's request to join."""

    member_id: str
    client_id: str
    host: str
    session_seconds: float
    rebalance_seconds: float
    protocol_type: str
    protocols: dict[str, bytes]
    """Its assignment protocols, best first, with its subscription for each."""
    instance_id: str | None = None
    """Identifies a static member across its restarts."""


@dataclass(frozen=True, slots=True)
class JoinResult:
    """The answer to a member when all have joined."""

    generation: int
    protocol: str
    leader_id: str
    member_id: str
    members: list[tuple[str, str | None, bytes]]
    """All members' ids, instance ids and subscriptions; only for the leader."""


@dataclass(slots=True)
class Member:
    """One consumer of a group."""

    id: str
    application: JoinRequest
    assignment: bytes = b""
    joining: asyncio.Future[JoinResult] | None = None
    syncing: asyncio.Future[bytes] | None = None
    expiry: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Group:
    """One group with its current members."""

    id: str
    state: State = State.EMPTY
    generation: int = 0
    protocol: str = ""
    leader_id: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    deadline: asyncio.TimerHandle | None = None

    @property
    def protocol_type(self) -> str:
        """The members' protocol type, normally ``consumer``; empty without members."""
        return next((member.application.protocol_type for member in self.members.values()), "")

    def static_member(self, instance_id: str | None) -> Member | None:
        """Return the member with this instance id; None if there is none."""
        if instance_id is None:
            return None
        return next((each for each in self.members.values() if each.application.instance_id == instance_id), None)


def new_member_id(application: JoinRequest) -> str:
    """Return an unused member id."""
    # Cut, because the id must fit into every answer that names the member.
    return f"{(application.instance_id or application.client_id)[:_LONGEST_NAME]}-{uuid.uuid4()}"


def same_subscription(former: JoinRequest, latter: JoinRequest, protocol: str) -> bool:
    """Whether a restarted member subscribes to the same topics with the same protocols."""
    return list(former.protocols) == list(latter.protocols) and (
        former.protocol_type != "consumer"
        or _topics_in(former.protocols[protocol]) == _topics_in(latter.protocols[protocol])
    )


def _topics_in(subscription: bytes) -> list[str] | bytes:
    """Return the topics at the start of a consumer's subscription; the whole subscription if it has another form."""
    reader = WireReader(subscription)
    try:
        _version = reader.int16()
        return sorted(reader.array(reader.string))
    except Malformed:
        return subscription
