"""REST routes of GraphQL operations: the same changes, errors and pages."""

import base64
import json
import re
from typing import Any
from uuid import uuid4

from commands.order import RecordPayment
from domain.money import Money
from gateway.api.error_codes import error_codes
from gateway.rest.operations import table
from tests.integration.gateway.test_any_input import the_ids
from tests.integration.gateway.test_queries import an_order
from tests.integration.gateway.test_rest import problem
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform


async def test_an_order_is_listed_sent_delivered_and_refunded(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    async def post(path: str, body: Any = None, *, by: Merchant = owner, key: str | None = None) -> Any:
        headers = None if key is None else {"idempotency-key": key}
        return await platform.call("POST", path, by=by, json=body, headers=headers)

    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    early = await post(f"/orders/{order_id}/fulfil", {"carrier": "Posten"})
    assert problem(early) == (409, "ORDER_NOT_OPEN", None)
    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_1")
    )
    listing = await platform.call("GET", f"/stores/{store_id}/orders?first=1&statuses=PAID", by=owner)
    assert listing.status_code == 200, listing.text
    listed = listing.json()
    assert ([order["id"] for order in listed["items"]], listed["hasNextPage"]) == ([str(order_id)], False)
    assert (await platform.call("GET", f"/stores/{store_id}/orders?statuses=CANCELLED", by=owner)).json()["items"] == []

    hidden = await platform.call("GET", f"/orders/{order_id}", by=stranger)
    assert problem(hidden) == (404, "NOT_FOUND", None)
    assert problem(await post(f"/orders/{order_id}/fulfil", {}, by=stranger)) == (404, "NOT_FOUND", None)
    assert problem(await platform.call("GET", f"/orders/{order_id}")) == (401, "UNAUTHENTICATED", None)

    sent = await post(f"/orders/{order_id}/fulfil", {"carrier": "Posten", "trackingNumber": "NO1"})
    assert sent.status_code == 202, sent.text
    assert (sent.json()["order"]["status"], sent.json()["order"]["carrier"]) == ("FULFILLED", "Posten")
    assert sent.headers["x-consistency-token"] == sent.json()["consistencyToken"]
    delivered = await post(f"/orders/{order_id}/deliver", {"deliveredOn": "2026-01-05"})
    assert delivered.json()["order"]["deliveredOn"] == "2026-01-05"

    before = await platform.event_count()
    refund = {"amount": "10.00", "reason": "A scratch."}
    first = await post(f"/orders/{order_id}/refunds", refund, key="refund 1")
    again = await post(f"/orders/{order_id}/refunds", refund, key="refund 1")
    assert first.json()["consistencyToken"] == again.json()["consistencyToken"]
    assert await platform.event_count() == before + 1
    other = await post(f"/orders/{order_id}/refunds", {"amount": "11.00"}, key="refund 1")
    assert problem(other) == (409, "COMMAND_REUSED", "Idempotency-Key")
    read = await platform.call("GET", f"/orders/{order_id}", by=owner)
    assert [each["reason"] for each in read.json()["refunds"]] == ["A scratch."]
    position = sent.json()["consistencyToken"]
    past = await platform.call("GET", f"/orders/{order_id}?asOfPosition={position}", by=owner)
    assert (past.json()["refunds"], past.json()["status"], past.json()["deliveredOn"]) == ([], "FULFILLED", None)
    both = await platform.call(
        "GET", f"/orders/{order_id}?asOfPosition={position}&asOfTime=2026-01-01T00:00:00Z", by=owner
    )
    assert problem(both)[:2] == (422, "INVALID_INPUT")
    earlier = await platform.call("GET", f"/stores/{store_id}/orders?asOfPosition=1", by=owner)
    assert problem(earlier)[:2] == (404, "NOT_FOUND")


