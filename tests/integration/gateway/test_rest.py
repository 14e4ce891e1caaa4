"""The REST endpoints: the same commands and read models, with problem details."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.generation.aggregate import generation_of
from tests.support.platforms.gateway import Merchant, Platform


def problem(response: Any) -> tuple[int, str, str | None]:
    """Check a problem's form and return its status, code and field."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    assert body["type"] == f"/errors#{body['code']}"
    return response.status_code, body["code"], body.get("field")


async def test_a_store_is_requested_and_read(platform: Platform, owner: Merchant) -> None:
    response = await platform.call("POST", "/stores", by=owner, json={"niche": "Ceramic planters"})
    assert response.status_code == 202
    body = response.json()
    assert response.headers["location"] == f"/api/v1/stores/{body['storeId']}"
    assert response.headers["x-consistency-token"] == body["consistencyToken"]
    assert body["jobId"] == str(generation_of(UUID(body["storeId"])))
    read = await platform.call(
        "GET",
        f"/stores/{body['storeId']}",
        by=owner,
        headers={"x-consistency-token": body["consistencyToken"]},
    )
    assert read.status_code == 200
    assert (read.json()["niche"], read.json()["status"]) == ("Ceramic planters", "CREATING")


async def test_the_job_of_a_store_request_can_be_read_before_it_starts(platform: Platform, owner: Merchant) -> None:
    requested = (await platform.call("POST", "/stores", by=owner, json={"niche": "Ceramic planters"})).json()
    fresh = {"x-consistency-token": requested["consistencyToken"]}
    job = await platform.call("GET", f"/jobs/{requested['jobId']}", by=owner, headers=fresh)
    assert job.status_code == 200, job.text
    assert {name: job.json()[name] for name in ("status", "progress", "attempt", "startedAt", "input")} == {
        "status": "PENDING",
        "progress": 0,
        "attempt": 0,
        "startedAt": None,
        "input": {"niche": "Ceramic planters"},
    }
    logs = await platform.call("GET", f"/jobs/{requested['jobId']}/logs", by=owner, headers=fresh)
    assert (logs.status_code, logs.json()["items"]) == (200, [])
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { generation { id status } jobs { step status } } }",
        {"id": requested["storeId"]},
        by=owner,
    )
    assert store["generation"] == {"id": requested["jobId"], "status": "PENDING"}
    assert {job["status"] for job in store["jobs"]} == {"PENDING"}
    assert len(store["jobs"]) == 5
    archive = "mutation ($id: ID!) { archiveStore(input: {storeId: $id}) { store { generation { jobs { status } } } } }"
    archived = await platform.ask(archive, {"id": requested["storeId"]}, by=owner)
    assert {job["status"] for job in archived["store"]["generation"]["jobs"]} == {"CANCELLED"}
    ended = (await platform.call("GET", f"/jobs/{requested['jobId']}", by=owner)).json()
    assert (ended["status"], ended["completedAt"] is None) == ("CANCELLED", False)


