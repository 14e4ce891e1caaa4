"""The write side as agents and policies use it: commands because of events, and current aggregates.

``infra.bootstrap`` passes :class:`BusDispatch` and :class:`EventLogAggregates` to consumers, which know only their ports.
"""

from typing import TypeVar
from uuid import UUID

from commands.bus import CommandBus
from commands.ports import EventLog, Receipt, StreamKindMismatch, reaction_id
from domain.kernel import NotFound, StreamKind
from schemas.envelope import Envelope

S = TypeVar("S")


class BusDispatch:
    """Implements :class:`consumers.ports.React` on the command bus."""

    def __init__(self, bus: CommandBus) -> None:
        self._bus = bus

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        return await self._bus.react(command, cause=cause, name=name)

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        return await self._bus.outcome(reaction_id(cause, name))


class EventLogAggregates:
    """Implements :class:`consumers.ports.Aggregates` on the event store."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        try:
            loaded = await self._log.load(kind, id)
        except StreamKindMismatch as error:
            # As on the bus: the id belongs to another kind, and retrying cannot change that.
            raise NotFound(kind.name, id) from error
        if loaded is None:
            raise NotFound(kind.name, id)
        state: S = loaded.state
        return state
