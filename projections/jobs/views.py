"""What queries of the jobs read model return; all frozen, times in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.generation.events import Attention, JobStatus, JobType, Step
from domain.store.niche import NicheReading


class GenerationSort(StrEnum):
    """The sort orders of lists of generations."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


class DraftSort(StrEnum):
    """The sort orders of lists of drafts."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """An agent's job (``AgentJob``): one step of a generation, or the generation as a whole."""

    id: UUID
    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    step: Step | None
    """None for the generation as a whole; so is ``type``."""
    type: JobType | None
    status: JobStatus
    attempt: int
    """0 until the step starts."""
    priority: int
    input: Mapping[str, Any]
    output: Mapping[str, Any] | None
    """The agent's result as JSON, for brand and scouting."""
    summary: str | None
    """The output in a sentence, for the merchant: ``18 products from 243 candidates``."""
    error: str | None
    """Why the job failed, for the merchant."""
    attention: Attention | None
    """What the job asks the merchant; None unless it needs attention."""
    progress: int
    """0 to 100."""
    current_step: str | None
    """What the agent is doing, in words; once the job has ended, what it did last."""
    done: int
    total: int
    """How many items the step has; 0 until the agent reports it."""
    deadline: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    """When the job ended, whether it succeeded or not."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationView:
    """A store's generation with its five jobs, in the order of the steps."""

    id: UUID
    store_id: UUID
    merchant_id: UUID
    niche: str
    status: JobStatus
    progress: int
    """0 to 100."""
    current_step: Step | None
    """The first running step; None if no step is running."""
    error: str | None
    reading: NicheReading | None
    """What the niche was understood to mean; None until it is read, and for old generations."""
    cautions: tuple[str, ...]
    """What the merchant should be careful about."""
    attention: Attention | None
    """What the generation asks the merchant; None unless it needs attention."""
    jobs: tuple[JobView, ...]
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLogView:
    """One line of a job's log."""

    generation_id: UUID
    number: int
    """Rises within a generation; the ``after`` argument of ``job_logs`` takes it."""
    job_id: UUID | None
    """The step's job; None if the line is about the whole generation."""
    at: datetime
    level: str
    """``INFO``, ``WARNING`` or ``ERROR``."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueJob:
    """A step that is still running after its deadline."""

    generation_id: UUID
    step: Step
    attempt: int
    deadline: datetime
