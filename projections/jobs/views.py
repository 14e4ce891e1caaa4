"""What queries of the jobs read model return; all frozen, times in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.generation.events import JobStatus, JobType, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """An agent's job (``AgentJob``): one step of a generation, or the generation as a whole."""

    id: UUID
    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    step: Step | None
    """``None`` for the generation as a whole, and so is ``type``."""
    type: JobType | None
    status: JobStatus
    attempt: int
    """0 until it started."""
    priority: int
    input: Mapping[str, Any]
    output: Mapping[str, Any] | None
    """What the agent came to, as JSON: brand and scouting results."""
    summary: str | None
    """The output in a sentence, for the merchant: ``18 products from 243 candidates``."""
    error: str | None
    """Why it failed, for the merchant."""
    progress: int
    """0 to 100."""
    current_step: str | None
    """What is being done, in words; the last thing that was done once it has ended."""
    done: int
    total: int
    """Items of the step; 0 until the agent says."""
    deadline: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    """When it ended, well or not."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationView:
    """A store's generation with its five jobs in the order a person reads them."""

    id: UUID
    store_id: UUID
    merchant_id: UUID
    niche: str
    status: JobStatus
    progress: int
    """0 to 100."""
    current_step: Step | None
    """The first step at work; ``None`` when none is."""
    error: str | None
    jobs: tuple[JobView, ...]
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLogView:
    """One line of a job's log."""

    generation_id: UUID
    number: int
    """Grows within a generation; what ``after`` takes."""
    job_id: UUID | None
    """The step's job; ``None`` for what concerns the whole generation."""
    at: datetime
    level: str
    """``INFO``, ``WARNING`` or ``ERROR``."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueJob:
    """A step that is still at work after its deadline."""

    generation_id: UUID
    step: Step
    attempt: int
    deadline: datetime