async def test_names_and_values_equal_those_of_graphql(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    same = await platform.ask(
        """query ($id: ID!) { store(id: $id) { settings brandIdentity { name logo { concept svg }
          colors { primary secondary accent background surface text onPrimary onAccent }
          fonts { heading body } voice { tone tagline story } } generation { jobs { id step type status } } } }""",
        {"id": str(store_id)},
        by=owner,
    )
    store = (await platform.call("GET", f"/stores/{store_id}", by=owner)).json()
    assert {name: store[name] for name in ("settings", "brandIdentity")} == {
        name: same[name] for name in ("settings", "brandIdentity")
    }
    for expected in same["generation"]["jobs"]:
        job = (await platform.call("GET", f"/jobs/{expected['id']}", by=owner)).json()
        assert {name: job[name] for name in expected} == expected


async def test_an_idempotency_key_makes_a_repeat_harmless(platform: Platform, owner: Merchant) -> None:
    async def ask(niche: str) -> Any:
        return await platform.call(
            "POST", "/stores", by=owner, json={"niche": niche}, headers={"idempotency-key": "order 66"}
        )

    first, again = await ask("Lamps"), await ask("Lamps")
    assert first.json() == again.json()
    reused = await ask("Chairs")
    assert problem(reused) == (409, "COMMAND_REUSED", "Idempotency-Key")
    assert "Idempotency-Key “order 66” was already used" in reused.json()["detail"]
    long = await platform.call("POST", "/stores", by=owner, json={"niche": "L"}, headers={"idempotency-key": "k" * 201})
    assert problem(long) == (422, "INVALID_INPUT", "Idempotency-Key")


@pytest.mark.parametrize("body", [b"", b"{", b'{"niche": "x"', b"niche=Lamps", b"\xff\xfe", b'{"niche": Lamps}'])
async def test_a_body_that_is_not_json_gets_status_400_and_a_reason(
    platform: Platform, owner: Merchant, body: bytes
) -> None:
    response = await platform.call(
        "POST", "/stores", by=owner, content=body, headers={"content-type": "application/json"}
    )
    status, code, _ = problem(response)
    assert (status, code) == (400, "BAD_REQUEST")
    assert "JSON" in response.json()["detail"]


async def test_json_with_another_content_type_gets_status_400_and_a_reason(platform: Platform, owner: Merchant) -> None:
    response = await platform.call(
        "POST", "/stores", by=owner, content=b'{"niche": "Lamps"}', headers={"content-type": "text/plain"}
    )
    assert problem(response) == (400, "BAD_REQUEST", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"niche": ""}, "niche"),
        ({"niche": "x" * 121}, "niche"),
        ({"niche": "a\u0000b"}, "niche"),
        ({}, "niche"),
        ({"niche": 5}, "niche"),
        ({"niche": "Lamps", "colour": "red"}, "colour"),
        ({"niche": "Lamps", "preferences": {"tone": 3}}, "preferences.tone"),
        ({"niche": "Lamps", "contactEmail": "hello@"}, "contactEmail"),
        ([], "body"),
        ("Lamps", "body"),
    ],
)
async def test_invalid_input_names_the_field_and_appends_nothing(
    platform: Platform, owner: Merchant, body: Any, field: str
) -> None:
    before = await platform.event_count()
    response = await platform.call("POST", "/stores", by=owner, json=body)
    assert problem(response) == (422, "INVALID_INPUT", field)
    assert await platform.event_count() == before


async def test_products_are_listed_page_by_page(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner, products=3)
    first = (await platform.call("GET", f"/stores/{store_id}/products?first=2", by=owner)).json()
    rest = (
        await platform.call("GET", f"/stores/{store_id}/products?first=2&after={first['endCursor']}", by=owner)
    ).json()
    assert (len(first["items"]), first["hasNextPage"]) == (2, True)
    assert (len(rest["items"]), rest["hasNextPage"]) == (1, False)
    one = first["items"][0]
    assert (one["sellingPrice"], one["currency"], one["stockQuantity"]) == ("29.00", "USD", 12)
    assert one["availableQuantity"] == sum(variant["available"] for variant in one["variants"])
    assert [variant["title"] for variant in one["variants"]] == ["Red", "Blue"]
    bad = await platform.call("GET", f"/stores/{store_id}/products?first=0x", by=owner)
    assert problem(bad) == (422, "INVALID_INPUT", "query.first")


