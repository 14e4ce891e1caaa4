"""``/agents``: run an agent's step of a store again."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from commands.step import RunStepAgain
from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import Step
from domain.kernel import NotFound
from gateway.api.validation import as_id
from gateway.rest.dependencies import CurrentMerchant, MerchantContext, changed
from gateway.rest.schemas.inputs import AgentRunInput

router = APIRouter(tags=["agents"], prefix="/agents")


@router.post("/brand/generate", status_code=202, summary="Generate the brand again")
async def generate_brand(body: AgentRunInput, context: CurrentMerchant) -> JSONResponse:
    """Return the id of the agent's job."""
    return await _run_again(context, body.store_id, Step.BRAND)


@router.post("/scout/search", status_code=202, summary="Search for products again")
async def search_products(body: AgentRunInput, context: CurrentMerchant) -> JSONResponse:
    """Return the id of the agent's job."""
    return await _run_again(context, body.store_id, Step.SCOUT)


@router.post("/copywriter/generate", status_code=202, summary="Write the product copy again")
async def generate_copy(body: AgentRunInput, context: CurrentMerchant) -> JSONResponse:
    """Return the id of the agent's job."""
    return await _run_again(context, body.store_id, Step.COPY)


async def _run_again(context: MerchantContext, store: str, step: Step) -> JSONResponse:
    store_id = as_id("store", store)
    generation_id = generation_of(store_id)
    command = RunStepAgain(generation_id=generation_id, merchant_id=context.merchant_id, step=step)
    try:
        receipt = await context.begin().send(command)
    except NotFound as error:
        # The client sent the store's id and does not know the generation's.
        raise NotFound("store", store_id) from error
    job_id = str(job_of(generation_id, step))
    ids = {"jobId": job_id, "generationId": str(generation_id), "attempt": receipt.result["attempt"]}
    return changed(receipt, ids, location=f"/api/v1/jobs/{job_id}")
