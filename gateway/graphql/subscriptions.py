"""Live progress, over graphql-transport-ws."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Annotated, Self, TypeVar
from uuid import UUID

import strawberry

from domain.generation.events import JobStatus, JobType, Step
from domain.kernel import Transient
from gateway.api.generation_feed import LINES, GenerationState
from gateway.api.validation import as_id
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import field, subscription
from gateway.graphql.queries.root import TokenArgument, find_store
from gateway.graphql.store_events import FeedEvent
from gateway.graphql.types.job import AttentionType, Generation, JobLog
from gateway.graphql.types.media import as_gid
from gateway.graphql.watched import while_allowed
from projections.jobs.queries import job_logs
from projections.jobs.views import JobView
from projections.reading.consistency import Stale
from projections.reading.moment import leave_moment
from schemas.envelope import ConsistencyToken

T = TypeVar("T")


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
    cursor: str = strawberry.field(description="Pass it as `after` to go on from this state.")
    state: strawberry.Private[GenerationState]
    since: strawberry.Private[int]
    reading: strawberry.Private[ReadContext]

    @field("All lines of the log since the state before: together, the states have each line once.")
    async def new_logs(self) -> list[JobLog]:
        lines, last = [], self.since
        while last < self.state.line:
            page = await job_logs(
                self.reading.db, self.state.generation.id, scope=self.reading.scope, after=last, limit=LINES
            )
            if not page:
                break
            lines += [JobLog.of(line) for line in page if line.number <= self.state.line]
            last = page[-1].number
        return lines

    @classmethod
    def of(cls, progress: GenerationState, reading: ReadContext, since: int = 0) -> Self:
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
            cursor=progress.cursor,
            state=progress,
            since=since,
            reading=reading,
        )


AfterArgument = Annotated[
    str | None,
    strawberry.argument(description="A `cursor` of this subscription, to go on behind it after a disconnect."),
]
StoreAfterArgument = Annotated[
    str | None,
    strawberry.argument(
        description="A `cursor` of this subscription or a `logPosition`, to go on behind it. If omitted, the end of the log. "
        "To miss nothing after a list, read the list `asOf` a position and subscribe after that position."
    ),
]
ORDERS = ("order.",)
CHANGES = ("store.", "product.", "media.", "discount.", "generation.")
"""Beginnings of the types of events that subscribers receive."""


@strawberry.type
class Subscription:
    @subscription(
        "The state of a store's generation: now, and after each change. States in between may be skipped. "
        "The subscription ends when the generation ends or needs your attention, or with the session. "
        "Send {authorization: “Bearer …”} in connection_init."
    )
    async def generation_progress(
        self,
        info: Info,
        store_id: strawberry.ID,
        after: AfterArgument = None,
        consistency_token: TokenArgument = None,
    ) -> AsyncIterator[GenerationProgress]:
        leave_moment()
        reading = await info.context.reading(consistency_token)
        store = await find_store(reading, as_id("store", store_id))
        seen = after
        states_of = info.context.services.generation_feed.follow(store.view.id)
        async with aclosing(_watched(info, states_of, store.view.id, store.view.merchant_id)) as states:
            async for progress in states:
                line = progress.line_of(seen)
                if progress.cursor == seen:
                    continue
                # A read context keeps what it loads, so every state needs a new one.
                fresh = await info.context.check_access(store.view.id, store.view.merchant_id)
                yield GenerationProgress.of(progress, fresh, line)
                seen = progress.cursor

    @subscription("Each event of a store's orders, once and in the order of the log.")
    async def order_feed(
        self,
        info: Info,
        store_id: strawberry.ID,
        after: StoreAfterArgument = None,
        consistency_token: TokenArgument = None,
    ) -> AsyncIterator[FeedEvent]:
        async with aclosing(store_events(info, store_id, after, consistency_token, ORDERS)) as events:
            async for event in events:
                yield event

    @subscription(
        "Each event of a store, its products, pages, media, discount codes and generations, once and in the order of the log."
    )
    async def store_changes(
        self,
        info: Info,
        store_id: strawberry.ID,
        after: StoreAfterArgument = None,
        consistency_token: TokenArgument = None,
    ) -> AsyncIterator[FeedEvent]:
        async with aclosing(store_events(info, store_id, after, consistency_token, CHANGES)) as events:
            async for event in events:
                yield event


def _watched(info: Info, items: AsyncGenerator[T, None], store_id: UUID, owner_id: UUID) -> AsyncGenerator[T, None]:
    """Return items of a store that end with the caller's session or role."""
    every = info.context.deps.socket_limits.access_check
    return while_allowed(items, lambda: info.context.check_access(store_id, owner_id), every=every)


async def store_events(
    info: Info, store_id: str, after: str | None, token: str | None, types: tuple[str, ...]
) -> AsyncGenerator[FeedEvent, None]:
    """Yield a store's events whose types begin in one of some ways, once the read models have applied them.

    An event comes late rather than never if the read models lag behind: its objects are then older than the event.
    """
    leave_moment()
    reading = await info.context.reading(token)
    store = (await find_store(reading, as_id("store", store_id))).view
    feed, barrier = info.context.services.store_feed, info.context.deps.barrier
    following = feed.follow(store.id, await feed.start(after))
    async with aclosing(_watched(info, following, store.id, store.merchant_id)) as events:
        async for event in events:
            if not event.type.startswith(types):
                continue
            with suppress(Stale, Transient):
                await barrier.wait(ConsistencyToken.of(store.id, event.position))
            yield FeedEvent.of(event, await info.context.check_access(store.id, store.merchant_id))
