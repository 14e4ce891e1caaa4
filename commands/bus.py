"""The command bus: idempotent, atomic, and patient with conflicts."""

import asyncio
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar
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
    Loaded,
    Receipt,
    Staged,
    StreamKindMismatch,
    reaction_id,
)
from domain.kernel import DomainError, DomainEvent, InvalidInput, NotFound, StreamKind
from schemas.envelope import ConsistencyToken, Envelope

S = TypeVar("S")

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


class UnitOfWork:
    """Implements :class:`commands.ports.Work` for one attempt at one command.

    Args:
        log: where streams are read.
        believing: take what the log remembers instead of asking it.
    """

    def __init__(self, log: EventLog, *, optimistic: bool = False) -> None:
        self._log = log
        self._optimistic = optimistic
        self.assumed: dict[UUID, int] = {}
        """Streams that were not asked for, and their versions."""
        self._loaded: dict[tuple[str, UUID], Loaded] = {}
        """By kind and id: an id asked for as another kind finds nothing."""
        self._staged: dict[tuple[str, UUID], Staged] = {}
        self._taken: set[UUID] = set()
        """Ids that are known to be in use, whatever the kind."""
        self.read: ConsistencyToken | None = None

    @property
    def staged(self) -> Sequence[Staged]:
        """What is to be appended, in the order the streams were first touched."""
        return tuple(self._staged.values())

    @property
    def unverified(self) -> dict[UUID, int]:
        """What was believed of streams that nothing is appended to; where something is, its version proves it."""
        proven = {id for _, id in self._staged}
        return {id: version for id, version in self.assumed.items() if id not in proven}

    @property
    def contended(self) -> frozenset[UUID]:
        """The streams on which a conflict of this attempt may have been: those that were there and were appended to."""
        return frozenset(staged.stream_id for staged in self._staged.values() if staged.expected_version > 0)

    async def find(self, kind: StreamKind[S], stream_id: UUID) -> S | None:
        key = kind.name, stream_id
        if key in self._staged:
            staged: S = self._staged[key].state
            return staged
        try:
            loaded = self._loaded.get(key) or self._recall(kind, stream_id) or await self._log.load(kind, stream_id)
        except StreamKindMismatch:
            self._taken.add(stream_id)
            return None
        if loaded is None:
            return None
        self._loaded[key] = loaded
        self._taken.add(stream_id)
        if loaded.tenant is not None and (self.read is None or loaded.position > self.read.position):
            self.read = ConsistencyToken.of(loaded.tenant, loaded.position)
        state: S = loaded.state
        return state

    async def is_new(self, kind: StreamKind[S], stream_id: UUID) -> bool:
        if not self._optimistic:
            await self.find(kind, stream_id)
            return stream_id not in self._taken
        if stream_id in self._taken or self._recall(kind, stream_id) is not None:
            return False
        self.assumed[stream_id] = 0
        return True

    def _recall(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        cached = self._log.cached(kind, stream_id) if self._optimistic else None
        if cached is not None:
            self.assumed[stream_id] = cached.version
        return cached

    async def get(self, kind: StreamKind[S], stream_id: UUID) -> S:
        state = await self.find(kind, stream_id)
        if state is None:
            raise NotFound(kind.name, stream_id)
        return state

    def append(self, kind: StreamKind[S], events: Sequence[DomainEvent], *, tenant: UUID) -> S | None:
        if not events:
            return None
        stream_id = events[0].originator_id
        key = kind.name, stream_id
        before = self._staged.get(key)
        if before is not None:
            expected, earlier, state = before.expected_version, before.events, before.state
        else:
            loaded = self._loaded.get(key)
            if loaded is None and stream_id in self._taken:
                raise InvalidInput("id", f"The id {stream_id} is taken. Use a new id.")
            expected, earlier = (0 if loaded is None else loaded.version), ()
            state = None if loaded is None else loaded.state
        after = kind.fold(events, state)
        self._taken.add(stream_id)
        self._staged[key] = Staged(
            kind=kind,
            stream_id=stream_id,
            tenant=tenant,
            expected_version=expected,
            events=(*earlier, *events),
            state=after,
        )
        return after


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
