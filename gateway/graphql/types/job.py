"""Generations, their agents' jobs, and the jobs' logs."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from domain.editing import revision_of
from domain.generation.correction import reading_parts
from domain.generation.events import Attention, AttentionCode, JobStatus, JobType, Step
from gateway.api.validation import log_line
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, derived, made, of_view, resolved
from gateway.graphql.fields import field
from gateway.graphql.refs import StoreRef, load_store
from gateway.graphql.types.connection import Connection, connection
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.node import Node
from gateway.graphql.types.usage import OutsideCall, Usage, call_page
from projections.jobs.queries import job_logs
from projections.jobs.views import GenerationView, JobLogView, JobView
from projections.reading.paging import Edge, Slice, Window


@strawberry.type(description="One line of a job's log.")
class JobLog:
    number: int = strawberry.field(description="Line number. It increases within a generation.")
    job_id: strawberry.ID | None = strawberry.field(
        description="The step's job. Null for a line about the generation as a whole."
    )
    at: datetime
    level: str = strawberry.field(description="INFO, WARNING or ERROR.")
    message: str

    @classmethod
    def of(cls, view: JobLogView) -> Self:
        return cls(
            number=view.number,
            job_id=None if view.job_id is None else as_gid(view.job_id),
            at=view.at,
            level=view.level,
            message=view.message,
        )


@strawberry.type(
    description="A category that the suppliers have, and how many of the listings they returned are in it."
)
class AvailableCategory:
    category: str
    count: int


@strawberry.type(name="Attention", description="What a generation asks the merchant.")
class AttentionType:
    code: AttentionCode
    message: str = strawberry.field(description="What is unclear, or how little fits, and what to do.")
    suggestions: list[str] = strawberry.field(
        description="Niches for `chooseNiche`. You may also choose any other niche."
    )
    available: list[AvailableCategory] = strawberry.field(
        description="What the suppliers do have, the most frequent first. Empty unless too few products fit."
    )

    @classmethod
    def of(cls, attention: Attention | None) -> Self | None:
        if attention is None:
            return None
        return cls(
            code=attention.code,
            message=attention.message,
            suggestions=list(attention.suggestions),
            available=[AvailableCategory(category=each.category, count=each.count) for each in attention.available],
        )


@strawberry.type(description="What a niche was understood to mean. Correct it with `correctNiche`.")
class NicheUnderstanding:
    things: list[str] = strawberry.field(description="Goods to sell, the most typical first.")
    categories: list[str]
    audience: list[str] = strawberry.field(description="People or animals that the goods are for.")
    setting: list[str] = strawberry.field(description="Places and occasions of use.")
    style: list[str] = strawberry.field(description="Looks, materials and moods.")
    unknown: list[str] = strawberry.field(description="Words that were not understood.")
    question: AttentionType | None = strawberry.field(
        description="A question about the niche. Nothing is made before it is answered with `correctNiche`, "
        "`chooseNiche` or `continueGeneration`."
    )
    cautions: list[str] = strawberry.field(description="What to be careful about, such as a trade mark.")
    read_by: str = strawberry.field(description="“house” for the built-in rules, a model's name, or “merchant”.")
    revision: str = strawberry.field(description="What an editor saw: send it as `expectedRevision` with a correction.")


async def log_page(reading: ReadContext, id: UUID, first: int | None, after: str | None) -> Slice[JobLogView]:
    """Return a page of a job's log, the oldest line first. A line's number is its cursor.

    Raises:
        InvalidInput: the window or the cursor is invalid.
    """
    window = Window(first=first, after=after)
    window.check()
    known = log_line(after)
    lines: Sequence[JobLogView] = await job_logs(
        reading.db, id, after=known, limit=window.size + 1, scope=reading.scope
    )
    return Slice(
        edges=tuple(Edge(partial(str, line.number), line) for line in lines[: window.size]),
        has_next=len(lines) > window.size,
        has_previous=known > 0,
    )


@strawberry.type(description="An agent's job (one step of a generation), or a generation as a whole.")
class AgentJob(Derived, Node):
    id: strawberry.ID
    store_id: strawberry.ID
    generation_id: strawberry.ID
    type: JobType | None = strawberry.field(description="Null for a generation as a whole; then step is null too.")
    step: Step | None
    status: JobStatus
    priority: int
    attempt: int = strawberry.field(description="0 before the job starts. Each retry adds 1.")
    input: JSON
    output: JSON | None
    summary: str | None = strawberry.field(description="The result in one sentence.")
    error: str | None
    attention: AttentionType | None = strawberry.field(description="Null unless the status is NEEDS_ATTENTION.")
    progress: int = strawberry.field(description="0 to 100.")
    current_step: str | None = strawberry.field(description="The current activity, in words.")
    done: int
    total: int
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[JobView]
    reading: strawberry.Private[ReadContext]

    sources = {
        "id": of_view("id", str),
        "store_id": of_view("store_id", str),
        "generation_id": of_view("generation_id", str),
        "input": of_view("input", dict),
        "output": of_view("output", dict),
        "attention": of_view("attention", AttentionType.of),
        "logs": resolved("id"),
    }

    @field("The job's log, the oldest line first.")
    async def logs(self, first: int | None = None, after: str | None = None) -> Connection[JobLog]:
        return connection(await log_page(self.reading, self.view.id, first, after), JobLog.of)

    @classmethod
    def of(cls, view: JobView, reading: ReadContext) -> Self:
        return made(cls, view, reading)


@strawberry.type(description="The work that makes a store: five jobs, some of them in parallel.")
class Generation(Derived, Node):
    id: strawberry.ID
    store_id: strawberry.ID
    niche: str
    status: JobStatus
    progress: int = strawberry.field(description="0 to 100.")
    current_step: Step | None = strawberry.field(description="The first running step. Null if no step is running.")
    error: str | None
    attention: AttentionType | None = strawberry.field(
        description="What the generation asks you. Null unless the status is NEEDS_ATTENTION."
    )
    understanding: NicheUnderstanding | None = strawberry.field(
        description="What the niche was understood to mean. Null until it is read, and for old generations."
    )
    completed_at: datetime | None = strawberry.field(
        description="When the generation completed, failed, was cancelled or began to wait for you."
    )
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[GenerationView]
    reading: strawberry.Private[ReadContext]

    sources = {
        "id": of_view("id", str),
        "store_id": of_view("store_id", str),
        "attention": of_view("attention", AttentionType.of),
        "understanding": derived(lambda one: _understanding(one.view), "reading", "attention", "cautions"),
        "jobs": resolved("jobs"),
        **dict.fromkeys(("logs", "usage", "calls"), resolved("id")),
        "store": resolved("store_id"),
    }

    @field("The generation's jobs, in step order.")
    def jobs(self) -> list[AgentJob]:
        return [AgentJob.of(job, self.reading) for job in self.view.jobs]

    @field("The job's log, the oldest line first.")
    async def logs(self, first: int | None = None, after: str | None = None) -> Connection[JobLog]:
        return connection(await log_page(self.reading, self.view.id, first, after), JobLog.of)

    @field("What the generation's calls and photos used so far.")
    async def usage(self) -> Usage:
        return Usage.of(await self.reading.loaders.usage.load(self.view.id))

    @field("The generation's calls to writers, suppliers and other systems, the oldest first.")
    async def calls(self, first: int | None = None, after: str | None = None) -> Connection[OutsideCall]:
        return connection(await call_page(self.reading, self.view.id, first, after), OutsideCall.of)

    @strawberry.field
    async def store(self) -> StoreRef | None:
        return await load_store(self.view.store_id, self.reading)

    @classmethod
    def of(cls, view: GenerationView, reading: ReadContext) -> Self:
        return made(cls, view, reading)


def _understanding(view: GenerationView) -> NicheUnderstanding | None:
    reading, attention = view.reading, view.attention
    if reading is None:
        return None
    is_about_niche = attention is not None and attention.code is not AttentionCode.FEW_PRODUCTS_FIT
    return NicheUnderstanding(
        things=list(reading.things),
        categories=list(reading.categories),
        audience=list(reading.audience),
        setting=list(reading.setting),
        style=list(reading.style),
        unknown=list(reading.unknown),
        question=AttentionType.of(attention) if is_about_niche else None,
        cautions=list(view.cautions),
        read_by=reading.read_by,
        revision=revision_of(reading_parts(reading)),
    )