async def test_a_product_is_added_changed_and_archived(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    added = await platform.call(
        "POST",
        f"/stores/{store_id}/products",
        by=owner,
        json={"title": "Moss lamp", "description": "It grows.", "sellingPrice": "19.90", "stockQuantity": 3},
    )
    assert added.status_code == 201
    id = added.json()["productId"]
    assert added.json()["product"]["title"] == "Moss lamp"
    place = f"/stores/{store_id}/products/{id}"
    changes = {"title": "Moss light", "sellingPrice": 25, "stockQuantity": 9, "status": "ACTIVE"}
    changed = (await platform.call("PATCH", place, by=owner, json=changes)).json()["product"]
    assert [changed[name] for name in ("title", "sellingPrice", "stockQuantity", "status")] == [
        "Moss light",
        "25.00",
        9,
        "ACTIVE",
    ]
    described = {"description": "It glows.", "features": ["Moss"]}
    written = (await platform.call("PATCH", place, by=owner, json=described)).json()["product"]
    assert (written["features"], written["compareAtPrice"], written["shortQuantity"]) == (["Moss"], None, 0)
    claimed = await platform.call("PATCH", place, by=owner, json={"sellingPrice": 20, "compareAtPrice": 25})
    assert problem(claimed) == (422, "INVALID_INPUT", "compareAtPrice")
    cleared = (await platform.call("PATCH", place, by=owner, json={"compareAtPrice": None})).json()["product"]
    assert (cleared["compareAtPrice"], cleared["sellingPrice"]) == (None, "25.00")
    refused = await platform.call("PATCH", place, by=owner, json={"status": "ARCHIVED"})
    assert problem(refused) == (422, "INVALID_INPUT", "status")
    gone = await platform.call("DELETE", place, by=owner)
    assert gone.status_code == 200
    late = await platform.call("PATCH", place, by=owner, json={"title": "Too late"})
    assert problem(late) == (409, "PRODUCT_ARCHIVED", None)
    elsewhere = await platform.call("DELETE", f"/stores/{uuid4()}/products/{id}", by=owner)
    assert problem(elsewhere) == (404, "NOT_FOUND", None)


async def test_the_stock_of_one_variant_is_set_by_its_id(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner, products=1)
    (product,) = (await platform.call("GET", f"/stores/{store_id}/products", by=owner)).json()["items"]
    place = f"/stores/{store_id}/products/{product['id']}"
    red, blue = product["variants"]
    counted = await platform.call("PATCH", place, by=owner, json={"variantId": red["id"], "stockQuantity": 50})
    assert counted.status_code == 200
    variants = counted.json()["product"]["variants"]
    assert {one["id"]: one["stock"] for one in variants} == {red["id"]: 50, blue["id"]: 7}
    unknown = await platform.call("PATCH", place, by=owner, json={"variantId": str(uuid4()), "stockQuantity": 1})
    assert problem(unknown) == (404, "NOT_FOUND", None)
    idle = await platform.call("PATCH", place, by=owner, json={"variantId": red["id"]})
    assert problem(idle) == (422, "INVALID_INPUT", "variantId")


async def test_no_change_is_made_if_one_change_of_a_product_is_refused(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner, products=1)
    (product,) = (await platform.call("GET", f"/stores/{store_id}/products", by=owner)).json()["items"]
    before = await platform.event_count()
    refused = await platform.call(
        "PATCH",
        f"/stores/{store_id}/products/{product['id']}",
        by=owner,
        json={"title": "Half done", "sellingPrice": 40, "stockQuantity": 5, "status": "ACTIVE"},
    )
    assert problem(refused) == (422, "INVALID_INPUT", "variantId")
    halved = await platform.call(
        "PATCH",
        f"/stores/{store_id}/products/{product['id']}",
        by=owner,
        json={"stockQuantity": 5, "metaTitle": "half\0"},
    )
    assert problem(halved) == (422, "INVALID_INPUT", "metaTitle")
    assert halved.json()["detail"].startswith("metaTitle ")
    assert await platform.event_count() == before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stockQuantity": 10**20}, "stockQuantity"),
        ({"stockQuantity": 3_000_000_000}, "stockQuantity"),
        ({"sellingPrice": "1e999999999"}, "sellingPrice"),
        ({"sellingPrice": "1_000"}, "sellingPrice"),
        ({"sellingPrice": "１２"}, "sellingPrice"),
        ({"costPrice": "٣"}, "costPrice"),
        ({"stockQuantity": "1_000"}, "stockQuantity"),
        ({"stockQuantity": "１２"}, "stockQuantity"),
        ({"compareAtPrice": "1e30"}, "compareAtPrice"),
    ],
)
async def test_numbers_too_large_for_read_models_are_rejected_before_the_log(
    platform: Platform, owner: Merchant, fields: dict[str, Any], field: str
) -> None:
    store_id = await platform.store(owner)
    before = await platform.event_count()
    sound = {"title": "Moss lamp", "description": "It grows.", "sellingPrice": "19.90"}
    added = await platform.call("POST", f"/stores/{store_id}/products", by=owner, json=sound | fields)
    assert problem(added) == (422, "INVALID_INPUT", field)
    assert await platform.event_count() == before


