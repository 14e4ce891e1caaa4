"""The command bus: idempotent, atomic, and with retries of conflicts."""

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
"""How often a command is decided before it fails as too contended."""


class CommandBus:
    """Runs commands against the event log."""

    def __init__(self, log: EventLog, handlers: Handlers) -> None:
        self._log = log
        self._handlers = handlers
        self._hot = HotStreams()

    async def dispatch(self, command: object, context: Context) -> Receipt:
        """Run a command once, however often it is sent under the same id.

        Raises:
            DomainError: refused, no event was appended; retrying cannot help.
            CommandReused: the id belongs to another payload.
            ConcurrencyConflict: contended in every attempt; retrying may help.
        """
        handler = self._handlers[type(command)]
        digest = payload_digest(command)
        # The ids in a command are a good guess of the streams it changes; a collision shows the true ones.
        streams = set(_ids_in(command))
        optimistic = True
        for attempt in range(ATTEMPTS):
            # An optimistic attempt trusts cached state, which saves queries; the log checks it at the append. On a hot
            # stream the attempt after a collision is optimistic too: this process decided the commands before it.
            work = UnitOfWork(self._log, optimistic=optimistic)
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
                        # Heat before the turn ends, so that waiting commands do not collide with retried ones.
                        contended = work.contended
                        self._hot.heat(contended)
                        optimistic = attempt == 0 and bool(contended)
                        streams.update(contended)
                        raise
            except DomainError:
                if work.assumed:
                    # Cached state may be out of date, and no append checks a refusal.
                    optimistic = False
                    continue
                # A repeated command may be refused because its first run succeeded: the first result stands.
                if await self._log.outcome(context.command_id) is None:
                    raise
                # The id is known, so the commit only compares the payloads and returns the first receipt.
                return await self._log.commit(Commit(context=context, digest=digest, result=None))
            except ConcurrencyConflict:
                if attempt == ATTEMPTS - 1:
                    raise
                # Full jitter spreads writers that collided; correctness does not depend on the wait.
                await asyncio.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    async def react(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        """Run a command because of an event, under an id derived from it.

        Raises:
            UnknownCause: the event store does not hold that event; no event was appended.
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
