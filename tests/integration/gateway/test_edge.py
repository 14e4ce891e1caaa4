"""The edge: request ids, headers, limits, errors without secrets, media, webhooks, health and pages."""

import inspect
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.fakes.payments import SignedPayments
from tests.support.logs import logged_by
from tests.support.platforms.gateway import Merchant, Platform, a_platform

STORE_ID = UUID("01890000-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"query",
        b"[",
        b'"text"',
        b"42",
        b"\xff",
        b"[" * 100_000,
        b'{"query": 5}',
        b"{}",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
async def test_an_invalid_graphql_body_gets_status_400(platform: Platform, body: bytes) -> None:
    response = await platform.client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert len(error["message"]) > 10


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nonsense }", "INVALID_QUERY"),
        ("{ me { id }", "SYNTAX"),
        ("{ stores { nodes { id } ", "SYNTAX"),
        ("query ($id: ID!) { store(id: $id) { id } }", "INVALID_QUERY"),
        ("{ " + " ".join(f"a{n}: me {{ id }}" for n in range(31)) + " }", "INVALID_QUERY"),
        (
            "{ stores { nodes { products { nodes { "
            + "store { products { nodes { " * 4
            + "id"
            + " } } }" * 4
            + " } } } } }",
            "INVALID_QUERY",
        ),
        ("{ " + "me { id } " * 2000 + " }", "INVALID_QUERY"),
    ],
)
async def test_an_invalid_or_too_large_query_is_rejected(
    platform: Platform, owner: Merchant, query: str, code: str
) -> None:
    answer = await platform.post(query, by=owner)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert await platform.post(query, by=owner) == answer


async def refused(platform: Platform, owner: Merchant, *, status: int = 400, **body: Any) -> str:
    """Send an operation that cannot run and return the error message."""
    response = await platform.client.post("/graphql", json=body, headers={"authorization": f"Bearer {owner.token}"})
    assert response.status_code == status, response.text
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    return str(error["message"])


async def test_a_document_without_a_chosen_operation_changes_nothing(platform: Platform, owner: Merchant) -> None:
    before = await platform.event_count()
    one = '{ requestStore(input: {niche: "Lamps"}) { storeId } }'
    both = f"mutation A {one} mutation B {one}"
    assert "2 operations (A, B)" in await refused(platform, owner, query=both)
    assert "2 operations (A, B)" in await refused(platform, owner, query=both, operationName=None)
    assert "Unknown operation" in await refused(platform, owner, query=both, operationName="C")
    assert "only fragments" in await refused(platform, owner, query="fragment F on User { id }")
    assert await platform.event_count() == before
    named = {"query": both, "operationName": "B"}
    done = await platform.client.post("/graphql", json=named, headers={"authorization": f"Bearer {owner.token}"})
    assert done.json()["data"]["requestStore"]["storeId"]


