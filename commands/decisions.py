"""Decides commands: one on its own, or a group in sequence for one transaction."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from uuid import UUID

from commands.hot_streams import HotStreams
from commands.ports import (
    IN_GROUP,
    Commit,
    ConcurrencyConflict,
    Context,
    EventLog,
    Handler,
    KnownCommands,
    Loaded,
    Receipt,
    Staged,
    StreamKindMismatch,
)
from commands.unit_of_work import UnitOfWork
from domain.kernel import DomainError, StreamKind
from domain.team.permissions import permissions
from domain.team.roles import Role

S = TypeVar("S")

STRETCH = 8
"""Decisions of a group in one stretch; then the event loop serves others."""


@dataclass(slots=True, eq=False, kw_only=True)
class Decision:
    """One command on its way to its receipt."""

    command: object
    handler: Handler
    context: Context
    digest: bytes
    streams: set[UUID]
    """The streams that the command may change, as far as they are known: its ids, and those it collided on."""

    @property
    def needs(self) -> Role:
        """The weakest role in a store that the command needs."""
        return permissions().command(type(self.command).__name__).role


async def decide_alone(log: EventLog, hot: HotStreams, decision: Decision, *, optimistic: bool) -> Receipt:
    """Decide a command once and commit it.

    Args:
        log: the event log.
        hot: learns the streams of a collision.
        decision: the command.
        optimistic: whether to trust the log's cached states, which saves queries; the log checks them at the append.

    Raises:
        DomainError, CommandReused, UnknownCause: final.
        ConcurrencyConflict: the command's streams went on.
    """
    work = UnitOfWork(log, optimistic=optimistic, needs=decision.needs)
    try:
        result = await decision.handler(decision.command, work)
        with hot.appending(work.contended):
            return await log.commit(
                Commit(
                    context=decision.context,
                    digest=decision.digest,
                    result=result,
                    staged=work.staged,
                    read=work.read,
                    assumed=work.unverified,
                )
            )
    except ConcurrencyConflict:
        # Heat at once, so that waiting commands do not collide with retried ones.
        hot.heat(work.contended)
        decision.streams |= work.contended
        raise
    except DomainError:
        if not work.assumed:
            # A repeated command may be refused because its first run succeeded: the first result stands.
            if await log.outcome(decision.context.command_id) is None:
                raise
            # The id is known, so the commit only compares the payloads and returns the first receipt.
            return await log.commit(Commit(context=decision.context, digest=decision.digest, result=None))
    # Cached state may be out of date, and no append checks a refusal.
    return await decide_alone(log, hot, decision, optimistic=False)


@dataclass(slots=True)
class GroupOutcome:
    """What became of a group's decisions."""

    receipts: dict[Decision, Receipt] = field(default_factory=dict)
    refusals: dict[Decision, DomainError] = field(default_factory=dict)
    again: Sequence[Decision] = ()
    """Decisions to make again, in order; they appended nothing."""
    alone: Collection[Decision] = ()
    """Those of ``again`` that no group can carry."""
    collided: bool = False
    """Whether another process wrote to a stream of the group."""


async def decide_group(
    log: EventLog, hot: HotStreams, group: Sequence[Decision], *, reload: Collection[UUID] = ()
) -> GroupOutcome:
    """Decide commands in sequence, each on the state after the ones before it, and commit them in one transaction.

    The events and answers are those of the same commands decided one after the other. So the group ends before a command
    that it cannot carry: its handler fails, or it is refused on a state that is out of date, or it is refused and has run
    before. The commit checks the states of all others.

    Args:
        log: the event log.
        hot: knows the appends that are running.
        group: the commands, with different ids.
        reload: streams whose cached state is not trusted, because other processes may write to them.
    """
    states = GroupStates(log, reload)
    commits: dict[Decision, Commit] = {}
    refused: dict[Decision, Refused] = {}
    end = len(group)
    for number, decision in enumerate(group):
        if number % STRETCH == STRETCH - 1:
            await asyncio.sleep(0)
        work = UnitOfWork(states, optimistic=True, needs=decision.needs)
        try:
            result = await decision.handler(decision.command, work)
        except DomainError as refusal:
            refused[decision] = Refused(refusal, work.assumed)
        except Exception:  # noqa: BLE001 - decided alone, it fails alone
            end = number
            break
        else:
            commits[decision] = Commit(
                context=decision.context,
                digest=decision.digest,
                result=result,
                staged=work.staged,
                read=work.read,
                assumed=work.unverified,
            )
            states.stage(work.staged)
    doubtful = await _doubtful(log, refused)
    end = next((number for number, decision in enumerate(group[:end]) if decision in doubtful), end)
    carried = [(decision, commits[decision]) for decision in group[:end] if decision in commits]
    receipts: Sequence[Receipt] = ()
    if carried:
        try:
            receipts = await _append(log, hot, [commit for _, commit in carried])
        except (ConcurrencyConflict, KnownCommands) as error:
            collided = isinstance(error, ConcurrencyConflict)
            return GroupOutcome(again=group, alone=await _never_carried(log, carried), collided=collided)
        except Exception:  # noqa: BLE001 - one of the commands is the reason: alone, that one fails and others do not
            return GroupOutcome(again=group, alone=group)
    return GroupOutcome(
        receipts=dict(zip((decision for decision, _ in carried), receipts, strict=True)),
        refusals={decision: refused[decision].refusal for decision in group[:end] if decision in refused},
        again=group[end:],
        alone=group[end : end + 1],
    )


