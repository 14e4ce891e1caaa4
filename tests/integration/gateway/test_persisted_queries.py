"""Automatic persisted queries, as Apollo's clients send them."""

import hashlib
import json
from typing import Any

from tests.integration.gateway.test_subscription import address, connected, received
from tests.support.platforms.gateway import Merchant, Platform

__all__ = ["address"]

NOT_FOUND = {
    "data": None,
    "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}],
}


def hashed(query: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}


async def test_a_client_sends_the_text_only_once(platform: Platform, owner: Merchant) -> None:
    query = "query Mine { me { id email } }"
    headers = {"authorization": f"Bearer {owner.token}"}
    alone = {"operationName": "Mine", "variables": {}, "extensions": hashed(query)}
    unknown = await platform.client.post("/graphql", json=alone, headers=headers)
    assert (unknown.status_code, unknown.json()) == (200, NOT_FOUND)
    mine = {"data": {"me": {"id": str(owner.id), "email": owner.email}}}
    answer = await platform.client.post("/graphql", json=alone | {"query": query}, headers=headers)
    assert answer.json() == mine
    known = await platform.client.post("/graphql", json=alone, headers=headers)
    assert (known.status_code, known.json()) == (200, mine)


async def test_a_hash_of_another_text_is_rejected_and_not_stored(platform: Platform) -> None:
    query = "query Other { me { id } }"
    body = {"query": "query Wrong { me { id } }", "extensions": hashed(query)}
    refused = await platform.client.post("/graphql", json=body)
    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "Send the SHA-256 of the query" in error["message"]
    assert (await platform.client.post("/graphql", json={"extensions": hashed(query)})).json() == NOT_FOUND


async def test_a_persisted_query_has_the_limits_of_its_caller(platform: Platform, owner: Merchant) -> None:
    query = "{ " + " ".join(f"a{n}: me {{ id }}" for n in range(20)) + " }"
    headers = {"authorization": f"Bearer {owner.token}"}
    body = {"query": query, "extensions": hashed(query)}
    assert "errors" not in (await platform.client.post("/graphql", json=body, headers=headers)).json()
    refused = await platform.client.post("/graphql", json={"extensions": hashed(query)})
    assert refused.json()["errors"][0]["extensions"]["code"] == "INVALID_QUERY"


async def test_a_hash_over_get_is_answered_with_not_supported(platform: Platform) -> None:
    params = {"operationName": "Q", "variables": "{}", "extensions": json.dumps(hashed("query Q { me { id } }"))}
    answer = await platform.client.get("/graphql", params=params, headers={"accept": "*/*"})
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert error == {
        "message": "PersistedQueryNotSupported",
        "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
    }


async def test_hashes_work_over_a_websocket_and_are_shared_with_http(
    platform: Platform, address: str, owner: Merchant
) -> None:
    query = "query OverSocket { me { email } }"

    async with connected(address, owner) as wire:

        async def ask(**payload: Any) -> dict[str, Any]:
            message = {"id": "1", "type": "subscribe", "payload": {"extensions": hashed(query), **payload}}
            await wire.send(json.dumps(message))
            answer = await received(wire)
            if answer["type"] == "next":
                assert (await received(wire))["type"] == "complete"
            return answer

        assert await ask() == {"id": "1", "type": "error", "payload": NOT_FOUND["errors"]}
        answer = await ask(query=query)
        assert answer["payload"]["data"] == {"me": {"email": owner.email}}
        assert await ask() == answer
        wrong = await ask(query="{ me { id } }")
        assert wrong["payload"][0]["extensions"] == {"code": "BAD_REQUEST"}
    headers = {"authorization": f"Bearer {owner.token}"}
    known = await platform.client.post("/graphql", json={"extensions": hashed(query)}, headers=headers)
    assert known.json() == {"data": {"me": {"email": owner.email}}}
