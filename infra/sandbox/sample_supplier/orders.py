"""The sample supplier's orders, and the calls that tell it to change."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from infra.sandbox.sample_supplier.catalog import offer_by_id
from infra.sandbox.sample_supplier.shop import Change, NotTaken, Purchase, Shop, as_json

KEY_MAX = 200


class Outage(BaseModel):
    """Whether the supplier answers no call."""

    down: bool


def add_orders(app: FastAPI, key: str, shop: Shop, admitted: Any) -> None:
    """Add ``/v1/orders``, ``/v1/changes`` and ``/v1/outage`` to the server.

    Args:
        app: the server.
        key: the API key.
        shop: what the supplier remembers.
        admitted: the check of every call that a shop makes.
    """

    async def told(x_api_key: Annotated[str | None, Header()] = None) -> None:
        if x_api_key != key:
            raise HTTPException(401, "Send your key in the X-Api-Key header.")

    operator = Depends(told)

    @app.post("/v1/orders", dependencies=[admitted], response_model=None)
    async def place(purchase: Purchase, idempotency_key: Annotated[str, Header(max_length=KEY_MAX)]) -> JSONResponse:
        try:
            taken = shop.order(idempotency_key, purchase)
        except NotTaken as error:
            raise HTTPException(409, str(error)) from error
        return JSONResponse(as_json(taken), status_code=201)

    @app.get("/v1/orders", dependencies=[operator], response_model=None)
    async def orders() -> JSONResponse:
        return JSONResponse({"items": [as_json(order) for order in shop.orders]})

    @app.put("/v1/changes/{product_id}", dependencies=[operator], response_model=None)
    async def change(product_id: str, change: Change) -> JSONResponse:
        if offer_by_id(product_id) is None:
            raise HTTPException(404, f"There is no product {product_id}.")
        shop.change(product_id, change)
        return JSONResponse(change.model_dump(mode="json"))

    @app.delete("/v1/changes", dependencies=[operator], status_code=204, response_model=None)
    async def reset() -> None:
        shop.reset()

    @app.put("/v1/outage", dependencies=[operator], response_model=None)
    async def outage(outage: Outage) -> JSONResponse:
        shop.be_down(is_down=outage.down)
        return JSONResponse({"down": outage.down})
