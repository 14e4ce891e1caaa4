"""What the coordinator knows of a consumer group and its members."""

import asyncio
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from infra.embedded.logbroker.wire import Malformed, Reader

_LONGEST_NAME = 200


class State(StrEnum):
    """Where a group is between two settled assignments; Kafka's words."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


@dataclass(frozen=True, slots=True)
class Application:
    """What a consumer says when it joins."""

    member_id: str
    client_id: str
    host: str
    session_seconds: float
    rebalance_seconds: float
    protocol_type: str
    protocols: dict[str, bytes]
    """Ways of sharing partitions it knows, best first, with its subscription in each."""
    instance_id: str | None = None
    """Names a static member across its restarts."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a member is told when all have joined."""

    generation: int
    protocol: str
    leader_id: str
    member_id: str
    members: list[tuple[str, str | None, bytes]]
    """Everybody's member id, instance id and subscription, for the leader only."""


@dataclass(slots=True)
class Member:
    """One consumer of a group."""

    id: str
    application: Application
    assignment: bytes = b""
    joining: asyncio.Future[Joined] | None = None
    syncing: asyncio.Future[bytes] | None = None
    expiry: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Group:
    """The living members of one group."""

    id: str
    state: State = State.EMPTY
    generation: int = 0
    protocol: str = ""
    leader_id: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    deadline: asyncio.TimerHandle | None = None

    @property
    def protocol_type(self) -> str:
        """What kind of clients these are; ``consumer`` for all we know."""
        return next((member.application.protocol_type for member in self.members.values()), "")

    def static_member(self, instance_id: str | None) -> Member | None:
        """The member of this instance id; None where there is none."""
        if instance_id is None:
            return None
        return next((each for each in self.members.values() if each.application.instance_id == instance_id), None)


def new_member_id(application: Application) -> str:
    # Cut, as the id must fit into every answer that names the member.
    return f"{(application.instance_id or application.client_id)[:_LONGEST_NAME]}-{uuid.uuid4()}"


def same_subscription(former: Application, latter: Application, protocol: str) -> bool:
    """Whether a member that restarted wants the same topics, shared in the same way."""
    return list(former.protocols) == list(latter.protocols) and (
        former.protocol_type != "consumer"
        or _topics_in(former.protocols[protocol]) == _topics_in(latter.protocols[protocol])
    )


def _topics_in(subscription: bytes) -> list[str] | bytes:
    """The topics that a consumer's subscription begins with; all of it where it has another form."""
    reader = Reader(subscription)
    try:
        _version = reader.int16()
        return sorted(reader.array(reader.string))
    except Malformed:
        return subscription