async def _append(log: EventLog, hot: HotStreams, commits: Sequence[Commit]) -> Sequence[Receipt]:
    versions: dict[UUID, int] = {}
    for commit in commits:
        for staged in commit.staged:
            versions.setdefault(staged.stream_id, staged.expected_version)
    existing = [stream for stream, version in versions.items() if version > 0]
    await hot.until_appended(existing)
    with hot.appending(existing):
        return await log.commit_group(commits)


class Refused(NamedTuple):
    """A refusal in a group, and the versions that it rests on and no load has confirmed."""

    refusal: DomainError
    assumed: Mapping[UUID, int]


async def _doubtful(log: EventLog, refused: Mapping[Decision, Refused]) -> Collection[Decision]:
    """Return the refused commands to decide alone: they rest on an outdated state, or have run before."""
    if not refused:
        return ()
    assumed = {pair for each in refused.values() for pair in each.assumed.items()}
    outdated = await log.outdated(assumed) if assumed else frozenset[UUID]()
    known = await log.known([decision.context.command_id for decision in refused])
    return {
        decision
        for decision, each in refused.items()
        if decision.context.command_id in known or not outdated.isdisjoint(each.assumed)
    }


async def _never_carried(log: EventLog, carried: Sequence[tuple[Decision, Commit]]) -> Collection[Decision]:
    """Return the commands that have run before, or begin a stream that exists: these fail in every group.

    Other conflicts end by themselves, because the log has dropped the cached states that were out of date.
    """
    begun = {
        decision: {stream for stream, version in commit.assumed.items() if version == 0}
        | {staged.stream_id for staged in commit.staged if staged.expected_version == 0}
        for decision, commit in carried
    }
    existing = await log.outdated([(stream, 0) for streams in begun.values() for stream in streams])
    known = await log.known([decision.context.command_id for decision in begun])
    return [
        decision
        for decision, streams in begun.items()
        if decision.context.command_id in known or not existing.isdisjoint(streams)
    ]


class GroupStates:
    """The event log as a group's later commands see it: with the staged events of the earlier ones.

    Implements :class:`commands.ports.StreamStates`.
    """

    def __init__(self, log: EventLog, reload: Collection[UUID]) -> None:
        self._log = log
        self._reload = set(reload)
        self._after: dict[UUID, Loaded] = {}
        self._kinds: dict[UUID, str] = {}
        self._events = 0

    def stage(self, staged: Sequence[Staged]) -> None:
        """Let later commands see the events of a command."""
        for each in staged:
            self._events += len(each.events)
            version = each.expected_version + len(each.events)
            self._after[each.stream_id] = Loaded(each.state, version, IN_GROUP + self._events, each.tenant)
            self._kinds[each.stream_id] = each.kind.name

    async def load(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        if stream_id in self._after:
            if self._kinds[stream_id] != kind.name:
                raise StreamKindMismatch(kind, stream_id)
            return self._after[stream_id]
        loaded = await self._log.load(kind, stream_id)
        self._reload.discard(stream_id)
        return loaded

    def cached(self, kind: StreamKind[S], stream_id: UUID) -> Loaded | None:
        if stream_id in self._after:
            return self._after[stream_id] if self._kinds[stream_id] == kind.name else None
        return None if stream_id in self._reload else self._log.cached(kind, stream_id)
