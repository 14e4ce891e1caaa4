"""``/agents``: have an agent do its step of a store again."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from commands.generation import RunStepAgain
from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import Step
from domain.kernel import NotFound
from gateway.api.validation import as_id
from gateway.rest.dependencies import Body, Merchant, MerchantContext, accepted

router = APIRouter(tags=["agents"], prefix="/agents")


class AgentBody(Body):
    """Which store the agent is to work for."""

    store_id: str


@router.post("/brand/generate", status_code=202, summary="Invent the brand anew")
async def generate_brand(body: AgentBody, asked: Merchant) -> JSONResponse:
    """Answer with the job."""
    return await _again(asked, body.store_id, Step.BRAND)


@router.post("/scout/search", status_code=202, summary="Scout products anew")
async def search_products(body: AgentBody, asked: Merchant) -> JSONResponse:
    """Answer with the job."""
    return await _again(asked, body.store_id, Step.SCOUT)


@router.post("/copywriter/generate", status_code=202, summary="Write the products up anew")
async def generate_copy(body: AgentBody, asked: Merchant) -> JSONResponse:
    """Answer with the job."""
    return await _again(asked, body.store_id, Step.COPY)


async def _again(asked: MerchantContext, store: str, step: Step) -> JSONResponse:
    store_id = as_id("store", store)
    generation_id = generation_of(store_id)
    command = RunStepAgain(generation_id=generation_id, merchant_id=asked.merchant_id, step=step)
    try:
        receipt = await asked.change().send(command)
    except NotFound as error:
        # The client named the store; the generation's id would mean nothing to them.
        raise NotFound("store", store_id) from error
    job_id = str(job_of(generation_id, step))
    ids = {"jobId": job_id, "generationId": str(generation_id), "attempt": receipt.result["attempt"]}
    return accepted(receipt, ids, location=f"/api/v1/jobs/{job_id}")
