"""``/jobs``: agents' jobs and their logs."""

from fastapi import APIRouter

from gateway.api.validation import as_id, log_line, require
from gateway.rest.dependencies import CurrentMerchant, Page
from gateway.rest.schemas.jobs import JobBody, JobLogBody
from gateway.rest.schemas.paging import PageOf
from projections.jobs import queries as jobs_queries

router = APIRouter(tags=["jobs"])


@router.get("/jobs/{id}", summary="Get an agent's job or a whole generation")
async def get_job(id: str, context: CurrentMerchant) -> JobBody:
    """Return one of the merchant's jobs."""
    job_id = as_id("job", id)
    view = await jobs_queries.job_by_id(context.db, job_id, scope=context.scope)
    return JobBody.of(require(view, "job", job_id))


@router.get("/jobs/{id}/logs", summary="Get a job's log, the oldest line first")
async def get_logs(id: str, context: CurrentMerchant, page: Page) -> PageOf[JobLogBody]:
    """Return a page of a job's log. A line's number is its cursor."""
    job_id = as_id("job", id)
    page.check()
    after = log_line(page.after)
    view = await jobs_queries.job_by_id(context.db, job_id, scope=context.scope)
    require(view, "job", job_id)
    lines = await jobs_queries.job_logs(context.db, job_id, after=after, limit=page.size + 1, scope=context.scope)
    items = lines[: page.size]
    return PageOf(
        items=[JobLogBody.of(line) for line in items],
        has_next_page=len(lines) > page.size,
        end_cursor=str(items[-1].number) if items else None,
    )
