"""The sample supplier with listings as bad as real ones can be: a test-only mode of its server."""

import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from fastapi import FastAPI, Request, Response

from infra.sandbox.sample_supplier.app import sample_supplier_app
from infra.sandbox.sample_supplier.catalog import offers

Item = dict[str, Any]


class Spoiling(StrEnum):
    """What is wrong with every listing."""

    NO_PHOTOS = "no photos"
    ONE_PHOTO_FOR_ALL = "one photo for all"
    PRICES_OF_ZERO = "prices of 0"
    ENDLESS_TITLES = "titles of 10,000 characters"
    HTML = "HTML in every text"


TITLE_CHARACTERS = 10_000
MARKUP = '<script>alert(1)</script><b onclick="x()">Best & "new"</b> '


def bad_supplier_app(spoiling: Spoiling) -> FastAPI:
    """Return the sample supplier's server, whose listings are all spoiled in one way."""
    app = sample_supplier_app()
    spoil = _SPOILERS[spoiling]

    @app.middleware("http")
    async def spoiled(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await proceed(request)
        if not request.url.path.startswith("/v1/products") or answer.status_code != 200:
            return answer
        body = b"".join([chunk async for chunk in answer.body_iterator])  # type: ignore[attr-defined]
        page = json.loads(body)
        for item in page.get("items", [page]):
            spoil(item)
        return Response(json.dumps(page), media_type="application/json")

    return app


def _no_photos(item: Item) -> None:
    item["images"] = []


def _one_photo(item: Item) -> None:
    first = item["images"][0]
    root = first["url"].rpartition("/images/")[0]
    item["images"] = [first | {"url": f"{root}/images/{offers()[0].image_file(0)}"}]


def _prices_of_zero(item: Item) -> None:
    for price in (item["price"], *(sku["price"] for sku in item["skus"])):
        price["amount"] = "0.00"


def _endless_title(item: Item) -> None:
    item["name"] = (f"{item['name']} " * TITLE_CHARACTERS)[:TITLE_CHARACTERS]


def _html(item: Item) -> None:
    for name in ("name", "description", "category"):
        item[name] = MARKUP + item[name]
    item["keywords"] = [MARKUP + keyword for keyword in item["keywords"]]
    item["attributes"] = {MARKUP + name: MARKUP + value for name, value in item["attributes"].items()}
    for sku in item["skus"]:
        sku["name"] = MARKUP + sku["name"]


_SPOILERS: dict[Spoiling, Callable[[Item], None]] = {
    Spoiling.NO_PHOTOS: _no_photos,
    Spoiling.ONE_PHOTO_FOR_ALL: _one_photo,
    Spoiling.PRICES_OF_ZERO: _prices_of_zero,
    Spoiling.ENDLESS_TITLES: _endless_title,
    Spoiling.HTML: _html,
}
