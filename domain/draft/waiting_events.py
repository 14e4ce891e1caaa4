"""Events that count a store's waiting drafts."""

from uuid import UUID

from domain.kernel import DomainEvent


class DraftsQueued(DomainEvent, wire_name="drafts.drafts_queued.v1"):
    """Drafts of a store were requested, in the same commit. They count towards the limit until they have ended."""

    store_id: UUID
    draft_ids: list[UUID]


class DraftsUnqueued(DomainEvent, wire_name="drafts.drafts_unqueued.v1"):
    """Drafts that have ended count no longer. Recorded when the limit is reached, not when they end."""

    draft_ids: list[UUID]


WaitingDraftsEvent = DraftsQueued | DraftsUnqueued
