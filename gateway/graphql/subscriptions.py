"""Live progress, over graphql-transport-ws."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Self

import strawberry

from domain.generation.events import JobStatus, JobType, Step
from gateway.api.generation_feed import GenerationState
from gateway.api.validation import as_id
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import subscription
from gateway.graphql.queries.root import TokenArgument, find_store
from gateway.graphql.types.job import AttentionType, Generation, JobLog
from gateway.graphql.types.media import as_gid
from projections.jobs.views import JobView
from projections.reading.moment import leave_moment


@strawberry.type(description="The state of one step.")
class StepProgress:
    step: Step
    job_id: strawberry.ID
    type: JobType | None
    status: JobStatus
    attempt: int
    progress: int
    done: int
    total: int
    summary: str | None
    error: str | None
    attention: AttentionType | None = strawberry.field(description="Null unless the step waits for you.")

    @classmethod
    def of(cls, step: Step, job: JobView) -> Self:
        return cls(
            step=step,
            job_id=as_gid(job.id),
            type=job.type,
            status=job.status,
            attempt=job.attempt,
            progress=job.progress,
            done=job.done,
            total=job.total,
            summary=job.summary,
            error=job.error,
            attention=AttentionType.of(job.attention),
        )


@strawberry.type(description="The current state of a store's generation.")
class GenerationProgress:
    generation_id: strawberry.ID
    store_id: strawberry.ID
    status: JobStatus
    progress: int = strawberry.field(description="0 to 100.")
    current_step: Step | None
    steps: list[StepProgress]
    last_log: JobLog | None = strawberry.field(description="The newest line of the log.")
    error: str | None
    attention: AttentionType | None = strawberry.field(
        description="What the generation asks you. Null unless the status is NEEDS_ATTENTION."
    )
    generation: Generation

    @classmethod
    def of(cls, progress: GenerationState, reading: ReadContext) -> Self:
        view = progress.generation
        return cls(
            generation_id=as_gid(view.id),
            store_id=as_gid(view.store_id),
            status=view.status,
            progress=view.progress,
            current_step=view.current_step,
            steps=[StepProgress.of(job.step, job) for job in view.jobs if job.step is not None],
            last_log=None if progress.last_line is None else JobLog.of(progress.last_line),
            error=view.error,
            attention=AttentionType.of(view.attention),
            generation=Generation.of(view, reading),
        )


@strawberry.type
class Subscription:
    @subscription(
        "The state of a store's generation: now, and after each change. States in between may be skipped. "
        "The subscription ends when the generation ends or needs your attention, or at the first state after the session ends. "
        "Send {authorization: “Bearer …”} in connection_init."
    )
    async def generation_progress(
        self, info: Info, store_id: strawberry.ID, consistency_token: TokenArgument = None
    ) -> AsyncIterator[GenerationProgress]:
        leave_moment()
        reading = await info.context.reading(consistency_token)
        store = await find_store(reading, as_id("store", store_id))
        async with aclosing(info.context.services.generation_feed.follow(store.view.id)) as states:
            async for progress in states:
                # A read context caches what it loads, so every state needs a new one.
                fresh = await info.context.check_access(store.view.id, store.view.merchant_id)
                yield GenerationProgress.of(progress, fresh)
