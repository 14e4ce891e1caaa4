"""The rows and tables of the jobs read model."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from domain.draft.aggregate import DraftStatus
from domain.draft.events import TargetKind
from domain.generation.events import (
    JobStatus,
    JobType,
    Step,
)
from projections.engine.tables import Json, Table


@dataclass(slots=True)
class GenerationRow:
    """A generation. Its progress and current step follow from its jobs."""

    id: UUID
    store_id: UUID
    merchant_id: UUID
    niche: str
    status: JobStatus
    error: str | None
    reading: Json | None
    """What the niche was understood to mean; None until it is read, and in logs of before readings were recorded."""
    cautions: Json
    attention: Json | None
    """What the generation asks the merchant; None unless it needs attention."""
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


@dataclass(slots=True)
class JobRow:
    """The job of one step."""

    id: UUID
    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    step: Step
    type: JobType
    status: JobStatus
    attempt: int
    input: Json
    output: Json | None
    summary: str | None
    error: str | None
    attention: Json | None
    done: int
    total: int
    message: str | None
    deadline: datetime | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(slots=True)
class JobLogRow:
    """One line of a generation's log; ``number`` is the event's version in the generation's stream."""

    generation_id: UUID
    number: int
    job_id: UUID | None
    at: datetime
    level: str
    message: str


@dataclass(slots=True)
class CallRow:
    """A call to an outside system that a generation made."""

    id: UUID
    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    step: Step | None
    attempt: int
    part: str
    provider: str | None
    model: str | None
    prompt: str | None
    prompt_sha256: str | None
    answer_id: UUID
    answer_sha256: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: int | None
    """In millionths of a US dollar; None if a model without a known price was asked."""
    fallbacks: Json
    seconds: float
    at: datetime


@dataclass(slots=True)
class UsageMonthRow:
    """What the calls of a store's generations used in a month, so that no query adds up calls."""

    store_id: UUID
    month: date
    """Its first day, in UTC."""
    merchant_id: UUID
    model_requests: int
    supplier_requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: int
    """In millionths of a US dollar, of the calls whose cost is known."""
    calls_without_price: int


@dataclass(slots=True)
class DraftRow:
    """A draft. What is out of date is not a column: it follows from the live values."""

    id: UUID
    store_id: UUID
    merchant_id: UUID
    target_kind: TargetKind
    target_id: UUID
    status: DraftStatus
    wanted: Json
    hint: str | None
    changes: Json
    accepted: Json
    written_by: str | None
    call_id: UUID | None
    cost: int | None
    """In millionths of a US dollar; None if a model without a known price was asked."""
    note: str | None
    created_at: datetime
    updated_at: datetime


GENERATIONS = Table(
    "generations",
    GenerationRow,
    hot=("niche", "status", "error", "reading", "cautions", "attention", "completed_at", "updated_at"),
    indexes=(
        "create index on generations (store_id, created_at, id)",
        "create index on generations (merchant_id, created_at, id)",
    ),
)

JOBS = Table(
    "jobs",
    JobRow,
    hot=(
        "status",
        "attempt",
        "output",
        "summary",
        "error",
        "attention",
        "done",
        "total",
        "message",
        "deadline",
        "updated_at",
        "started_at",
        "completed_at",
    ),
    indexes=(
        "create index on jobs (generation_id)",
        "create index on jobs (store_id)",
        "create index on jobs (deadline) where status = 'PROCESSING'",
    ),
)

JOB_LOGS = Table(
    "job_logs",
    JobLogRow,
    key=("generation_id", "number"),
    indexes=("create index on job_logs (job_id, number) where job_id is not null",),
)

CALLS = Table(
    "calls",
    CallRow,
    indexes=("create index on calls (generation_id, at, id)",),
)

USAGE_MONTHS = Table(
    "usage_months",
    UsageMonthRow,
    key=("store_id", "month"),
    hot=(
        "model_requests",
        "supplier_requests",
        "prompt_tokens",
        "completion_tokens",
        "cost",
        "calls_without_price",
    ),
    indexes=("create index on usage_months (merchant_id, month)",),
)

DRAFTS = Table(
    "drafts",
    DraftRow,
    hot=("status", "changes", "accepted", "written_by", "call_id", "cost", "note", "updated_at"),
    indexes=(
        "create index on drafts (store_id, created_at, id)",
        "create index on drafts (store_id, created_at, id) where status in ('REQUESTED', 'PROPOSED')",
        "create index on drafts (target_id, created_at)",
    ),
)


@dataclass(slots=True)
class JobsRows:
    """The rows that a batch touches, by table and key."""

    generations: dict[UUID, GenerationRow] = field(default_factory=dict)
    jobs: dict[UUID, JobRow] = field(default_factory=dict)
    job_logs: dict[tuple[UUID, int], JobLogRow] = field(default_factory=dict)
    calls: dict[UUID, CallRow] = field(default_factory=dict)
    usage_months: dict[tuple[UUID, date], UsageMonthRow] = field(default_factory=dict)
    drafts: dict[UUID, DraftRow] = field(default_factory=dict)


TABLES = (GENERATIONS, JOBS, JOB_LOGS, CALLS, USAGE_MONTHS, DRAFTS)
