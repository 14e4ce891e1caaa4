"""The sample supplier over real HTTP: its server, and how the adapter reports its failures."""

import asyncio
import io
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from html import escape

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from PIL import Image

from domain.kernel import Transient
from infra.adapters.media.fingerprints import HttpFingerprints
from infra.adapters.suppliers import sample
from infra.adapters.suppliers.sample import SampleSupplier
from infra.sandbox.sample_supplier.app import SANDBOX_KEY, RateLimit, sample_supplier_app
from infra.sandbox.sample_supplier.catalog import Echo, offers
from tests.support.fakes.supply import served

Fault = Callable[[Request], Awaitable[Response | None]]
KEY = {"X-Api-Key": SANDBOX_KEY}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers=KEY) as client:
        yield client


async def test_pages_follow_one_another_and_end(client: httpx.AsyncClient) -> None:
    async with served(sample_supplier_app()) as address:
        first = (await client.get(f"{address}/v1/products", params={"keyword": "neon", "size": 50})).json()
        seen = [item["id"] for item in first["items"]]
        for page in range(2, first["pages"] + 1):
            params: dict[str, str | int] = {"keyword": "neon", "size": 50, "page": page}
            seen += [item["id"] for item in (await client.get(f"{address}/v1/products", params=params)).json()["items"]]
        beyond = (await client.get(f"{address}/v1/products", params={"page": 99})).json()
    assert len(seen) == len(set(seen)) == first["total"] == len(offers())
    assert beyond["items"] == []


async def test_a_product_is_found_by_its_id_and_an_unknown_one_is_not(client: httpx.AsyncClient) -> None:
    known = offers()[0]
    async with served(sample_supplier_app()) as address:
        found = await client.get(f"{address}/v1/products/{known.id}")
        missing = await client.get(f"{address}/v1/products/SS-0")
        picture = await client.get(f"{address}/images/nothing.jpg")
    assert found.json()["name"] == known.title
    assert (missing.status_code, picture.status_code) == (404, 404)


async def test_only_pictures_are_served_without_the_key(client: httpx.AsyncClient) -> None:
    async with served(sample_supplier_app(key="another")) as address:
        refused = await client.get(f"{address}/v1/products")
        picture = await client.get(f"{address}/images/{offers()[0].image_file(0)}")
        with pytest.raises(Transient, match="does not accept our key"):
            await SampleSupplier(address, client).search(["pot"], limit=5)
    assert refused.status_code == 401
    assert picture.headers["content-type"] == "image/jpeg"


async def test_the_page_of_a_listing_needs_no_key() -> None:
    async with served(sample_supplier_app()) as address, httpx.AsyncClient() as anybody:
        for found in await SampleSupplier(address, anybody).search(["wall art"], limit=3):
            page = await anybody.get(found.url or "")
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert "Sample supplier" in page.text
            assert escape(found.title) in page.text
            for link in re.findall(r'(?:src|href)="([^"]+)"', page.text):
                assert (await anybody.get(page.url.join(link))).status_code == 200
        unknown = await anybody.get(f"{address}/listings/<script>")
    assert unknown.status_code == 404
    assert "There is no such listing" in unknown.text
    assert "<script>" not in unknown.text


async def test_pictures_have_the_announced_addresses_and_sizes(client: httpx.AsyncClient) -> None:
    outer = FastAPI()
    outer.mount("/supplier", sample_supplier_app())
    async with served(outer) as address:
        (found,) = await SampleSupplier(f"{address}/supplier", client).search(["planter"], limit=1)
        assert found.image_urls[0].startswith(f"{address}/supplier/images/")
        for url, size in zip(found.image_urls, found.image_sizes, strict=True):
            body = (await client.get(url)).content
            with Image.open(io.BytesIO(body)) as picture:
                assert picture.size == size


async def test_the_client_waits_as_long_as_a_busy_supplier_asks(client: httpx.AsyncClient) -> None:
    waits: list[float] = []
    ticks = [0.0]

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        ticks[0] += seconds

    limit = RateLimit(per_second=1, burst=2, now=lambda: ticks[0])
    async with served(sample_supplier_app(limit=limit)) as address:
        supplier = SampleSupplier(address, client, sleep=pause)
        found = await supplier.search(["pot", "planter", "bonsai", "cactus"], limit=10)
    assert len(found) == 10
    assert waits
    assert set(waits) == {1.0}


async def test_a_long_pause_is_left_to_the_caller(client: httpx.AsyncClient) -> None:
    limit = RateLimit(per_second=0.01, burst=1)
    async with served(sample_supplier_app(limit=limit)) as address:
        with pytest.raises(Transient, match="allows no more requests") as caught:
            await SampleSupplier(address, client).search(["pot", "planter"], limit=10)
    assert caught.value.retry_after is not None
    assert 90 <= caught.value.retry_after <= 100


async def _silence(_: Request) -> Response | None:
    await asyncio.sleep(30)
    return None


def _answering(status: int, body: bytes, **headers: str) -> Fault:
    async def answer(_: Request) -> Response | None:
        return Response(body, status, headers=headers, media_type="application/json")

    return answer


