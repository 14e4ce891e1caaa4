"""The drafts of a store that wait: one stream per store, so that two requests at once never pass the limit together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.draft.errors import TooManyDrafts
from domain.draft.waiting_events import DraftsQueued, DraftsUnqueued, WaitingDraftsEvent
from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header, next_header

WAITING_MOST = 500
"""Most drafts of a store that wait at the same time; a step of a large store asks for one per product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDrafts:
    """The drafts of a store that may still wait. Some of them may have ended since."""

    id: UUID
    version: int
    ids: frozenset[UUID]


def waiting_drafts_of(store_id: UUID) -> UUID:
    """Return the id of the stream of a store's waiting drafts."""
    return derived(store_id, "drafts")


def queue_drafts(
    waiting: WaitingDrafts | None, store_id: UUID, draft_ids: Sequence[UUID], *, at: datetime
) -> Sequence[WaitingDraftsEvent]:
    """Count new drafts as waiting, whether or not there is room. No-op without drafts."""
    if not draft_ids:
        return ()
    header = first_header(waiting_drafts_of(store_id), at) if waiting is None else next_header(waiting, at)
    return (DraftsQueued(**header, store_id=store_id, draft_ids=list(draft_ids)),)


def unqueue_drafts(waiting: WaitingDrafts, ended: Collection[UUID], *, at: datetime) -> Sequence[WaitingDraftsEvent]:
    """Stop counting drafts that ended. No-op if none of them is counted."""
    gone = sorted(waiting.ids.intersection(ended))
    return (DraftsUnqueued(**next_header(waiting, at), draft_ids=gone),) if gone else ()


def has_room(waiting: WaitingDrafts | None, asked: int) -> bool:
    """Whether there is room for further drafts, even if all that are counted still wait."""
    return (0 if waiting is None else len(waiting.ids)) + asked <= WAITING_MOST


def refuse_too_many(waiting: WaitingDrafts | None, asked: int) -> None:
    """Refuse drafts that would wait beside too many others.

    Raises:
        TooManyDrafts: there is no room for them.
    """
    if not has_room(waiting, asked):
        raise TooManyDrafts(0 if waiting is None else len(waiting.ids), WAITING_MOST, asked=asked)


def evolve(waiting: WaitingDrafts | None, event: WaitingDraftsEvent) -> WaitingDrafts:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match waiting, event:
        case None, DraftsQueued():
            return WaitingDrafts(
                id=event.originator_id, version=event.originator_version, ids=frozenset(event.draft_ids)
            )
        case WaitingDrafts(), DraftsQueued():
            return replace(waiting, version=event.originator_version, ids=waiting.ids.union(event.draft_ids))
        case WaitingDrafts(), DraftsUnqueued():
            return replace(waiting, version=event.originator_version, ids=waiting.ids.difference(event.draft_ids))
        case _:
            raise CorruptStream(event)


WAITING_DRAFTS = StreamKind("drafts", WaitingDrafts, evolve)
"""Events that count a store's waiting drafts."""
