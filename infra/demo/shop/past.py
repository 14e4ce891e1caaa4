"""Runs commands at times in the past: a log in memory, a clock that the caller moves, and consumers that follow the log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from commands.bus import CommandBus
from commands.ports import Context, Receipt
from consumers.ports import Consumer
from domain.ids import derived
from domain.kernel import DomainError
from infra.replay.memory_log import MemoryEventLog

HANDLING = timedelta(milliseconds=120)
"""How far the clock moves for each event that a consumer handles."""


@dataclass(slots=True)
class MovedClock:
    """Implements :class:`domain.kernel.Clock` with a time that the caller moves."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True, kw_only=True)
class Past:
    """A log whose clock shows the past."""

    clock: MovedClock
    log: MemoryEventLog
    bus: CommandBus
    consumers: Sequence[Consumer] = ()
    delivered: int = field(default=0)

    async def send(self, command: object, *, id: UUID, name: str) -> Receipt:
        """Dispatch a command, and deliver what follows from it.

        Args:
            command: the command.
            id: what it is about.
            name: unique for the id.
        """
        command_id = derived(id, "demo shop", name)
        receipt = await self.bus.dispatch(command, Context(command_id=command_id, correlation_id=command_id))
        while self.delivered < len(self.log.raw):
            envelope = self.log.raw[self.delivered].decode()
            self.delivered += 1
            for consumer in self.consumers:
                if type(envelope.event) in consumer.handles:
                    self.clock.at += HANDLING
                    try:
                        await consumer(envelope)
                    except DomainError:
                        continue  # A refusal is an answer, as in consumers.runtime.delivery.
        return receipt
