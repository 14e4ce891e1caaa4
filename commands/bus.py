"""The command bus: idempotent, atomic, and with retries of conflicts."""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from commands.decisions import Decision, decide_alone
from commands.group_queue import GroupQueue
from commands.hot_streams import HotStreams
from commands.ports import (
    Cause,
    ConcurrencyConflict,
    Context,
    EventLog,
    Handlers,
    Receipt,
    StreamBusy,
    reaction_id,
)
from schemas.envelope import Envelope

PATIENCE_SECONDS = 8.0
"""How long a request's command waits for contended streams; then it fails."""
REACTION_SECONDS = 60.0
"""The same for a reaction, because no person waits for it; its delivery is repeated later."""


class CommandBus:
    """Runs commands against the event log.

    Args:
        log: the event log.
        handlers: what the commands do.
        patience: seconds that a request's command waits for contended streams.
    """

    def __init__(self, log: EventLog, handlers: Handlers, *, patience: float = PATIENCE_SECONDS) -> None:
        self._log = log
        self._handlers = handlers
        self._patience = patience
        self._hot = HotStreams()
        self._queue = GroupQueue(log, self._hot)

    async def dispatch(self, command: object, context: Context) -> Receipt:
        """Run a command once, however often it is sent under the same id.

        Raises:
            DomainError: refused, no event was appended; retrying cannot help.
            CommandReused: the id belongs to another payload.
            ConcurrencyConflict: contended for too long; retrying may help.
            StreamBusy: a conflict, too: too many commands wait for one of its streams.
        """
        return await self._run(command, context, self._patience)

    async def react(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        """Run a command because of an event, under an id derived from it.

        Raises:
            UnknownCause: the event store does not hold that event; no event was appended.
            DomainError, CommandReused, ConcurrencyConflict: see :meth:`dispatch`.
        """
        context = Context(
            command_id=reaction_id(cause, name),
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
            cause=Cause(cause.position, cause.hash),
        )
        return await self._run(command, context, REACTION_SECONDS)

    async def _run(self, command: object, context: Context, patience: float) -> Receipt:
        # The ids in a command are a good guess of the streams it changes; a collision shows the true ones.
        decision = Decision(
            command=command,
            handler=self._handlers[type(command)],
            context=context,
            digest=payload_digest(command),
            streams=set(_ids_in(command)),
        )
        now = asyncio.get_running_loop().time
        until = now() + patience
        collisions = 0
        while True:
            try:
                if hot := self._hot.among(decision.streams):
                    return await self._queue.decide(decision, hot, until=until)
                return await decide_alone(self._log, self._hot, decision, optimistic=collisions == 0)
            except StreamBusy:
                raise
            except ConcurrencyConflict:
                if now() >= until:
                    raise
            if collisions:
                # The first collision leads to a queue. Further ones are with other processes, and full jitter spreads
                # their writers; correctness does not depend on the wait.
                await asyncio.sleep(random.uniform(0, min(0.2, 0.002 * 2**collisions)))  # noqa: S311 - no secret
            collisions += 1

    async def outcome(self, command_id: UUID) -> Receipt | None:
        """Return a command's receipt; None if it has not run. Consumers check this before an outside call."""
        return await self._log.outcome(command_id)


def _ids_in(value: object) -> Iterator[UUID]:
    """Yield the ids in a command."""
    if isinstance(value, UUID):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _ids_in(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _ids_in(one)


_adapters: dict[type, TypeAdapter[Any]] = {}


def _adapter_of(command: object) -> TypeAdapter[Any]:
    kind = type(command)
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def payload_digest(command: object) -> bytes:
    """Return the SHA-256 of a command's type and fields, by which repeats are compared."""
    body = _adapter_of(command).serializer.to_json(command)
    return hashlib.sha256(type(command).__name__.encode() + b"\0" + body).digest()
