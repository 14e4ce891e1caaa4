"""Queries of the jobs read model. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from domain.generation.events import Attention, JobStatus, JobType, Step
from domain.generation.steps import WEIGHTS
from domain.store.niche import NicheReading
from projections.jobs.views import GenerationSort, GenerationView, JobLogView, JobView, OverdueJob
from projections.reading.columns import Attribute, Only, Selection, ViewColumns, column, constant, grouped, with_parts
from projections.reading.conditions import Conditions
from projections.reading.cursors import Order
from projections.reading.paging import Edge, Reader, Slice, Window, paginate
from projections.reading.scope import Scope, owned, restrict

_texts = msgspec.json.Decoder(list[str]).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode


def _progress(record: Any) -> int:
    if record["status"] == JobStatus.COMPLETED:
        return 100
    part: int = 100 * record["done"] // record["total"] if record["total"] else 0
    return min(99, part)


JOBS: ViewColumns[JobView] = ViewColumns(
    JobView,
    {name: f"j.{name}" for name in (*JobView.__dataclass_fields__, "message")},
    {
        "step": column("step", Step),
        "type": column("type", JobType),
        "status": column("status", JobStatus),
        "priority": constant(0),
        "input": column("input", _object),
        "output": column("output", _object),
        "attention": column("attention", Attention.model_validate_json),
        "progress": Attribute(("status", "done", "total"), _progress),
        "current_step": column("message"),
        # A completed step is done, even if its agent did not report the last item.
        "done": Attribute(
            ("status", "done", "total"),
            lambda record: record["total"] if record["status"] == JobStatus.COMPLETED else record["done"],
        ),
    },
    always=frozenset({"id", "generation_id", "step"}),
)
"""The columns of a job ``j``."""

_PROGRESS = frozenset({"step", "status", "progress", "updated_at"})
"""The attributes of jobs that attributes of their generation are computed from."""


def _weighted(record: Any) -> int:
    if record["status"] == JobStatus.COMPLETED:
        return 100
    return int(min(99, sum(WEIGHTS[job.step] * job.progress for job in record["jobs"]) // 100))


GENERATIONS: ViewColumns[GenerationView] = ViewColumns(
    GenerationView,
    {name: f"g.{name}" for name in GenerationView.__dataclass_fields__},
    {
        "status": column("status", JobStatus),
        "progress": Attribute(("status", "jobs"), _weighted),
        "current_step": Attribute(
            ("jobs",),
            lambda record: next((job.step for job in record["jobs"] if job.status is JobStatus.PROCESSING), None),
        ),
        "reading": column("reading", NicheReading.model_validate_json),
        "cautions": column("cautions", lambda cautions: tuple(_texts(cautions))),
        "attention": column("attention", Attention.model_validate_json),
        "updated_at": Attribute(
            ("updated_at", "jobs"),
            lambda record: max([record["updated_at"], *(job.updated_at for job in record["jobs"])]),
        ),
    },
    always=frozenset({"id", "store_id"}),
    parts=frozenset({"jobs"}),
)
"""The columns of a generation ``g``."""

NEWEST = Order(name="created", key="g.created_at", type="timestamptz", descending=True)
GENERATION_ORDERS = {GenerationSort.NEWEST: NEWEST, GenerationSort.OLDEST: NEWEST.reverse("created-oldest")}
_ORDER = {step: n for n, step in enumerate(Step)}


async def generation_by_id(
    db: Reader, id: UUID, *, scope: Scope, only: Only = None, of_jobs: Only = None
) -> GenerationView | None:
    """Return a generation.

    Args:
        db: the database.
        id: the generation.
        scope: whose rows may be returned.
        only: the attributes that the caller reads; see :mod:`projections.reading.columns`.
        of_jobs: the attributes of its jobs that the caller reads.
    """
    where = _within(scope, Conditions().add("g.id = {}", id), "g")
    generations = await _generations(db, where, only, of_jobs)
    return generations[0] if generations else None


async def generations_of_merchant(  # noqa: PLR0913 - the arguments of the public field
    db: Reader,
    merchant_id: UUID,
    window: Window,
    *,
    scope: Scope,
    statuses: Collection[JobStatus] = (),
    store_id: UUID | None = None,
    sort: GenerationSort = GenerationSort.NEWEST,
    only: Only = None,
    of_jobs: Only = None,
) -> Slice[GenerationView]:
    """Return a merchant's generations. See :func:`generation_by_id` for ``only`` and ``of_jobs``.

    Args:
        db: the database.
        merchant_id: the merchant.
        window: the page.
        scope: whose rows may be returned.
        statuses: only generations in one of these; empty means any.
        store_id: only generations of this store; None means any.
        sort: the order of the list.
        only: the attributes that the caller reads.
        of_jobs: the attributes of their jobs that the caller reads.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    where = _within(scope, Conditions().add("g.merchant_id = {}", merchant_id), "g")
    if statuses:
        where = where.add("g.status = any({})", sorted(statuses))
    if store_id is not None:
        where = where.add("g.store_id = {}", store_id)
    selection = GENERATIONS.selection(only)
    page = await paginate(
        db,
        selection=selection,
        table="generations g",
        where=where,
        order=GENERATION_ORDERS[sort],
        window=window,
        id="g.id",
    )
    views = await _with_jobs(db, page.rows or [], selection, only, of_jobs)
    return Slice(
        edges=tuple(Edge(edge.make_cursor, view) for edge, view in zip(page.edges, views, strict=True)),
        has_next=page.has_next,
        has_previous=page.has_previous,
    )