async def test_a_key_of_another_request_is_refused_whatever_that_one_s_result_was(
    platform: Platform, owner: Merchant
) -> None:
    order_id = await an_order(platform, owner, await platform.stocked_store(owner))
    key = {"idempotency-key": "used before"}
    cancelled = await platform.call("POST", f"/orders/{order_id}/cancel", by=owner, headers=key)
    assert cancelled.status_code == 202, cancelled.text
    evidence = f"/orders/{order_id}/disputes/du_1/evidence"
    identity = {
        "name": "Lamp House", "legalForm": "Sole trader", "addressLines": ["1 Pier"], "city": "Oslo", "country": "NO",
        "postalCode": "0150", "phone": "+47 22 12 34 56", "email": "hello@example.com",
    }  # fmt: skip
    requests: list[tuple[str, str, Any]] = [
        ("PUT", evidence, {"texts": []}),
        ("POST", f"{evidence}/submit", None),
        ("PUT", "/business-identity", identity),
    ]
    for method, path, body in requests:
        answer = await platform.call(method, path, by=owner, json=body, headers=key)
        assert problem(answer) == (409, "COMMAND_REUSED", "Idempotency-Key"), path


async def test_invalid_values_name_their_field(platform: Platform, owner: Merchant) -> None:
    order_id, store_id = uuid4(), uuid4()
    for method, path, body, expected in [
        ("POST", f"/orders/{order_id}/refunds", {"amount": "1e9"}, (404, "NOT_FOUND", None)),
        ("POST", f"/orders/{order_id}/refunds", {"restock": "yes"}, (422, "INVALID_INPUT", "restock")),
        ("POST", f"/orders/{order_id}/refunds", {"lines": [{"quantity": 1}]}, (422, "INVALID_INPUT", "lines.0")),
        ("POST", f"/orders/{order_id}/refunds", {"orderId": "x"}, (422, "INVALID_INPUT", "orderId")),
        ("POST", f"/orders/{order_id}/refunds", [], (422, "INVALID_INPUT", "body")),
        ("POST", f"/orders/{order_id}/deliver", {}, (422, "INVALID_INPUT", "deliveredOn")),
        ("POST", f"/orders/{order_id}/returns/one/approve", {}, (422, "INVALID_INPUT", "number")),
        ("GET", f"/stores/{store_id}/orders?first=many", None, (422, "INVALID_INPUT", "first")),
        ("GET", f"/stores/{store_id}/orders?statuses=LOST", None, (422, "INVALID_INPUT", "statuses.0")),
        ("GET", f"/stores/{store_id}/orders?page=2", None, (422, "INVALID_INPUT", "page")),
        ("GET", "/stores?first=101", None, (422, "INVALID_INPUT", "first")),
        ("GET", "/stores?after=x", None, (422, "INVALID_INPUT", "after")),
    ]:
        answer = await platform.call(method, path, by=owner, json=body)
        assert problem(answer) == expected, (method, path, body, answer.text)
        if "statuses" in path:
            assert "Use one of: PENDING, PAID" in answer.json()["detail"], "the right values are named"
    unread = await platform.call(
        "POST", f"/orders/{order_id}/deliver", by=owner, content=b"{", headers={"content-type": "application/json"}
    )
    assert problem(unread) == (400, "BAD_REQUEST", None)


async def test_a_session_begins_goes_on_and_ends_over_rest(platform: Platform, owner: Merchant) -> None:
    wrong = await platform.call("POST", "/sessions", json={"email": owner.email, "password": "not this one"})
    assert problem(wrong) == (401, "WRONG_CREDENTIALS", None)
    session = await platform.call("POST", "/sessions", json={"email": owner.email, "password": PASSWORD})
    assert session.status_code == 200, session.text
    tokens = session.json()
    me = await platform.call("GET", "/me", headers={"authorization": f"Bearer {tokens['accessToken']}"})
    assert me.json()["email"] == owner.email
    renewed = await platform.call("POST", "/sessions/refresh", json={"refreshToken": tokens["refreshToken"]})
    token = renewed.json()["refreshToken"]
    assert (await platform.call("POST", "/sessions/log-out", json={"refreshToken": token})).status_code == 200
    ended = await platform.call("POST", "/sessions/refresh", json={"refreshToken": token})
    assert problem(ended) == (401, "INVALID_REFRESH_TOKEN", "refreshToken")


def forged(token: str) -> list[str]:
    """Return tokens that the gateway did not issue: without a signature, altered, and of no form at all."""
    header, claims, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    hs256 = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    other = base64.urlsafe_b64encode(json.dumps({"sub": str(uuid4()), "exp": 2**40}).encode()).rstrip(b"=").decode()
    return [
        f"{none}.{claims}.",
        f"{hs256}.{claims}.{signature}",
        f"{header}.{other}.{signature}",
        f"{header}.{claims}.{signature[::-1]}",
        f"{header}.{claims}",
        "x" * 100_000,
        "zyk_" + "0" * 64,
        "..",
        "null",
    ]


