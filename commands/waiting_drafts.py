"""Drafts that other commands ask for, and the limit of drafts that wait, kept in the same commit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from commands.ports import Work
from domain.draft.aggregate import DRAFT, request_draft
from domain.draft.events import DraftTarget
from domain.draft.waiting import (
    WAITING_DRAFTS,
    WaitingDrafts,
    has_room,
    queue_drafts,
    refuse_too_many,
    unqueue_drafts,
    waiting_drafts_of,
)
from domain.ids import derived
from domain.store.aggregate import Store


async def request_drafts(work: Work, store: Store, targets: Sequence[DraftTarget], *, at: datetime) -> Sequence[UUID]:
    """Append ``DraftRequested`` for each target, and ``DraftsQueued``. Return the drafts' ids, in the order of the targets.

    A target that was asked for at the same time already has no second draft.

    Raises:
        TooManyDrafts: too many of the store's drafts wait.
    """
    ids = [derived(target.id, "draft", target.kind, at.isoformat()) for target in targets]
    asked = []
    for draft_id, target in zip(ids, targets, strict=True):
        if await work.is_new(DRAFT, draft_id):
            requested = request_draft(draft_id, store_id=store.id, merchant_id=store.merchant_id, target=target, at=at)
            work.append(DRAFT, draft_id, requested, tenant=store.id)
            asked.append(draft_id)
    await take_places(work, store.id, asked, at=at)
    return ids


async def take_places(work: Work, store_id: UUID, draft_ids: Sequence[UUID], *, at: datetime) -> None:
    """Append ``DraftsQueued`` for drafts that a person asks for. Drafts that ended make room first (``DraftsUnqueued``).

    Raises:
        TooManyDrafts: too many of the store's drafts wait.
    """
    waiting = await work.find(WAITING_DRAFTS, waiting_drafts_of(store_id))
    if waiting is not None and not has_room(waiting, len(draft_ids)):
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