def _spoiled(**changes: object) -> bytes:
    item = {
        "id": "SS-1",
        "name": "Pot",
        "description": "",
        "category": "Pots",
        "keywords": [],
        "link": "http://supplier.test",
        "price": {"amount": "1.00", "currency": "USD"},
        "suggestedRetailPrice": None,
        "rating": None,
        "sold": None,
        "shipping": {"fee": {"amount": "1.00", "currency": "USD"}, "minDays": 1, "maxDays": 2},
        "images": [],
        "skus": [{"sku": "1", "name": "Default", "price": {"amount": "1.00", "currency": "USD"}, "available": 1}],
    } | changes
    return json.dumps({"total": 1, "page": 1, "pages": 1, "items": [item]}).encode()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (_answering(500, b"{}"), "error 500"),
        (_answering(503, b"{}", **{"Retry-After": "7"}), "error 503"),
        (_answering(418, b"{}"), "unexpected status 418"),
        (_answering(200, b"<html>We are closed</html>"), "invalid answer"),
        (_answering(200, b""), "invalid answer"),
        (_answering(200, b"[]"), "invalid answer"),
        (_answering(200, b'{"total": 1, "page": 1, "pages": 1}'), "items"),
        (_answering(200, _spoiled(price={"amount": "-3", "currency": "USD"})), "price.amount"),
        (_answering(200, _spoiled(price={"amount": "NaN", "currency": "USD"})), "price.amount"),
        (_answering(200, _spoiled(rating={"average": 11, "count": 3})), "rating.average"),
        (_answering(200, _spoiled(skus=[])), "skus"),
        (_answering(200, _spoiled(images=[{"url": "javascript:alert(1)", "width": 9, "height": 9}])), "images.0.url"),
        (_silence, "did not answer within 2 seconds"),
    ],
)
async def test_a_failure_is_transient_and_says_what_happened(
    client: httpx.AsyncClient, fault: Fault, said: str
) -> None:
    timeout = 2 if fault is _silence else 60
    async with served(sample_supplier_app(fault=fault)) as address:
        with pytest.raises(Transient) as caught:
            await SampleSupplier(address, client, timeout=timeout).search(["pot"], limit=5)
    assert caught.value.who == "The sample supplier"
    assert said in caught.value.what
    assert "<html>" not in caught.value.what


async def test_a_complete_item_passes_the_same_checks(client: httpx.AsyncClient) -> None:
    async with served(sample_supplier_app(fault=_answering(200, _spoiled()))) as address:
        (found,) = await SampleSupplier(address, client).search(["pot"], limit=5)
    assert (found.source_id, found.review_count, found.order_count) == ("SS-1", 0, None)


async def test_an_item_that_cannot_be_read_does_not_hide_the_others(client: httpx.AsyncClient) -> None:
    bad = json.loads(_spoiled(id="SS-2", skus=[]))["items"]
    slow = json.loads(
        _spoiled(id="SS-3", shipping={"fee": {"amount": "1", "currency": "USD"}, "minDays": -2, "maxDays": 9})
    )
    page = json.loads(_spoiled())
    page["items"] += bad + slow["items"]
    async with served(sample_supplier_app(fault=_answering(200, json.dumps(page).encode()))) as address:
        found = await SampleSupplier(address, client).search(["pot"], limit=5)
    assert [(each.source_id, each.shipping_days) for each in found] == [("SS-1", (1, 2)), ("SS-3", (-2, 9))]


async def test_an_unreachable_supplier_is_transient(client: httpx.AsyncClient) -> None:
    async with served(sample_supplier_app()) as address:
        pass
    with pytest.raises(Transient, match="could not be reached"):
        await SampleSupplier(address, client).search(["pot"], limit=5)


async def test_no_more_than_a_few_requests_are_in_flight(client: httpx.AsyncClient) -> None:
    running, most = 0, 0

    async def count(_: Request) -> Response | None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return None

    async with served(sample_supplier_app(fault=count)) as address:
        await SampleSupplier(address, client).search([f"pot {n}" for n in range(24)], limit=150)
    assert 1 < most <= sample.AT_ONCE


@pytest.mark.long
async def test_near_duplicates_have_near_fingerprints_and_different_things_have_not(client: httpx.AsyncClient) -> None:
    main = {offer.goods.id: offer for offer in offers() if offer.echo is None}
    near = [offer for offer in offers() if offer.echo is Echo.NEAR][::4]  # each picture is drawn in a fifth of a second

    async def fetch(url: str) -> bytes:
        return (await client.get(url)).raise_for_status().content

    async with served(sample_supplier_app()) as address:
        fingerprints = HttpFingerprints(fetch)

        async def look(file: str) -> int:
            found = await fingerprints.fingerprint(f"{address}/images/{file}")
            assert found is not None
            return found

        apart = {
            copy.goods.id: (await look(copy.image_file(0)) ^ await look(main[copy.goods.id].image_file(0))).bit_count()
            for copy in near
        }
        some = [await look(offer.image_file(0)) for offer in list(main.values())[:24]]
    assert Counter(bits <= 6 for bits in apart.values())[True] >= 0.9 * len(apart)
    collisions = sum((one ^ other).bit_count() <= 6 for n, one in enumerate(some) for other in some[:n])
    assert collisions == 0
