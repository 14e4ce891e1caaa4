"""Bodies of agents' jobs and their logs."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import PlainSerializer

from domain.generation.events import AttentionCode, JobStatus, JobType, Step
from gateway.rest.schemas.body import Body
from projections.jobs.views import JobLogView, JobView

StepName = Annotated[Step, PlainSerializer(lambda step: step.name, return_type=str)]
"""A step under its GraphQL name. Events have it in lower case."""


class AvailableCategoryBody(Body):
    """A category that the suppliers have, and how many of the listings they returned are in it."""

    category: str
    count: int


class AttentionBody(Body):
    """What a job asks the merchant."""

    code: AttentionCode
    message: str
    suggestions: list[str]
    """Niches to choose from with the GraphQL mutation ``chooseNiche``."""
    available: list[AvailableCategoryBody]
    """What the suppliers do have, the most frequent first. Empty unless too few products fit."""


class JobBody(Body):
    """An agent's job, or a generation as a whole (then ``type`` and ``step`` are null)."""

    id: UUID
    store_id: UUID
    generation_id: UUID
    type: JobType | None
    step: StepName | None
    status: JobStatus
    priority: int
    attempt: int
    input: dict[str, Any]
    output: dict[str, Any] | None
    summary: str | None
    error: str | None
    attention: AttentionBody | None
    """Null unless the status is NEEDS_ATTENTION."""
    progress: int
    current_step: str | None
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: JobView) -> Self:
        return cls(
            id=view.id,
            store_id=view.store_id,
            generation_id=view.generation_id,
            type=view.type,
            step=view.step,
            status=view.status,
            priority=view.priority,
            attempt=view.attempt,
            input=dict(view.input),
            output=None if view.output is None else dict(view.output),
            summary=view.summary,
            error=view.error,
            attention=None if view.attention is None else AttentionBody.model_validate(view.attention.model_dump()),
            progress=view.progress,
            current_step=view.current_step,
            started_at=view.started_at,
            completed_at=view.completed_at,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )


class JobLogBody(Body):
    """One line of a job's log."""

    number: int
    job_id: UUID | None
    at: datetime
    level: str
    message: str

    @classmethod
    def of(cls, view: JobLogView) -> Self:
        return cls(number=view.number, job_id=view.job_id, at=view.at, level=view.level, message=view.message)
