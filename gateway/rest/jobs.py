"""``/jobs``."""

from fastapi import APIRouter

from gateway.api.validation import as_id, found, log_line
from gateway.rest.dependencies import Merchant, Page, PageOf
from gateway.rest.schemas import JobBody, JobLogBody
from projections.jobs import queries as jobs_queries

router = APIRouter(tags=["jobs"])


@router.get("/jobs/{id}", summary="A job: one agent's, or a whole generation")
async def get_job(id: str, asked: Merchant) -> JobBody:
    """Return one of the merchant's own jobs."""
    job_id = as_id("job", id)
    view = await jobs_queries.job_by_id(asked.db, job_id, scope=asked.scope)
    return JobBody.of(found(view, "job", job_id))


@router.get("/jobs/{id}/logs", summary="A job's log, the oldest line first")
async def get_logs(id: str, asked: Merchant, page: Page) -> PageOf[JobLogBody]:
    """Return a page of a job's log; a line's number is its cursor."""
    job_id = as_id("job", id)
    page.check()
    after = log_line(page.after)
    view = await jobs_queries.job_by_id(asked.db, job_id, scope=asked.scope)
    found(view, "job", job_id)
    lines = await jobs_queries.job_logs(asked.db, job_id, after=after, limit=page.size + 1, scope=asked.scope)
    shown = lines[: page.size]
    return PageOf(
        items=[JobLogBody.of(line) for line in shown],
        has_next_page=len(lines) > page.size,
        end_cursor=str(shown[-1].number) if shown else None,
    )