async def test_a_job_and_its_log_are_read(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    job = (await platform.call("GET", f"/jobs/{generation_of(store_id)}", by=owner)).json()
    assert (job["status"], job["storeId"], job["type"]) == ("PROCESSING", str(store_id), None)
    page = (await platform.call("GET", f"/jobs/{job['id']}/logs?first=1", by=owner)).json()
    assert page["hasNextPage"]
    more = (await platform.call("GET", f"/jobs/{job['id']}/logs?after={page['endCursor']}", by=owner)).json()
    assert more["items"][0]["number"] > page["items"][0]["number"]
    for cursor in ("x", "-1", "9" * 20, "９"):
        bad = await platform.call("GET", f"/jobs/{job['id']}/logs", by=owner, params={"after": cursor})
        assert problem(bad) == (422, "INVALID_INPUT", "after"), cursor


async def test_agents_run_again(platform: Platform, owner: Merchant, stranger: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    for path in ("/agents/brand/generate", "/agents/scout/search"):
        response = await platform.call("POST", path, by=owner, json={"storeId": str(store_id)})
        assert response.status_code == 202
        body = response.json()
        assert body["attempt"] == 2
        job = await platform.call(
            "GET", f"/jobs/{body['jobId']}", by=owner, headers={"x-consistency-token": body["consistencyToken"]}
        )
        assert (job.json()["status"], job.json()["attempt"]) == ("PROCESSING", 2)
        foreign = await platform.call("POST", path, by=stranger, json={"storeId": str(store_id)})
        assert problem(foreign) == (404, "NOT_FOUND", None)
        assert str(generation_of(store_id)) not in foreign.text
    busy = await platform.call("POST", "/agents/copywriter/generate", by=owner, json={"storeId": str(store_id)})
    assert problem(busy) == (409, "STEP_NOT_RETRYABLE", None)


async def test_images_are_sent_to_the_studio(platform: Platform, owner: Merchant, stranger: Merchant) -> None:
    store_id = str(await platform.stocked_store(owner))
    url = "https://example.com/lamp.jpg"
    one = await platform.call("POST", "/images/process", by=owner, json={"storeId": store_id, "url": url})
    assert one.status_code == 202
    token = {"x-consistency-token": one.json()["consistencyToken"]}
    job = await platform.call("GET", f"/images/jobs/{one.json()['jobId']}", by=owner, headers=token)
    assert (job.json()["status"], job.json()["originalUrl"]) == ("REQUESTED", url)
    assert problem(await platform.call("GET", f"/images/jobs/{job.json()['id']}", by=stranger))[0] == 404
    ground = {"storeId": store_id, "imageId": job.json()["id"], "ground": "#aabbcc"}
    placed = await platform.call("POST", "/images/backgrounds", by=owner, json=ground)
    assert (placed.status_code, placed.json()["attempt"]) == (202, 2)
    batch = {"storeId": store_id, "images": [{"url": f"{url}?{n}"} for n in range(3)]}
    sent = await platform.call("POST", "/images/batch", by=owner, json=batch, headers={"idempotency-key": "b"})
    assert len({job["jobId"] for job in sent.json()["jobs"]}) == 3
    events = await platform.event_count()
    again = await platform.call("POST", "/images/batch", by=owner, json=batch, headers={"idempotency-key": "b"})
    assert again.json()["jobs"] == sent.json()["jobs"]
    assert await platform.event_count() == events
    for bad, field in (("file:///etc/passwd", "images.2.url"), (url * 100, "images.2.url"), ("", "images.2.url")):
        mixed = {"storeId": store_id, "images": [{"url": f"{url}?a"}, {"url": f"{url}?b"}, {"url": bad}]}
        assert problem(await platform.call("POST", "/images/batch", by=owner, json=mixed)) == (
            422,
            "INVALID_INPUT",
            field,
        )
    assert await platform.event_count() == events
    none = await platform.call("POST", "/images/batch", by=owner, json={"storeId": store_id, "images": []})
    assert problem(none) == (422, "INVALID_INPUT", "images")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/stores/{id}"),
        ("GET", "/stores/{id}/products"),
        ("POST", "/stores/{id}/products"),
        ("GET", "/jobs/{job}"),
        ("GET", "/jobs/{job}/logs"),
        ("GET", "/images/jobs/{id}"),
    ],
)
async def test_another_merchant_s_object_reads_like_an_unknown_one(
    platform: Platform, owner: Merchant, stranger: Merchant, method: str, path: str
) -> None:
    store_id, unknown = await platform.store(owner), uuid4()
    body = {"title": "T", "description": "D", "sellingPrice": 1} if method == "POST" else None

    async def answer(by: Merchant | None, id: UUID, job: UUID) -> Any:
        return await platform.call(method, path.format(id=id, job=job), by=by, json=body)

    foreign, absent = (
        await answer(stranger, store_id, generation_of(store_id)),
        await answer(stranger, unknown, unknown),
    )
    assert problem(foreign) == problem(absent) == (404, "NOT_FOUND", None)
    assert problem(await answer(None, store_id, store_id)) == (401, "UNAUTHENTICATED", None)
    malformed = await platform.call(method, path.format(id="no-id", job="no-id"), by=owner, json=body)
    assert problem(malformed) == (404, "NOT_FOUND", None)


async def test_a_stalled_read_model_answers_stale(platform: Platform, owner: Merchant) -> None:
    platform.barrier.wedged = True
    response = await platform.call("GET", f"/stores/{uuid4()}", by=owner, headers={"x-consistency-token": "0-9"})
    assert problem(response) == (503, "STALE", None)
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"niche": ' * 50_000, "9" * 10_000, '{"niche": ' + "9" * 10_000 + "}"]
)
async def test_a_body_that_python_cannot_parse_is_rejected_with_a_reason(
    platform: Platform, owner: Merchant, body: str
) -> None:
    answer = await platform.call(
        "POST", "/stores", by=owner, content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert "nests too deeply, or a number is too long" in answer.json()["detail"]
