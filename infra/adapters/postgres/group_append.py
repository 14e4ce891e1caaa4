"""The statement that appends several commands at once, and its arguments; see migration 0070."""

from collections.abc import Callable, Sequence
from uuid import UUID

from commands.ports import IN_GROUP, Commit
from schemas.registry import encode
from schemas.topics import partition_of

APPEND_GROUP = """
select append_group($1::uuid[], $2::bytea[], $3::jsonb[], $4::integer[], $5::integer[], $6::bigint[], $7::uuid[],
                    $8::uuid[], $9::text[], $10::bigint[], $11::bytea[], $12::integer[], $13::integer[], $14::uuid[],
                    $15::uuid[], $16::integer[], $17::text[], $18::uuid[], $19::bytea[], $20::uuid[], $21::integer[],
                    $22::text[])
"""


def group_arguments(
    commits: Sequence[Commit], results: Sequence[str | None], new_id: Callable[[], UUID]
) -> tuple[object, ...]:
    """Return the arguments of ``append_group``, in order.

    Args:
        commits: the group.
        results: the commits' results as JSON.
        new_id: makes the ids of events.
    """
    contexts = [commit.context for commit in commits]
    events = [
        (number, staged, event)
        for number, commit in enumerate(commits, 1)
        for staged in commit.staged
        for event in staged.events
    ]
    last_events = {command: number for number, (command, _, _) in enumerate(events, 1)}
    tokens = [_token_of(commit, last_events.get(number)) for number, commit in enumerate(commits, 1)]
    latest: dict[UUID, int] = {}
    follows: list[int] = []
    for number, (_, staged, _) in enumerate(events, 1):
        follows.append(latest.get(staged.stream_id, 0))
        latest[staged.stream_id] = number
    assumed = [pair for commit in commits for pair in commit.assumed.items()]
    return (
        [context.command_id for context in contexts],
        [commit.digest for commit in commits],
        results,
        [partition for partition, _, _ in tokens],
        [event for _, event, _ in tokens],
        [position for _, _, position in tokens],
        [context.correlation_id for context in contexts],
        [context.causation_id for context in contexts],
        [context.traceparent for context in contexts],
        [None if context.cause is None else context.cause.position for context in contexts],
        [None if context.cause is None else context.cause.hash for context in contexts],
        [command for command, _, _ in events],
        follows,
        [new_id() for _ in events],
        [staged.stream_id for _, staged, _ in events],
        [event.originator_version for _, _, event in events],
        [event.wire_name for _, _, event in events],
        [staged.tenant for _, staged, _ in events],
        [encode(event) for _, _, event in events],
        [stream for stream, _ in assumed] or None,
        [version for _, version in assumed] or None,
        [context.actor for context in contexts],
    )


def _token_of(commit: Commit, last_event: int | None) -> tuple[int | None, int | None, int | None]:
    """Return a token's partition, and the number of its event in the group or else its position."""
    if last_event is not None:
        return partition_of(commit.staged[-1].tenant), last_event, None
    if commit.read is None:
        return None, None, None
    if commit.read.position > IN_GROUP:
        return commit.read.partition, commit.read.position - IN_GROUP, None
    return commit.read.partition, None, commit.read.position