async def generations_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope, only: Only = None, of_jobs: Only = None
) -> dict[UUID, tuple[GenerationView, ...]]:
    """Return each store's generations, the newest first; each id of ``store_ids`` is a key.

    See :func:`generation_by_id` for ``only`` and ``of_jobs``.
    """
    where = _within(scope, Conditions().add("g.store_id = any({})", list(store_ids)), "g")
    return grouped(await _generations(db, where, only, of_jobs), store_ids, by=attrgetter("store_id"))


async def jobs_by_stores(
    db: Reader, store_ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, tuple[JobView, ...]]:
    """Return the jobs of each store's generations, those of the newest first, in step order.

    Each id of ``store_ids`` is a key.
    """
    where = _within(scope, Conditions().add("g.store_id = any({})", list(store_ids)), "g")
    selection = JOBS.selection(None if only is None else only | {"store_id"})
    records = await db.fetch(
        f"select {selection.sql} from jobs j join generations g on g.id = j.generation_id where {where.sql} "
        "order by g.created_at desc, g.id desc",
        *where.arguments,
    )
    found = grouped(map(selection.read, records), store_ids, by=attrgetter("store_id"))
    return {id: tuple(chain.from_iterable(_by_generation(jobs).values())) for id, jobs in found.items()}


async def job_by_id(db: Reader, id: UUID, *, scope: Scope, only: Only = None) -> JobView | None:
    """Return a step's job, or a generation as one job."""
    selection = JOBS.selection(only)
    where = _within(scope, Conditions().add("j.id = {}", id), "j")
    record = await db.fetchrow(f"select {selection.sql} from jobs j where {where.sql}", *where.arguments)
    if record is not None:
        return selection.read(record)
    generation = await generation_by_id(db, id, scope=scope)
    return None if generation is None else _as_job(generation)


async def jobs_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None) -> dict[UUID, JobView]:
    """Return the jobs of steps with these ids; unknown ids are left out."""
    selection = JOBS.selection(only)
    where = _within(scope, Conditions().add("j.id = any({})", list(ids)), "j")
    records = await db.fetch(f"select {selection.sql} from jobs j where {where.sql}", *where.arguments)
    return {job.id: job for job in map(selection.read, records)}


async def generations_by_ids(
    db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None, of_jobs: Only = None
) -> dict[UUID, GenerationView]:
    """Return the generations with these ids; unknown ids are left out."""
    where = _within(scope, Conditions().add("g.id = any({})", list(ids)), "g")
    return {one.id: one for one in await _generations(db, where, only, of_jobs)}


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
        team="(select g.store_id from generations g where g.id = l.generation_id)",
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
    return restrict(where, scope, merchant=f"{table}.merchant_id = {{}}", store=None, team=f"{table}.store_id")


async def _generations(db: Reader, where: Conditions, only: Only, of_jobs: Only) -> list[GenerationView]:
    selection = GENERATIONS.selection(only)
    records = await db.fetch(
        f"select {selection.sql} from generations g where {where.sql} order by g.created_at desc, g.id desc",
        *where.arguments,
    )
    return await _with_jobs(db, records, selection, only, of_jobs)


async def _with_jobs(
    db: Reader, records: list[Any], selection: Selection[GenerationView], only: Only, of_jobs: Only
) -> list[GenerationView]:
    """Return generations of rows, with their jobs if the selection has them."""
    if "jobs" not in selection.columns:
        return list(map(selection.read, records))
    if only is None:
        of_jobs = None
    elif "jobs" not in only:
        of_jobs = frozenset()
    jobs = JOBS.selection(None if of_jobs is None else of_jobs | _PROGRESS)
    found = await db.fetch(
        f"select {jobs.sql} from jobs j where j.generation_id = any($1)", [record["id"] for record in records]
    )
    by_generation = _by_generation(map(jobs.read, found))
    return [selection.read(with_parts(record, jobs=tuple(by_generation.get(record["id"], ())))) for record in records]


def _by_generation(jobs: Iterable[JobView]) -> Mapping[UUID, Sequence[JobView]]:
    """Return jobs by generation, in the order in which the generations come, and each generation's in step order."""
    found: dict[UUID, list[JobView]] = {}
    for job in jobs:
        found.setdefault(job.generation_id, []).append(job)
    for each in found.values():
        each.sort(key=lambda job: -1 if job.step is None else _ORDER[job.step])
    return found


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
