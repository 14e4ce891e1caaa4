"""The limit of drafts that wait, kept in the same commit as the drafts themselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from commands.ports import Work
from domain.draft.aggregate import DRAFT
from domain.draft.waiting import (
    WAITING_DRAFTS,
    WaitingDrafts,
    queue_drafts,
    refuse_too_many,
    unqueue_drafts,
    waiting_drafts_of,
)


async def take_places(work: Work, store_id: UUID, draft_ids: Sequence[UUID], *, at: datetime) -> None:
    """Append ``DraftsQueued`` for drafts that a person asks for. Drafts that ended make room first (``DraftsUnqueued``).

    Raises:
        TooManyDrafts: too many of the store's drafts wait.
    """
    waiting = await work.find(WAITING_DRAFTS, waiting_drafts_of(store_id))
    if waiting is not None and not waiting.leaves_room(len(draft_ids)):
        gone = unqueue_drafts(waiting, await _ended(work, waiting), at=at)
        waiting = work.append(WAITING_DRAFTS, waiting.id, gone, tenant=store_id)
        refuse_too_many(waiting, len(draft_ids))
    await count_as_waiting(work, store_id, draft_ids, at=at)


async def count_as_waiting(work: Work, store_id: UUID, draft_ids: Sequence[UUID], *, at: datetime) -> None:
    """Append ``DraftsQueued`` for drafts that are there in any case: what an agent made is not thrown away."""
    waiting = await work.find(WAITING_DRAFTS, waiting_drafts_of(store_id))
    queued = queue_drafts(waiting, store_id, draft_ids, at=at)
    if queued:
        work.append(WAITING_DRAFTS, waiting_drafts_of(store_id), queued, tenant=store_id)


async def _ended(work: Work, waiting: WaitingDrafts) -> Sequence[UUID]:
    return [id for id in waiting.ids if (await work.get(DRAFT, id)).is_ended]
