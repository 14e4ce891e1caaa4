"""The sample supplier's server: a small API as suppliers have, with a key, pagination and a rate limit.

``GET /v1/products?keyword=&page=&size=``, ``GET /v1/products/{id}``, ``POST /v1/orders`` and ``GET /images/{file}``. People
open ``GET /listings/{id}``, one page per listing. Addresses in answers are absolute, on the host of the request.

``PUT /v1/changes/{id}``, ``PUT /v1/outage`` and ``DELETE /v1/changes`` tell it to change price, freight and stock, or to be away.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from infra.sandbox.sample_supplier.catalog import Offer, offers
from infra.sandbox.sample_supplier.listing import add_listing_pages, listing_address
from infra.sandbox.sample_supplier.orders import add_orders
from infra.sandbox.sample_supplier.pictures import Shot, render
from infra.sandbox.sample_supplier.search import search
from infra.sandbox.sample_supplier.shop import Shop

SANDBOX_KEY = "sample-supplier-sandbox"
"""The public key: the catalog is not a secret."""
LARGEST_PAGE = 50

Fault = Callable[[Request], Awaitable[Response | None]]
"""Faults for tests: returns another answer, or None to let the request through."""


class RateLimit:
    """A token bucket: ``burst`` requests at once, ``per_second`` on average."""

    def __init__(self, *, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._now = per_second, burst, now
        self._left, self._at = float(burst), now()

    def wait(self) -> float:
        """Take a token and return 0, or return the seconds until there is one."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self._per_second
        self._left -= 1
        return 0.0


def sample_supplier_app(
    *,
    key: str = SANDBOX_KEY,
    limit: RateLimit | None = None,
    fault: Fault | None = None,
    shop: Shop | None = None,
) -> FastAPI:
    """Return the server.

    Args:
        key: the ``X-Api-Key`` that callers must send. Pictures need none, since shoppers' browsers have none.
        limit: of API calls; by default 40 a second and 80 at once.
        fault: for tests alone.
        shop: what it remembers; by default nothing beyond its process.
    """
    app = FastAPI(
        title="Sample supplier (sandbox)", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    memory = shop or Shop()
    admitted = Depends(_gate(key, limit or RateLimit(per_second=40, burst=80), memory))
    # Two threads, because each keeps the memory that it needed for drawing.
    drawing = ThreadPoolExecutor(2, thread_name_prefix="drawing")
    # The first search of a store must not wait for the catalog.
    drawing.submit(search, "")

    @app.get("/v1/products", dependencies=[admitted], response_model=None)
    async def products(
        request: Request,
        keyword: Annotated[str, Query(max_length=200)] = "",
        page: Annotated[int, Query(ge=1, le=1000)] = 1,
        size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 20,
    ) -> Response:
        changed = None if fault is None else await fault(request)
        if changed is not None:
            return changed
        found = [offer for each in await asyncio.to_thread(search, keyword) if (offer := memory.changed(each))]
        shown = found[(page - 1) * size : page * size]
        return JSONResponse(
            {
                "total": len(found),
                "page": page,
                "pages": math.ceil(len(found) / size),
                "items": [_as_json(offer, _root(request)) for offer in shown],
            }
        )

    @app.get("/v1/products/{product_id}", dependencies=[admitted], response_model=None)
    async def product(request: Request, product_id: str) -> Response:
        changed = None if fault is None else await fault(request)
        if changed is not None:
            return changed
        offer = memory.offer(product_id)
        if offer is None:
            raise HTTPException(404, f"There is no product {product_id}.")
        return JSONResponse(_as_json(offer, _root(request)))

    add_orders(app, key, memory, admitted)

    @app.get("/images/{file}", response_model=None)
    async def image(file: str) -> Response:
        shot = _shots().get(file)
        if shot is None:
            raise HTTPException(404, f"There is no image {file}.")
        body = await asyncio.get_running_loop().run_in_executor(drawing, render, shot)
        return Response(body, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=86400"})

    add_listing_pages(app)
    _shots()  # made before the first store's scout asks
    return app


def _gate(key: str, bucket: RateLimit, shop: Shop) -> Callable[..., Awaitable[None]]:
    """Return the check of every API call: first the key, so that calls without one use up no limit."""

    async def admitted(x_api_key: Annotated[str | None, Header()] = None) -> None:
        if x_api_key != key:
            raise HTTPException(401, "Send your key in the X-Api-Key header.")
        if shop.is_down:
            raise HTTPException(503, "The supplier is away: zyenta supplier away.")
        wait = bucket.wait()
        if wait > 0:
            seconds = str(math.ceil(wait))
            raise HTTPException(429, f"Too many requests. Ask again in {seconds} s.", {"Retry-After": seconds})

    return admitted


def _root(request: Request) -> str:
    """Return the address of this server, including a mount prefix."""
    return str(request.url).partition("/v1/")[0]


@cache
def _shots() -> dict[str, Shot]:
    return {offer.image_file(n): shot for offer in offers() for n, shot in enumerate(offer.shots)}


def _as_json(offer: Offer, root: str) -> dict[str, Any]:
    return {
        "id": offer.id,
        "name": offer.title,
        "description": offer.description,
        "category": offer.goods.category,
        "keywords": list(offer.tags),
        "attributes": offer.goods.attributes,
        "link": listing_address(root, offer.id),
        "price": _usd(offer.cents),
        "suggestedRetailPrice": None if offer.retail_cents is None else _usd(offer.retail_cents),
        "rating": None if offer.rating is None else {"average": offer.rating, "count": offer.reviews},
        "sold": offer.sold,
        "shipping": {"fee": _usd(offer.fee_cents), "minDays": offer.days[0], "maxDays": offer.days[1]},
        "images": [
            {
                "url": f"{root}/images/{offer.image_file(n)}",
                "width": shot.size[0],
                "height": shot.size[1],
                "kind": "sample render" if shot.is_sample_render else "photo",
            }
            for n, shot in enumerate(offer.shots)
        ],
        "skus": [
            {
                "sku": sku.sku,
                "name": sku.name,
                "attributes": sku.attributes,
                "price": _usd(sku.cents),
                "available": sku.available,
            }
            for sku in offer.skus
        ],
    }


def _usd(cents: int) -> dict[str, str]:
    return {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": "USD"}
