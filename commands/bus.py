"""The command bus: idempotent, atomic, and patient with conflicts."""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from commands.hot_streams import HotStreams
from commands.ports import (
    Cause,
    Commit,
    ConcurrencyConflict,
    Context,
    EventLog,
    Handlers,
    Receipt,
    reaction_id,
)
from commands.unit_of_work import UnitOfWork
from domain.kernel import DomainError
from schemas.envelope import Envelope

ATTEMPTS = 12
"""How often a command is decided anew after a conflict before it is given up as too contended."""


class CommandBus:
    """Runs commands against the event log."""

    def __init__(self, log: EventLog, handlers: Handlers) -> None:
        self._log = log
        self._handlers = handlers
        self._hot = HotStreams()

    async def dispatch(self, command: object, context: Context) -> Receipt:
        """Carry out a command once, however often it is sent under the same id.

        Raises:
            DomainError: refused, nothing was appended; retrying cannot help.
            CommandReused: the id belongs to another payload.
            ConcurrencyConflict: still contended after many attempts; retrying may help.
        """
        handler = self._handlers[type(command)]
        digest = payload_digest(command)
        # What a command names is a good guess at what it will change; after a collision it is known.
        streams = set(_ids_in(command))
        doubtful = False
        for attempt in range(ATTEMPTS):
            # What this process remembers is believed, which saves asking; the log checks it as it appends. On a hot stream
            # that holds for the attempt after a collision too: those before it in the queue were decided here.
            work = UnitOfWork(self._log, optimistic=not doubtful)
            try:
                async with self._hot.turn(streams):
                    try:
                        result = await handler(command, work)
                        with self._hot.appending(work.contended):
                            return await self._log.commit(
                                Commit(
                                    context=context,
                                    digest=digest,
                                    result=result,
                                    staged=work.staged,
                                    read=work.read,
                                    assumed=work.unverified,
                                )
                            )
                    except ConcurrencyConflict:
                        # Before the turn ends: those who wait already are not to collide with those who come back.
                        contended = work.contended
                        self._hot.heat(contended)
                        doubtful = attempt > 0 or not contended
                        streams.update(contended)
                        raise
            except DomainError:
                if work.assumed:
                    # What was remembered may be out of date, and a refusal is checked by nobody else.
                    doubtful = True
                    continue
                # A repeated command may be refused because its first run succeeded: the first result stands.
                if await self._log.outcome(context.command_id) is None:
                    raise
                # The id is known, so this appends nothing; it compares the payloads and returns the first receipt.
                return await self._log.commit(Commit(context=context, digest=digest, result=None))
            except ConcurrencyConflict:
                if attempt == ATTEMPTS - 1:
                    raise
                # Full jitter spreads writers that collided; the wait is a courtesy, not a condition.
                await asyncio.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    async def react(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        """Carry out a command because of an event; the command id is derived from it.

        Raises:
            UnknownCause: the event store does not hold that event; nothing was appended.
            DomainError, CommandReused, ConcurrencyConflict: see :meth:`dispatch`.
        """
        return await self.dispatch(
            command,
            Context(
                command_id=reaction_id(cause, name),
                correlation_id=cause.correlation_id,
                causation_id=cause.id,
                traceparent=cause.traceparent,
                cause=Cause(cause.position, cause.hash),
            ),
        )

    async def outcome(self, command_id: UUID) -> Receipt | None:
        """Return the receipt of a command that was carried out; consumers ask before they call outside."""
        return await self._log.outcome(command_id)


def _ids_in(value: object) -> Iterator[UUID]:
    """Yield the ids that stand in a command."""
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
    """Return SHA-256 of a command's type and fields: what makes two commands the same."""
    body = _adapter_of(command).serializer.to_json(command)
    return hashlib.sha256(type(command).__name__.encode() + b"\0" + body).digest()
