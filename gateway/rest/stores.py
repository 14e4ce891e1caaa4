"""``/stores``: request a store, and read it."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from gateway.api.commands import request_store
from gateway.api.validation import as_id, preferences, require
from gateway.rest.dependencies import CurrentMerchant, changed
from gateway.rest.schemas.inputs import StoreRequestInput
from gateway.rest.schemas.stores import StoreBody
from projections.catalog import queries as catalog_queries

router = APIRouter(tags=["stores"])


@router.post("/stores", status_code=202, summary="Request a store; the agents start at once")
async def create_store(body: StoreRequestInput, context: CurrentMerchant) -> JSONResponse:
    """Return the ids of the store and of the job that makes it."""
    request = context.begin()
    receipt = await request.send(request_store(request, body, preferences(**body.preferences.model_dump())))
    ids = {"storeId": receipt.result["store_id"], "jobId": receipt.result["generation_id"]}
    return changed(receipt, ids, location=f"/api/v1/stores/{ids['storeId']}")


@router.get("/stores/{id}", summary="Get a store")
async def get_store(id: str, context: CurrentMerchant) -> StoreBody:
    """Return one of the merchant's stores."""
    store_id = as_id("store", id)
    view = await catalog_queries.store_by_id(context.db, store_id, scope=context.scope)
    return StoreBody.of(require(view, "store", store_id), context.deps)
