"""Queries of the jobs read model. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.generation.events import Attention, JobStatus, JobType, Step
from domain.generation.steps import WEIGHTS
from domain.store.niche import NicheReading
from projections.jobs.views import GenerationView, JobLogView, JobView, OverdueJob
from projections.reading.paging import Conditions, Reader
from projections.reading.scope import Scope, owned, restrict

_GENERATIONS = (
    "select g.id, g.store_id, g.merchant_id, g.niche, g.status, g.error, g.reading, g.cautions, g.attention, g.created_at, g.updated_at, g.completed_at "
    "from generations g"
)

_JOBS = (
    "select j.id, j.generation_id, j.store_id, j.merchant_id, j.step, j.type, j.status, j.attempt, j.input, j.output, "
    "j.summary, j.error, j.attention, j.done, j.total, j.message, j.deadline, j.created_at, j.updated_at, j.started_at, "
    "j.completed_at from jobs j"
)

_ORDER = {step: n for n, step in enumerate(Step)}


async def generation_by_id(db: Reader, id: UUID, *, scope: Scope) -> GenerationView | None:
    """Return a generation."""
    generations = await _generations(db, _within(scope, Conditions().add("g.id = {}", id), "g"))
    return generations[0] if generations else None


async def generations_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[GenerationView, ...]]:
    """Return each store's generations, the newest first; each id of ``store_ids`` is a key."""
    where = _within(scope, Conditions().add("g.store_id = any({})", list(store_ids)), "g")
    generations = await _generations(db, where)
    return {id: tuple(each for each in generations if each.store_id == id) for id in store_ids}


async def job_by_id(db: Reader, id: UUID, *, scope: Scope) -> JobView | None:
    """Return a step's job, or a generation as one job."""
    where = _within(scope, Conditions().add("j.id = {}", id), "j")
    record = await db.fetchrow(f"{_JOBS} where {where.sql}", *where.arguments)
    if record is not None:
        return _job(record)
    generation = await generation_by_id(db, id, scope=scope)
    return None if generation is None else _as_job(generation)


async def job_logs(db: Reader, id: UUID, *, scope: Scope, after: int = 0, limit: int = 200) -> tuple[JobLogView, ...]:
    """Return the log of a step's job or of a whole generation, the oldest line first.

    Args:
        db: the database.
        id: of the job or the generation; an unknown id has no lines.
        scope: whose rows may be returned.
        after: the number of the last line that the caller has.
        limit: the most lines, 1 to 1000.
    """
    where = Conditions().add("l.number > {}", after).add("(l.job_id = {} or l.generation_id = {})", id, id)
    restrict(
        where,
        scope,
        merchant=owned("l.generation_id", owners="generations", id="id"),
        store=None,
    )
    records = await db.fetch(
        "select l.generation_id, l.number, l.job_id, l.at, l.level, l.message from job_logs l "
        f"where {where.sql} order by l.number limit {max(1, min(1000, limit))}",
        *where.arguments,
    )
    return tuple(JobLogView(**dict(record)) for record in records)


async def jobs_past_deadline(db: Reader, now: datetime, *, scope: Scope, limit: int = 100) -> tuple[OverdueJob, ...]:
    """Return the running steps whose deadline is before ``now``, the longest overdue first."""
    where = _within(scope, Conditions().add("j.status = 'PROCESSING'").add("j.deadline < {}", now), "j")
    records = await db.fetch(
        "select j.generation_id, j.step, j.attempt, j.deadline from jobs j "
        f"where {where.sql} order by j.deadline, j.id limit {int(limit)}",
        *where.arguments,
    )
    return tuple(OverdueJob(**{**record, "step": Step(record["step"])}) for record in records)


def _within(scope: Scope, where: Conditions, table: str) -> Conditions:
    return restrict(where, scope, merchant=f"{table}.merchant_id = {{}}", store=None)


async def _generations(db: Reader, where: Conditions) -> list[GenerationView]:
    records = await db.fetch(
        f"{_GENERATIONS} where {where.sql} order by g.created_at desc, g.id desc", *where.arguments
    )
    jobs: dict[UUID, list[JobView]] = {record["id"]: [] for record in records}
    for record in await db.fetch(f"{_JOBS} where j.generation_id = any($1)", list(jobs)):
        jobs[record["generation_id"]].append(_job(record))
    return [_generation(record, jobs[record["id"]]) for record in records]


def _generation(record: Any, jobs: list[JobView]) -> GenerationView:
    jobs.sort(key=lambda job: -1 if job.step is None else _ORDER[job.step])
    status = JobStatus(record["status"])
    weighted = sum(WEIGHTS[job.step] * job.progress for job in jobs if job.step is not None) // 100
    return GenerationView(
        id=record["id"],
        store_id=record["store_id"],
        merchant_id=record["merchant_id"],
        niche=record["niche"],
        status=status,
        progress=100 if status is JobStatus.COMPLETED else min(99, weighted),
        current_step=next((job.step for job in jobs if job.status is JobStatus.PROCESSING), None),
        error=record["error"],
        reading=None if record["reading"] is None else NicheReading.model_validate_json(record["reading"]),
        cautions=tuple(json.loads(record["cautions"])),
        attention=_attention(record["attention"]),
        jobs=tuple(jobs),
        created_at=record["created_at"],
        updated_at=max([record["updated_at"], *(job.updated_at for job in jobs)]),
        completed_at=record["completed_at"],
    )


def _job(record: Any) -> JobView:
    status, output, total = JobStatus(record["status"]), record["output"], record["total"]
    part = min(99, 100 * record["done"] // total) if total else 0
    return JobView(
        id=record["id"],
        generation_id=record["generation_id"],
        store_id=record["store_id"],
        merchant_id=record["merchant_id"],
        step=Step(record["step"]),
        type=JobType(record["type"]),
        status=status,
        attempt=record["attempt"],
        priority=0,
        input=json.loads(record["input"]),
        output=None if output is None else json.loads(output),
        summary=record["summary"],
        error=record["error"],
        attention=_attention(record["attention"]),
        progress=100 if status is JobStatus.COMPLETED else part,
        current_step=record["message"],
        # A completed step is done, even if its agent did not report the last item.
        done=total if status is JobStatus.COMPLETED else record["done"],
        total=total,
        deadline=record["deadline"],
        started_at=record["started_at"],
        completed_at=record["completed_at"],
        created_at=record["created_at"],
        updated_at=record["updated_at"],
    )


def _attention(body: str | None) -> Attention | None:
    return None if body is None else Attention.model_validate_json(body)


def _as_job(generation: GenerationView) -> JobView:
    return JobView(
        id=generation.id,
        generation_id=generation.id,
        store_id=generation.store_id,
        merchant_id=generation.merchant_id,
        step=None,
        type=None,
        status=generation.status,
        attempt=max(job.attempt for job in generation.jobs),
        priority=0,
        input={"niche": generation.niche},
        output=None,
        summary=None,
        error=generation.error,
        attention=generation.attention,
        progress=generation.progress,
        current_step=generation.current_step,
        done=sum(job.status is JobStatus.COMPLETED for job in generation.jobs),
        total=len(generation.jobs),
        deadline=None,
        started_at=None if generation.status is JobStatus.PENDING else generation.created_at,
        completed_at=generation.completed_at,
        created_at=generation.created_at,
        updated_at=generation.updated_at,
    )
