"""``/stores``."""

from fastapi import APIRouter
from pydantic import AliasChoices, Field
from starlette.responses import JSONResponse

from commands.store import RequestStore
from gateway.api.validation import as_id, contact_email, found, preferences
from gateway.rest.dependencies import Body, Merchant, accepted
from gateway.rest.schemas import StoreBody
from projections.catalog import queries as catalog_queries

router = APIRouter(tags=["stores"])


class PreferencesBody(Body):
    """What is wanted beyond the niche."""

    name: str | None = None
    tone: str | None = None
    colors: list[str] = Field(default_factory=list, validation_alias=AliasChoices("colors", "colours"))
    audience: str | None = None


class StoreRequestBody(Body):
    """Asks for a store."""

    niche: str
    preferences: PreferencesBody = PreferencesBody()
    contact_email: str | None = None


@router.post("/stores", status_code=202, summary="Ask for a store; its agents begin at once")
async def create_store(body: StoreRequestBody, asked: Merchant) -> JSONResponse:
    """Answer with the store's id and the id of the job that makes it."""
    request = asked.change()
    command = RequestStore(
        store_id=request.new_id("store"),
        merchant_id=asked.merchant_id,
        niche=body.niche,
        preferences=preferences(**body.preferences.model_dump()),
        contact_email=contact_email(body.contact_email),
    )
    receipt = await request.send(command)
    ids = {"storeId": receipt.result["store_id"], "jobId": receipt.result["generation_id"]}
    return accepted(receipt, ids, location=f"/api/v1/stores/{ids['storeId']}")


@router.get("/stores/{id}", summary="A store")
async def get_store(id: str, asked: Merchant) -> StoreBody:
    """Return one of the merchant's own stores."""
    store_id = as_id("store", id)
    view = await catalog_queries.store_by_id(asked.db, store_id, scope=asked.scope)
    return StoreBody.of(found(view, "store", store_id), asked.deps)
