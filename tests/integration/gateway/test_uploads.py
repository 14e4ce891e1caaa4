"""A photo comes by an address that is signed beforehand, and is checked when an image uses it."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from infra.adapters.media.photo_check import check_photo
from infra.adapters.media.uploads import DiskUploads
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.gateway import Merchant, Platform, a_platform
from tests.support.servers.web_server import served

REQUEST = """
mutation ($input: RequestUploadInput!) {
  requestUpload(input: $input) { upload { id url mimeType } userErrors { code message field } }
}
"""
PROCESS = """
mutation ($input: ProcessImageInput!) {
  processImage(input: $input) { mediaAsset { originalUrl productId status } userErrors { code message field } }
}
"""


@pytest.fixture
async def platform(database: str, tmp_path: Path) -> AsyncIterator[Platform]:
    clock = FixedClock()
    uploads = DiskUploads(tmp_path, [b"k" * 32], clock)
    async with a_platform(database, clock=clock, uploads=uploads, check_photo=check_photo) as whole:
        yield whole


async def test_a_file_is_sent_checked_and_shown_as_the_original(platform: Platform) -> None:
    owner, stranger = await platform.merchant(), await platform.merchant()
    store_id = str(await platform.stocked_store(owner, products=1))
    theirs = str(await platform.stocked_store(stranger, products=1))
    file = io.BytesIO()
    # Noise does not compress: the photo is larger than the API's bodies may be.
    Image.effect_noise((1500, 1200), 90).save(file, "PNG")
    data = file.getvalue()
    assert len(data) > platform.deps.body_limit

    async def request(by: Merchant, **changes: Any) -> Any:
        given = {"storeId": store_id, "mimeType": "image/png", "size": len(data)}
        return await platform.ask(REQUEST, {"input": given | changes}, by=by)

    async def process(by: Merchant, **given: Any) -> Any:
        return await platform.ask(PROCESS, {"input": {"storeId": store_id} | given}, by=by)

    for changes, field in (
        ({"mimeType": "image/svg+xml"}, "mimeType"),
        ({"size": 0}, "size"),
        ({"size": 20 * 1024 * 1024 + 1}, "size"),
    ):
        (error,) = (await request(owner, **changes))["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID_INPUT", field)
    (error,) = (await request(stranger))["userErrors"]
    assert error["code"] == "NOT_FOUND"

    upload = (await request(owner))["upload"]
    early = await process(owner, uploadId=upload["id"])
    assert (early["userErrors"][0]["field"], early["mediaAsset"]) == ("uploadId", None)
    put, url = platform.client.put, upload["url"]
    headers = {"content-type": "image/png"}
    assert (await put(url, content=data + b"!", headers=headers)).status_code == 413
    assert (await put(url, content=data[:-1], headers=headers)).status_code == 422
    assert (await put(url, content=data, headers={"content-type": "text/html"})).status_code == 422
    assert (await put("/uploads/made-up", content=b"x", headers=headers)).status_code == 404
    assert (await put("/uploads/made-up", content=data, headers=headers)).status_code == 413
    assert (await put(url, content=data, headers=headers)).status_code == 204
    assert (await process(stranger, storeId=theirs, uploadId=upload["id"]))["userErrors"][0]["field"] == "uploadId"
    assert (await process(stranger, uploadId=upload["id"]))["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await process(owner, uploadId=str(uuid4())))["userErrors"][0]["field"] == "uploadId"
    assert (await process(owner, uploadId=upload["id"], url="https://a.example/1.jpg"))["userErrors"] != []

    product = (await platform.ask(
        "query ($id: ID!) { store(id: $id) { products { nodes { id } } } }", {"id": store_id}, by=owner
    ))["products"]["nodes"][0]["id"]  # fmt: skip
    done = await process(owner, uploadId=upload["id"], productId=product)
    assert done["userErrors"] == []
    assert (done["mediaAsset"]["status"], done["mediaAsset"]["productId"]) == ("REQUESTED", product)
    original = await platform.client.get(done["mediaAsset"]["originalUrl"])
    assert (original.content, original.headers["content-type"]) == (data, "image/png")

    # A server has a limit of its own before the application's.
    large = data + bytes(3_000_000)
    async with served(platform.app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        path = urlsplit((await request(owner, size=len(large)))["upload"]["url"]).path
        assert (await client.put(path, content=large, headers=headers)).status_code == 204

    fake = (await request(owner, size=14))["upload"]
    assert (await put(fake["url"], content=b"<!doctype html", headers=headers)).status_code == 204
    (error,) = (await process(owner, uploadId=fake["id"]))["userErrors"]
    assert (error["field"], error["message"]) == ("uploadId", "The file is a web page. Send a JPEG, a PNG or a WebP.")