async def test_a_subscription_over_post_is_pointed_to_the_websocket(
    platform: Platform, owner: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        message = await refused(platform, owner, query='subscription { generationProgress(storeId: "x") { progress } }')
    assert message == "Subscriptions need a WebSocket. Use graphql-transport-ws at this address."
    assert logged_by(caplog) == []


@pytest.mark.parametrize("sent", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_a_query_without_a_json_content_type_is_rejected_with_the_right_one(
    platform: Platform, sent: str | None
) -> None:
    headers = {} if sent is None else {"content-type": sent}
    response = await platform.client.post("/graphql", content=b'{"query": "{ me { id } }"}', headers=headers)
    assert response.status_code == 400
    assert "Content-Type: application/json" in response.json()["errors"][0]["message"]


async def test_introspection_is_on(platform: Platform) -> None:
    answer = await platform.post("{ __schema { types { name fields { name type { ofType { ofType { name } } } } } } }")
    assert {"Store", "Mutation", "GenerationProgress"} <= {one["name"] for one in answer["data"]["__schema"]["types"]}


async def test_queries_over_get_and_batches_are_rejected(platform: Platform) -> None:
    assert (await platform.client.get("/graphql", params={"query": "{ me { id } }"})).status_code == 400
    batch = await platform.client.post("/graphql", json=[{"query": "{ me { id } }"}] * 2)
    assert batch.status_code == 400
    (refusal,) = batch.json()["errors"]
    assert refusal["extensions"]["code"] == "BAD_REQUEST"
    assert refusal["message"] == "A request has one operation. Send each of an array in a request of its own."
    assert (await platform.client.post("/graphql", data={"query": "{ me { id } }"})).status_code == 400


class BrokenReader:
    """A database whose errors contain a secret."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        raise RuntimeError("password=hunter2")

    async def fetchrow(self, query: str, *args: Any) -> Any:
        raise RuntimeError("password=hunter2")

    async def fetchval(self, query: str, *args: Any) -> Any:
        raise RuntimeError("password=hunter2")


async def test_an_internal_error_shows_a_number_that_is_logged_and_nothing_else(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_platform(database) as sound:
        owner = await sound.merchant()
    async with a_platform(database, is_new=False, reader=BrokenReader()) as broken:
        with caplog.at_level(logging.ERROR):
            graphql = (await broken.post("{ me { id } }", by=owner))["errors"][0]
            rest = await broken.call("GET", f"/stores/{uuid4()}", by=owner)
    assert graphql["extensions"]["code"] == "INTERNAL"
    assert rest.status_code == 500
    assert rest.headers["x-request-id"]
    assert "hunter2" not in json.dumps(graphql) + rest.text
    for text in (graphql["message"], rest.json()["detail"]):
        number = re.search(r"Internal error (\w{12})\.", text)
        assert number is not None
        assert number[1] in caplog.text


async def test_every_response_has_an_id_and_security_headers(platform: Platform) -> None:
    own = await platform.client.get("/healthz", headers={"x-request-id": "my-request-1"})
    assert own.headers["x-request-id"] == "my-request-1"
    forged = await platform.client.get("/nowhere", headers={"x-request-id": "bad id\twith blanks"})
    assert re.fullmatch("[0-9a-f]{32}", forged.headers["x-request-id"])
    for response in (own, forged):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
    assert forged.status_code == 404
    assert forged.json()["code"] == "NOT_FOUND"
    wrong = await platform.client.put("/api/v1/stores")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/graphql", "GET, HEAD, POST"),
        ("DELETE", f"/api/v1/stores/{STORE_ID}/products", "GET, HEAD, POST"),
        ("GET", f"/api/v1/stores/{STORE_ID}/products/{STORE_ID}", "DELETE, PATCH"),
        ("HEAD", f"/api/v1/stores/{STORE_ID}/products/{STORE_ID}", "DELETE, PATCH"),
        ("POST", "/healthz", "GET, HEAD"),
        ("GET", "/webhooks/payments/sandbox", "POST"),
    ],
)
async def test_an_unknown_method_gets_the_list_of_known_methods(
    platform: Platform, method: str, path: str, allowed: str
) -> None:
    response = await platform.client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


async def test_head_answers_like_get_without_the_body(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    key = await platform.media.put(b"picture", mime_type="image/webp")
    rest = [f"/api/v1/stores/{store_id}", f"/api/v1/stores/{store_id}/products", f"/api/v1/stores/{uuid4()}"]
    for path in ("/", "/developers", "/healthz", "/readyz", "/events", "/asyncapi.yaml", f"/media/{key}", *rest):
        headers = {"authorization": f"Bearer {owner.token}", "x-request-id": "the-same-one"}
        head, get = [await platform.client.request(method, path, headers=headers) for method in ("HEAD", "GET")]
        assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b""), path


async def test_a_body_over_the_limit_is_rejected_with_and_without_a_length(platform: Platform) -> None:
    announced = await platform.client.post("/graphql", content=b"x" * 1_000_001)
    assert (announced.status_code, announced.json()["code"]) == (413, "BODY_TOO_LARGE")

    async def drops() -> Any:
        for _ in range(11):
            yield b"x" * 100_000

    poured = await platform.client.post("/webhooks/payments/sandbox", content=drops())
    assert (poured.status_code, poured.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert poured.headers["x-request-id"]


async def test_only_a_valid_traceparent_is_stored(platform: Platform, owner: Merchant) -> None:
    async def kept(traceparent: str) -> str | None:
        headers = {"traceparent": traceparent}
        answer = await platform.call("POST", "/stores", by=owner, json={"niche": "Lamps"}, headers=headers)
        assert answer.status_code == 202
        store_id = UUID(answer.json()["storeId"])
        (requested,) = [raw async for batch in platform.log.scan() for raw in batch if raw.stream_id == store_id]
        return requested.traceparent

    sound = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert await kept(sound) == sound
    for nonsense in ("x" * 5000, "%00", f"{sound}-", sound.replace("0af7", "0AF7"), f"ff{sound[2:]}", ""):
        assert await kept(nonsense) is None, nonsense


async def test_only_listed_origins_may_call_from_a_browser(database: str) -> None:
    async with a_platform(database, cors_origins=["https://dashboard.example"]) as platform:
        for origin, allowed in (("https://dashboard.example", True), ("https://elsewhere.example", False)):
            response = await platform.client.options(
                "/graphql",
                headers={
                    "origin": origin,
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "authorization,x-consistency-token",
                },
            )
            assert ("access-control-allow-origin" in response.headers) is allowed


async def test_media_files_are_addressed_by_content_and_cached_without_limit(platform: Platform) -> None:
    key = await platform.media.put(b"picture", mime_type="image/webp")
    response = await platform.client.get(f"/media/{key}")
    assert (response.content, response.headers["content-type"]) == (b"picture", "image/webp")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    tag = response.headers["etag"]
    for same in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        unchanged = await platform.client.get(f"/media/{key}", headers={"if-none-match": same})
        assert unchanged.status_code == 304
    for other in (f'"x{tag[1:]}', f'{tag[:-1]}x"', tag.strip('"')):
        assert (await platform.client.get(f"/media/{key}", headers={"if-none-match": other})).status_code == 200
    unknown = "sha256/aa/" + "a" * 64 + ".webp"
    assert (await platform.client.get(f"/media/{unknown}", headers={"if-none-match": "*"})).status_code == 404
    strange = await platform.media.put(b"<script>", mime_type="text/html")
    assert (await platform.client.get(f"/media/{strange}")).headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "key",
    [
        "nothing",
        "../pyproject.toml",
        "..%2f..%2fetc/passwd",
        "sha256/aa/" + "a" * 64 + ".webp",
        "sha256/aa/../../" + "a" * 64 + ".webp",
        "sha256%2Faa%2F" + "a" * 63 + ".webp",
    ],
)
async def test_an_invalid_media_key_is_not_found(platform: Platform, key: str) -> None:
    assert (await platform.client.get(f"/media/{key}")).status_code == 404


def a_notice(id: str = "evt_1", type: str = "paid", store_id: UUID = STORE_ID) -> bytes:
    return json.dumps({"id": id, "type": type, "store": str(store_id), "order": str(STORE_ID)}).encode()


async def test_a_redelivered_webhook_is_recorded_once(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    for _ in range(3):
        body = a_notice(store_id=store_id)
        response = await platform.client.post(
            "/webhooks/payments/sandbox", content=body, headers={"sandbox-signature": SignedPayments.sign(body)}
        )
        assert (response.status_code, response.json()) == (200, {"received": True})
    raws = [raw async for batch in platform.log.scan() for raw in batch if raw.tenant == store_id]
    assert [raw.type for raw in raws if raw.type.startswith("inbox.")] == ["inbox.webhook_received.v2"]


async def test_a_forged_invalid_or_unused_webhook_is_not_recorded(platform: Platform) -> None:
    async def send(body: bytes, signature: str | None = None, provider: str = "sandbox") -> tuple[int, Any]:
        header = SignedPayments.sign(body) if signature is None else signature
        response = await platform.client.post(
            f"/webhooks/payments/{provider}", content=body, headers={"sandbox-signature": header}
        )
        return response.status_code, response.json().get("code", response.json().get("received"))

    before = await platform.event_count()
    assert await send(a_notice(), "wrong") == (400, "INVALID_SIGNATURE")
    assert await send(a_notice(), "") == (400, "INVALID_SIGNATURE")
    assert await send(b"no json") == (422, "UNUSABLE_WEBHOOK")
    assert await send(b"\xff") == (422, "UNUSABLE_WEBHOOK")
    assert await send(a_notice("evt_of_no_store")) == (404, "NOT_FOUND")
    assert await send(a_notice(type="weather")) == (200, False)
    assert await send(a_notice(), provider="unknown") == (404, "NOT_FOUND")
    assert await platform.event_count() == before


async def test_readiness_names_the_unhealthy_check(platform: Platform) -> None:
    assert (await platform.client.get("/healthz")).json() == {"status": "ok"}
    assert (await platform.client.get("/readyz")).json()["status"] == "ready"
    platform.parts.broken = "projector"
    response = await platform.client.get("/readyz")
    assert response.status_code == 503
    assert {"name": "projector", "healthy": False, "detail": ""} in response.json()["checks"]


async def test_the_gateway_s_pages_load_nothing_external(platform: Platform) -> None:
    assert (await platform.client.get("/")).headers["location"] == "/dashboard"
    home = await platform.client.get("/developers")
    graphiql = await platform.client.get("/graphql", headers={"accept": "text/html"})
    for page in (home, graphiql):
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "http://" not in page.text.replace("http://gateway.localhost/graphql", "")
        assert "https://" not in page.text
        for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
            assert (await platform.client.get(address)).status_code == 200
    assert (await platform.client.get("/assets/home.html")).status_code == 404
    described = (await platform.client.get("/openapi.json")).json()
    assert "/api/v1/stores/{id}/products/{pid}" in described["paths"]
    assert "/graphql" not in described["paths"]


async def test_the_quick_start_shows_the_public_address(database: str) -> None:
    async with a_platform(database, public_url="https://api.example/") as platform:
        assert "ADDRESS=https://api.example\n" in (await platform.client.get("/quickstart")).text


def handlers_of(routes: Iterable[Any]) -> Iterator[Callable[..., Any]]:
    """Yield the functions that answer requests, with their dependencies."""
    for route in routes:
        yield from handlers_of(getattr(getattr(route, "original_router", None), "routes", ()))
        waiting = [route.dependant] if hasattr(route, "dependant") else []
        for dependant in waiting:
            waiting.extend(dependant.dependencies)
            yield dependant.call


async def test_no_request_waits_for_a_thread(platform: Platform) -> None:
    # FastAPI hands plain functions to a thread, which takes longer than the rest of a small request.
    handlers = list(handlers_of(platform.app.routes))
    assert len(handlers) > 30
    assert [call.__qualname__ for call in handlers if not inspect.iscoroutinefunction(call)] == []
