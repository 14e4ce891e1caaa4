"""How events change the rows of drafts."""

import json
from uuid import UUID

from domain.draft.aggregate import DraftStatus
from domain.draft.events import DraftAccepted, DraftDropped, DraftFailed, DraftProposed, DraftRequested
from projections.engine.tables import Folds, as_json
from projections.jobs.tables import DraftRow, JobsRows

DRAFT_FOLDS: Folds[JobsRows] = Folds()


@DRAFT_FOLDS.on(DraftRequested)
def draft_requested(rows: JobsRows, event: DraftRequested, _: UUID) -> None:
    rows.drafts[event.originator_id] = DraftRow(
        id=event.originator_id,
        store_id=event.store_id,
        merchant_id=event.merchant_id,
        target_kind=event.target.kind,
        target_id=event.target.id,
        status=DraftStatus.REQUESTED,
        wanted=as_json(event.fields),
        hint=event.hint,
        changes=as_json([]),
        accepted=as_json([]),
        written_by=None,
        call_id=None,
        cost=0,
        note=None,
        created_at=event.occurred_at,
        updated_at=event.occurred_at,
    )


@DRAFT_FOLDS.on(DraftProposed, drafts="originator_id")
def draft_proposed(rows: JobsRows, event: DraftProposed, _: UUID) -> None:
    draft = rows.drafts[event.originator_id]
    draft.status, draft.changes, draft.updated_at = DraftStatus.PROPOSED, as_json(event.changes), event.occurred_at
    draft.written_by, draft.note = event.written_by, event.note
    draft.call_id, draft.cost = event.call_id, event.cost_microdollars


@DRAFT_FOLDS.on(DraftFailed, drafts="originator_id")
def draft_failed(rows: JobsRows, event: DraftFailed, _: UUID) -> None:
    draft = rows.drafts[event.originator_id]
    draft.status, draft.note, draft.updated_at = DraftStatus.FAILED, event.reason, event.occurred_at
    draft.call_id, draft.cost = event.call_id, event.cost_microdollars


@DRAFT_FOLDS.on(DraftAccepted, drafts="originator_id")
def draft_accepted(rows: JobsRows, event: DraftAccepted, _: UUID) -> None:
    draft = rows.drafts[event.originator_id]
    accepted = dict.fromkeys([*json.loads(draft.accepted), *event.fields])
    draft.accepted, draft.updated_at = as_json(list(accepted)), event.occurred_at
    if {change["field"] for change in json.loads(draft.changes)} <= accepted.keys():
        draft.status = DraftStatus.ACCEPTED


@DRAFT_FOLDS.on(DraftDropped, drafts="originator_id")
def draft_dropped(rows: JobsRows, event: DraftDropped, _: UUID) -> None:
    draft = rows.drafts[event.originator_id]
    draft.status, draft.updated_at = DraftStatus.DROPPED, event.occurred_at
