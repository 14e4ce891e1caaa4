"""``/statements``: the ledger of a month as CSV."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.api.validation import as_id, require
from gateway.rest.dependencies import CurrentMerchant
from projections.catalog import queries as catalog_queries
from projections.sales.ledger_queries import as_csv, month_of, statement

router = APIRouter(tags=["statements"])
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "One row for each entry, and a total for each currency."}
}


@router.get("/statements/{month}", summary="Get a month of all stores as CSV", responses=CSV, response_class=Response)
async def get_statement(month: str, context: CurrentMerchant) -> Response:
    """Return the entries of all of the merchant's stores and payouts in a month such as ``2026-11``, in UTC."""
    lines = await statement(context.db, *month_of(month), scope=context.scope)
    return _csv(as_csv(lines), f"statement-{month}.csv")


@router.get(
    "/stores/{id}/statements/{month}", summary="Get a store's month as CSV", responses=CSV, response_class=Response
)
async def get_store_statement(id: str, month: str, context: CurrentMerchant) -> Response:
    """Return a store's entries in a month such as ``2026-11``, in the store's time zone."""
    store_id = as_id("store", id)
    store = require(await catalog_queries.store_by_id(context.db, store_id, scope=context.scope), "store", store_id)
    lines = await statement(context.db, *month_of(month, store.time_zone), scope=context.scope, store_id=store_id)
    return _csv(as_csv(lines, store.time_zone), f"{store.slug}-{month}.csv")


def _csv(text: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
