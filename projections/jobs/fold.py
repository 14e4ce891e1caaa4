"""How events change the rows of the jobs read model."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from domain.calls.events import OutsideCallRecorded
from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import (
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    GenerationNeedsAttention,
    GenerationStarted,
    JobStatus,
    NicheChosen,
    NicheUnderstood,
    Step,
    StepFailed,
    StepNeedsAttention,
    StepProgressed,
    StepStarted,
    StepSucceeded,
)
from domain.generation.steps import JOB_TYPES
from domain.kernel import DomainEvent
from domain.store.events import BrandGenerated, ProductsScouted, StoreArchived, StoreRequested
from domain.store.niche import NicheReading
from projections.engine.months import first_of_month
from projections.engine.tables import Folds, as_json
from projections.jobs.tables import CallRow, GenerationRow, JobLogRow, JobRow, JobsRows, UsageMonthRow

FOLDS: Folds[JobsRows] = Folds()


def _step_job(event: StepStarted | StepProgressed | StepSucceeded | StepFailed | StepNeedsAttention) -> UUID:
    return job_of(event.originator_id, event.step)


def _write(rows: JobsRows, event: DomainEvent, level: str, message: str, step: Step | None = None) -> None:
    key = event.originator_id, event.originator_version
    rows.job_logs[key] = JobLogRow(
        generation_id=event.originator_id,
        number=event.originator_version,
        job_id=None if step is None else job_of(event.originator_id, step),
        at=event.occurred_at,
        level=level,
        message=message,
    )


TITLES = {
    Step.BRAND: "Brand",
    Step.SCOUT: "Product scouting",
    Step.COPY: "Product copy",
    Step.IMAGES: "Images",
    Step.PAGES: "Pages",
}
"""The names of the steps in log lines."""


@FOLDS.on(StoreRequested)
def store_requested(rows: JobsRows, event: StoreRequested, _: UUID) -> None:
    """Create the generation with the store, because the merchant receives its id with the request."""
    _create(rows, generation_of(event.originator_id), event.originator_id, event)


def _create(rows: JobsRows, id: UUID, store_id: UUID, event: StoreRequested | GenerationStarted) -> None:
    at = event.occurred_at
    rows.generations[id] = GenerationRow(
        id=id,
        store_id=store_id,
        merchant_id=event.merchant_id,
        niche=event.niche,
        status=JobStatus.PENDING,
        error=None,
        reading=None,
        cautions=as_json([]),
        attention=None,
        created_at=at,
        updated_at=at,
        completed_at=None,
    )
    for step in Step:
        rows.jobs[job_of(id, step)] = JobRow(
            id=job_of(id, step),
            generation_id=id,
            store_id=store_id,
            merchant_id=event.merchant_id,
            step=step,
            type=JOB_TYPES[step],
            status=JobStatus.PENDING,
            attempt=0,
            input=as_json({"niche": event.niche, "step": step}),
            output=None,
            summary=None,
            error=None,
            attention=None,
            done=0,
            total=0,
            message=None,
            deadline=None,
            created_at=at,
            updated_at=at,
            started_at=None,
            completed_at=None,
        )


def _generation_of(event: StoreArchived, _: UUID) -> UUID:
    return generation_of(event.originator_id)


@FOLDS.on(StoreArchived, generations=_generation_of, jobs=lambda event, _: _jobs_of(generation_of(event.originator_id)))
def store_archived(rows: JobsRows, event: StoreArchived, _: UUID) -> None:
    """Cancel a generation that has not started; a started one ends with ``GenerationCancelled``."""
    generation = rows.generations.get(generation_of(event.originator_id))
    if generation is not None and generation.status == JobStatus.PENDING:
        _stop(rows, generation, event.occurred_at)


def _jobs_of(generation_id: UUID) -> frozenset[UUID]:
    return frozenset(job_of(generation_id, step) for step in Step)


@FOLDS.on(GenerationStarted, generations="originator_id", jobs=lambda event, _: _jobs_of(event.originator_id))
def generation_started(rows: JobsRows, event: GenerationStarted, _: UUID) -> None:
    if event.originator_id not in rows.generations:
        # The log has the generation without its store's request.
        _create(rows, event.originator_id, event.store_id, event)
    generation = rows.generations[event.originator_id]
    if generation.status == JobStatus.CANCELLED:
        # In old logs a store could be archived before its generation started.
        _reopen(rows, event)
    generation.status, generation.completed_at = JobStatus.PROCESSING, None
    generation.updated_at = event.occurred_at
    _write(rows, event, "INFO", f"Started to make a store for “{event.niche}”.")


@FOLDS.on(NicheUnderstood, generations="originator_id")
def niche_understood(rows: JobsRows, event: NicheUnderstood, _: UUID) -> None:
    generation = rows.generations[event.originator_id]
    generation.niche, generation.reading, generation.cautions = (
        event.niche,
        as_json(event.reading),
        as_json(event.cautions),
    )
    generation.updated_at = event.occurred_at
    if event.reading.things:
        _write(rows, event, "INFO", f"Understood “{event.niche}” as {_in_words(event.reading)}.")
    for caution in event.cautions:
        # A log line has the number of its event, so that the cautions follow in the same line.
        line = rows.job_logs.get((event.originator_id, event.originator_version))
        if line is None:
            _write(rows, event, "WARNING", caution)
        else:
            line.message, line.level = f"{line.message} {caution}", "WARNING"


def _in_words(reading: NicheReading) -> str:
    """Return a reading in words: ``cat toy, cat wand and puzzle feeder, for senior cat``."""
    parts = [_listed(reading.things[:3])]
    parts += [f"for {_listed(reading.audience[:2])}"] if reading.audience else []
    parts += [f"setting: {_listed(reading.setting[:2])}"] if reading.setting else []
    parts += [f"style: {_listed(reading.style[:3])}"] if reading.style else []
    return ", ".join(parts)


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


@FOLDS.on(NicheChosen, generations="originator_id")
def niche_chosen(rows: JobsRows, event: NicheChosen, _: UUID) -> None:
    generation = rows.generations[event.originator_id]
    generation.niche, generation.status = event.niche, JobStatus.PROCESSING
    generation.error = generation.attention = generation.completed_at = None
    generation.updated_at = event.occurred_at
    _write(rows, event, "INFO", f"You chose another niche: “{event.niche}”.")


@FOLDS.on(StepStarted, generations="originator_id", jobs=lambda event, _: _jobs_of(event.originator_id))
def step_started(rows: JobsRows, event: StepStarted, _: UUID) -> None:
    generation, job, at = rows.generations[event.originator_id], rows.jobs[_step_job(event)], event.occurred_at
    if generation.status == JobStatus.CANCELLED:
        _reopen(rows, event)
    generation.status, generation.error, generation.completed_at = JobStatus.PROCESSING, None, None
    generation.attention, generation.updated_at = None, at
    job.status, job.attempt, job.deadline = JobStatus.PROCESSING, event.attempt, event.deadline
    job.output = job.summary = job.error = job.message = job.completed_at = job.attention = None
    job.done = job.total = 0
    job.started_at = job.updated_at = at
    again = "" if event.attempt == 1 else f" again (attempt {event.attempt})"
    _write(rows, event, "INFO", f"{TITLES[event.step]} started{again}.", event.step)


def _reopen(rows: JobsRows, event: GenerationStarted | StepStarted) -> None:
    """Set the steps of a cancelled generation that never started back to pending."""
    for id in _jobs_of(event.originator_id):
        job = rows.jobs[id]
        if job.attempt == 0:
            job.status, job.completed_at, job.updated_at = JobStatus.PENDING, None, event.occurred_at


@FOLDS.on(StepProgressed, jobs=lambda event, _: _step_job(event))
def step_progressed(rows: JobsRows, event: StepProgressed, _: UUID) -> None:
    job = rows.jobs[_step_job(event)]
    job.done, job.total, job.message, job.updated_at = event.done, event.total, event.message, event.occurred_at
    _write(rows, event, "INFO", event.message, event.step)


@FOLDS.on(StepSucceeded, jobs=lambda event, _: _step_job(event))
def step_succeeded(rows: JobsRows, event: StepSucceeded, _: UUID) -> None:
    job, at = rows.jobs[_step_job(event)], event.occurred_at
    job.status, job.summary, job.message = JobStatus.COMPLETED, event.summary, event.summary
    job.attention = None
    job.completed_at = job.updated_at = at
    _write(rows, event, "INFO", f"{TITLES[event.step]} done: {event.summary}", event.step)


@FOLDS.on(StepFailed, jobs=lambda event, _: _step_job(event))
def step_failed(rows: JobsRows, event: StepFailed, _: UUID) -> None:
    job, at = rows.jobs[_step_job(event)], event.occurred_at
    job.status, job.error = JobStatus.FAILED, event.reason
    job.completed_at = job.updated_at = at
    _write(rows, event, "ERROR", f"{TITLES[event.step]} failed: {event.reason}", event.step)


@FOLDS.on(StepNeedsAttention, jobs=lambda event, _: _step_job(event))
def step_needs_attention(rows: JobsRows, event: StepNeedsAttention, _: UUID) -> None:
    job, at = rows.jobs[_step_job(event)], event.occurred_at
    job.status, job.attention, job.message = (
        JobStatus.NEEDS_ATTENTION,
        as_json(event.attention),
        event.attention.message,
    )
    job.completed_at = job.updated_at = at
    _write(rows, event, "WARNING", f"{TITLES[event.step]} needs your attention: {event.attention.message}", event.step)


_End = GenerationCompleted | GenerationFailed | GenerationNeedsAttention


def _end(rows: JobsRows, event: _End, status: JobStatus) -> GenerationRow:
    generation = rows.generations[event.originator_id]
    generation.status, generation.attention = status, None
    generation.completed_at = generation.updated_at = event.occurred_at
    return generation


@FOLDS.on(GenerationCompleted, generations="originator_id")
def generation_completed(rows: JobsRows, event: GenerationCompleted, _: UUID) -> None:
    _end(rows, event, JobStatus.COMPLETED)
    _write(rows, event, "INFO", "The store is complete and ready for review.")


@FOLDS.on(GenerationFailed, generations="originator_id")
def generation_failed(rows: JobsRows, event: GenerationFailed, _: UUID) -> None:
    _end(rows, event, JobStatus.FAILED).error = event.reason
    _write(rows, event, "ERROR", f"Stopped, because this failed: {TITLES[event.step]}. What was made is kept.")


@FOLDS.on(GenerationNeedsAttention, generations="originator_id")
def generation_needs_attention(rows: JobsRows, event: GenerationNeedsAttention, _: UUID) -> None:
    _end(rows, event, JobStatus.NEEDS_ATTENTION).attention = as_json(event.attention)
    message = event.attention.message if event.step is None else "Waiting for your decision. What was made is kept."
    _write(rows, event, "WARNING", message)


def _stop(rows: JobsRows, generation: GenerationRow, at: datetime) -> None:
    generation.status, generation.attention = JobStatus.CANCELLED, None
    generation.completed_at = generation.updated_at = at
    for id in _jobs_of(generation.id):
        job = rows.jobs[id]
        if job.status != JobStatus.COMPLETED:
            job.status, job.attention = JobStatus.CANCELLED, None
            job.completed_at = job.updated_at = at


@FOLDS.on(GenerationCancelled, generations="originator_id", jobs=lambda event, _: _jobs_of(event.originator_id))
def generation_cancelled(rows: JobsRows, event: GenerationCancelled, _: UUID) -> None:
    _stop(rows, rows.generations[event.originator_id], event.occurred_at)
    _write(rows, event, "WARNING", "Cancelled. What was made is kept.")


@FOLDS.on(BrandGenerated, jobs=lambda event, _: job_of(event.generation_id, Step.BRAND))
def brand_generated(rows: JobsRows, event: BrandGenerated, _: UUID) -> None:
    job = rows.jobs.get(job_of(event.generation_id, Step.BRAND))
    if job is not None and job.attempt == event.attempt:
        job.output = as_json(
            {
                "name": event.brand.name,
                "slug": event.slug,
                "tagline": event.brand.voice.tagline,
                "reason": event.reason,
                "options": event.options,
                "writtenBy": event.written_by,
            }
        )


@FOLDS.on(ProductsScouted, jobs=lambda event, _: job_of(event.generation_id, Step.SCOUT))
def products_scouted(rows: JobsRows, event: ProductsScouted, _: UUID) -> None:
    job = rows.jobs.get(job_of(event.generation_id, Step.SCOUT))
    if job is not None and job.attempt == event.attempt:
        job.output = as_json(
            {
                "keywords": event.keywords,
                "suppliers": event.suppliers,
                "candidates": event.candidates,
                "duplicates": event.duplicates,
                "fitting": event.fitting,
                "rejected": event.rejected,
                "productIds": event.product_ids,
            }
        )


def _month(event: OutsideCallRecorded, tenant: UUID) -> tuple[UUID, date]:
    return tenant, first_of_month(event.occurred_at)


@FOLDS.on(OutsideCallRecorded, usage_months=_month)
def outside_call_recorded(rows: JobsRows, event: OutsideCallRecorded, tenant: UUID) -> None:
    use = event.use
    _count_use(rows, event, tenant)
    rows.calls[event.originator_id] = CallRow(
        id=event.originator_id,
        generation_id=event.generation_id,
        store_id=event.store_id,
        merchant_id=event.merchant_id,
        step=event.step,
        attempt=event.attempt,
        part=event.part,
        provider=use.provider,
        model=use.model,
        prompt=use.prompt,
        prompt_sha256=use.prompt_sha256,
        answer_id=event.answer_id,
        answer_sha256=event.answer_sha256,
        requests=use.requests,
        prompt_tokens=use.prompt_tokens,
        completion_tokens=use.completion_tokens,
        cost=use.cost_microdollars,
        fallbacks=as_json(use.fallbacks),
        seconds=use.seconds,
        at=event.occurred_at,
    )


def _count_use(rows: JobsRows, event: OutsideCallRecorded, tenant: UUID) -> None:
    key, use = _month(event, tenant), event.use
    month = rows.usage_months.get(key)
    if month is None:
        month = rows.usage_months[key] = UsageMonthRow(
            *key,
            merchant_id=event.merchant_id,
            model_requests=0,
            supplier_requests=0,
            prompt_tokens=0,
            completion_tokens=0,
            cost=0,
            calls_without_price=0,
        )
    if use.prompt is None:
        month.supplier_requests += use.requests
    else:
        month.model_requests += use.requests
    month.prompt_tokens += use.prompt_tokens
    month.completion_tokens += use.completion_tokens
    month.cost += use.cost_microdollars or 0
    month.calls_without_price += use.cost_microdollars is None
