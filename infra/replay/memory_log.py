"""The event log in memory: what a replay and unit tests append to. It passes the contract suite of the PostgreSQL log."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID, uuid4

import msgspec

from commands.ports import (
    CommandReused,
    Commit,
    ConcurrencyConflict,
    KnownCommands,
    Loaded,
    Receipt,
    StreamKindMismatch,
    UnknownCause,
    after_group,
)
from domain.kernel import Clock, DomainEvent, StreamKind
from schemas.envelope import GENESIS, ConsistencyToken, Envelope, RawEvent, chain_hash
from schemas.registry import decode, encode

S = TypeVar("S")


@dataclass(slots=True)
class MemoryEventLog:
    """Implements :class:`commands.ports.EventLog`. Events are stored as bytes, so unencodable events fail here too.

    A load reads the whole log, so it is for some thousand events.
    """

    clock: Clock
    raw: list[RawEvent] = field(default_factory=list)
    """The whole log, in order."""
    receipts: dict[UUID, tuple[bytes, Receipt]] = field(default_factory=dict)
    remembered: dict[UUID, Loaded] = field(default_factory=dict)
    """The states that :meth:`cached` returns; a caller adds them. A conflict clears it."""

    async def load(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        stream = self._stream(stream_id)
        if not stream:
            return None
        if not kind.begins_with(stream[0].type):
            raise StreamKindMismatch(kind, stream_id)
        last = stream[-1]
        state = kind.fold(decode(raw.type, raw.data) for raw in stream)
        return Loaded(state=state, version=last.version, position=last.position, tenant=last.tenant)

    def cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        known = self.remembered.get(stream_id)
        return known if known is not None and isinstance(known.state, kind.state) else None

    async def commit(self, commit: Commit) -> Receipt:
        return self._commit(commit)

    def _commit(self, commit: Commit) -> Receipt:
        cause, cause_id = commit.context.cause, commit.context.causation_id
        if cause is not None and not any(
            (raw.position, raw.id, raw.hash) == (cause.position, cause_id, cause.hash) for raw in self.raw
        ):
            raise UnknownCause(cause_id, cause.position)
        known = self.receipts.get(commit.context.command_id)
        if known is not None:
            digest, receipt = known
            if digest != commit.digest:
                raise CommandReused(commit.context.command_id)
            return Receipt(command_id=receipt.command_id, result=receipt.result, token=receipt.token, replayed=True)
        appended: list[RawEvent] = []
        if any(len(self._stream(id)) > version for id, version in commit.assumed.items()):
            self.remembered.clear()
            raise ConcurrencyConflict("a stream has gone on")
        for staged in commit.staged:
            stream = self._stream(staged.stream_id)
            if len(stream) != staged.expected_version:
                self.remembered.clear()
                raise ConcurrencyConflict(f"stream {staged.stream_id} is not at {staged.expected_version}")
            previous = stream[-1].hash if stream else GENESIS
            for n, event in enumerate(staged.events, staged.expected_version + 1):
                raw = self._raw(event, n, commit, staged.tenant, previous, len(self.raw) + len(appended) + 1)
                previous = raw.hash
                appended.append(raw)
        if appended:
            result = None if commit.result is None else json.dumps(commit.result)
            appended[-1] = msgspec.structs.replace(appended[-1], command_digest=commit.digest, command_result=result)
        self.raw.extend(appended)
        token = ConsistencyToken.of(appended[-1].tenant, appended[-1].position) if appended else commit.read
        receipt = Receipt(
            command_id=commit.context.command_id,
            result=json.loads(json.dumps(commit.result)),
            token=token,
            replayed=False,
        )
        self.receipts[commit.context.command_id] = (commit.digest, receipt)
        return receipt

    async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
        if any(commit.context.command_id in self.receipts for commit in commits):
            raise KnownCommands
        for commit in commits:
            if any(len(self._stream(id)) > version for id, version in commit.assumed.items()):
                self.remembered.clear()
                raise ConcurrencyConflict("a stream has gone on")
        before, known = list(self.raw), dict(self.receipts)
        try:
            # The assumed versions are checked above, before the group is appended.
            return [
                self._commit(replace(commit, assumed={}, read=after_group(commit.read, len(before) + 1)))
                for commit in commits
            ]
        except Exception:
            self.raw[:], self.receipts = before, known
            raise

    async def known(self, command_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(command_ids) & self.receipts.keys()

    async def outdated(self, assumed: Collection[tuple[UUID, int]]) -> frozenset[UUID]:
        return frozenset(stream for stream, version in assumed if len(self._stream(stream)) > version)

    async def outcome(self, command_id: UUID) -> Receipt | None:
        known = self.receipts.get(command_id)
        if known is None:
            return None
        receipt = known[1]
        return Receipt(command_id=command_id, result=receipt.result, token=receipt.token, replayed=True)

    @property
    def events(self) -> Sequence[DomainEvent]:
        """Every event in the log, in order."""
        return [decode(raw.type, raw.data) for raw in self.raw]

    @property
    def envelopes(self) -> Sequence[Envelope]:
        """Every event in the form that consumers receive."""
        return [raw.decode() for raw in self.raw]

    async def given(self, kind: StreamKind[S], events: Sequence[DomainEvent], *, tenant: UUID) -> S:
        """Append events that no command of this log made; return the stream's state."""
        stream = self._stream(events[0].originator_id)
        previous = stream[-1].hash if stream else GENESIS
        for n, event in enumerate(events, len(stream) + 1):
            raw = self._raw(event, n, None, tenant, previous, len(self.raw) + 1)
            previous = raw.hash
            self.raw.append(raw)
        loaded = await self.load(kind, events[0].originator_id)
        assert loaded is not None
        state: S = loaded.state
        return state

    def take(self, event: DomainEvent, *, tenant: UUID) -> None:
        """Append a recorded event as the next one of its stream, whatever its number was."""
        stream = self._stream(event.originator_id)
        event = event.model_copy(update={"originator_version": len(stream) + 1})
        previous = stream[-1].hash if stream else GENESIS
        self.raw.append(self._raw(event, len(stream) + 1, None, tenant, previous, len(self.raw) + 1))

    def _stream(self, stream_id: UUID) -> list[RawEvent]:
        return [raw for raw in self.raw if raw.stream_id == stream_id]

    def _raw(
        self, event: DomainEvent, version: int, commit: Commit | None, tenant: UUID, previous: bytes, position: int
    ) -> RawEvent:
        assert event.originator_version == version, f"{event.wire_name} says {event.originator_version}, not {version}"
        id, data = uuid4(), encode(event)
        context = None if commit is None else commit.context
        return RawEvent(
            position=position,
            id=id,
            type=event.wire_name,
            stream_id=event.originator_id,
            version=version,
            tenant=tenant,
            correlation_id=id if context is None else context.correlation_id,
            causation_id=None if context is None else context.causation_id,
            recorded_at=self.clock.now(),
            traceparent=None if context is None else context.traceparent,
            actor=None if context is None else context.actor,
            data=data,
            previous_hash=previous,
            hash=chain_hash(
                previous, id=id, type=event.wire_name, stream_id=event.originator_id, version=version, data=data
            ),
            command_id=None if context is None else context.command_id,
        )
