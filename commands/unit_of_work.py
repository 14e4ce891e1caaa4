"""One attempt at one command: loads aggregates, stages events, remembers what it assumed."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from commands.ports import Loaded, Staged, StreamKindMismatch, StreamStates
from domain.kernel import DomainEvent, InvalidInput, NotFound, StreamKind
from domain.team.roles import Role
from schemas.envelope import ConsistencyToken

S = TypeVar("S")


class UnitOfWork:
    """Implements :class:`commands.ports.Work` for one attempt at one command.

    Args:
        log: where streams are loaded from.
        optimistic: whether to trust cached states instead of loading streams.
        needs: the weakest role in a store that the command needs.
    """

    def __init__(self, log: StreamStates, *, optimistic: bool = False, needs: Role = Role.OWNER) -> None:
        self.needs = needs
        self._log = log
        self._optimistic = optimistic
        self.assumed: dict[UUID, int] = {}
        """Streams that were not loaded but assumed to be at a version; 0 for one assumed not to exist."""
        self._loaded: dict[tuple[str, UUID], Loaded] = {}
        """By kind and id, because an id may be requested as several kinds."""
        self._staged: dict[tuple[str, UUID], Staged] = {}
        self._missing: set[tuple[str, UUID]] = set()
        """Streams that did not exist when they were asked for. They stay missing for this attempt, so that two answers agree."""
        self._taken: set[UUID] = set()
        """Ids that streams of any kind have."""
        self.read: ConsistencyToken | None = None

    @property
    def staged(self) -> Sequence[Staged]:
        """The streams to append to, in the order of their first appends."""
        return tuple(self._staged.values())

    @property
    def unverified(self) -> dict[UUID, int]:
        """Assumed versions of streams that no event is appended to; an append verifies its stream's version."""
        verified = {id for _, id in self._staged}
        return {id: version for id, version in self.assumed.items() if id not in verified}

    @property
    def contended(self) -> frozenset[UUID]:
        """The streams that a conflict of this attempt may be on: existing ones with staged events."""
        return frozenset(staged.stream_id for staged in self._staged.values() if staged.expected_version > 0)

    async def find(self, kind: StreamKind[S], stream_id: UUID) -> S | None:
        key = kind.name, stream_id
        if key in self._staged:
            staged: S = self._staged[key].state
            return staged
        if key in self._missing:
            return None
        try:
            loaded = self._loaded.get(key) or self._cached(kind, stream_id) or await self._log.load(kind, stream_id)
        except StreamKindMismatch:
            self._taken.add(stream_id)
            return None
        if loaded is None:
            self._missing.add(key)
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
        if stream_id in self._taken or self._cached(kind, stream_id) is not None:
            return False
        self.assumed[stream_id] = 0
        return True

    def _cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        cached = self._log.cached(kind, stream_id) if self._optimistic else None
        if cached is not None:
            self.assumed[stream_id] = cached.version
        return cached

    async def get(self, kind: StreamKind[S], stream_id: UUID) -> S:
        state = await self.find(kind, stream_id)
        if state is None:
            raise NotFound(kind.name, stream_id)
        return state

    def append(self, kind: StreamKind[S], stream_id: UUID, events: Sequence[DomainEvent], *, tenant: UUID) -> S:
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
        if after is None:
            raise ValueError(f"{kind.name} {stream_id} is not loaded, and no event begins it")
        if not events:
            return after
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