async def test_forged_tokens_and_unreadable_or_huge_bodies_get_typed_errors(
    platform: Platform, owner: Merchant
) -> None:
    order_id, store_id = uuid4(), uuid4()
    query = json.dumps({"query": "{ me { id } }"})
    plain = {"content-type": "application/json"}
    for token in forged(owner.token):
        sent = plain | {"authorization": f"Bearer {token}"}
        rest = await platform.client.get("/api/v1/me", headers=sent)
        assert problem(rest) == (401, "UNAUTHENTICATED", None), token[:80]
        graphql = (await platform.client.post("/graphql", content=query, headers=sent)).json()
        assert graphql["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", token[:80]

    megabyte = "x" * 900_000
    deep = b'{"lines": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    bodies: list[tuple[str, str, bytes, dict[str, str]]] = [
        ("POST", f"/stores/{store_id}/pages", json.dumps({"title": megabyte, "content": "x"}).encode(), plain),
        ("POST", f"/stores/{store_id}/pages", json.dumps({"title": "x", "content": megabyte}).encode(), plain),
        ("POST", f"/orders/{order_id}/refunds", json.dumps({"reason": megabyte}).encode(), plain),
        ("POST", f"/orders/{order_id}/refunds", b"[" * 10**6 + b"]" * 10**6, plain),
        ("POST", f"/orders/{order_id}/refunds", deep, plain),
        ("POST", f"/orders/{order_id}/refunds", b'{"amount": ' + b"9" * 100_000 + b"}", plain),
        ("POST", f"/orders/{order_id}/refunds", b'{"reason": "\\ud800"}', plain),
        ("POST", f"/orders/{order_id}/refunds", b'{"reason": "a", "reason": 5}', plain),
        ("POST", f"/orders/{order_id}/refunds", b"reason=a", {"content-type": "application/x-www-form-urlencoded"}),
        ("POST", f"/orders/{order_id}/refunds", b"<a/>", {"content-type": "text/xml"}),
        ("POST", f"/orders/{order_id}/refunds", b"\xff\xfe", plain),
        ("PUT", f"/stores/{store_id}/shipping", json.dumps({"zones": [{}] * 5000, "unknownWeight": 1}).encode(), plain),
    ]
    before = await platform.event_count()
    for method, path, content, headers in bodies:
        answer = await platform.call(method, path, by=owner, content=content, headers=headers)
        status, code, _ = problem(answer)
        assert (400 <= status < 500, code in error_codes()) == (True, True), (path, content[:60], answer.text[:200])
        assert len(answer.content) < 20_000, "an error repeats the request"
    assert await platform.event_count() == before


UNKNOWN = {"domain": "unknown.example", "number": "7", "provider": "ALIEXPRESS"}
"""Values of the last part of a path that is not a UUID."""
BODIES = {"removePasskey": {"password": PASSWORD}, "declineReturn": {"reason": "It is used."}}
UNDONE = re.compile(r"DELETE .*\}|POST .*\}/(removal|pause|resume|cancel|decline)")


async def test_to_undo_what_does_not_exist_is_refused_as_not_found(platform: Platform, owner: Merchant) -> None:
    ids = await the_ids(platform, owner)
    undone = {name: route for name, route in table().mutations.items() if UNDONE.fullmatch(route)}
    undone["archiveProduct"] = "DELETE /stores/{storeId}/products/{pid}"
    answers = {}
    for name, route in undone.items():
        method, path = route.split(" ")
        *before, last = re.findall(r"\{(\w+)\}", path)
        parts = {each: ids.get(each, "dp_unknown") for each in before} | {last: UNKNOWN.get(last, str(uuid4()))}
        answer = await platform.call(method, path.format(**parts), by=owner, json=BODIES.get(name))
        answers[name] = (answer.status_code, answer.json().get("code"))
    assert {name: each for name, each in answers.items() if each[0] != 404} == {}
    assert len(answers) > 15
