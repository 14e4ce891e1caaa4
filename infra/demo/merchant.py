"""A GraphQL client that acts as a merchant, as a dashboard would."""

import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
from websockets.asyncio.client import connect

from infra.demo.calls import naming
from infra.demo.log_in import REGISTER, LogIn

REQUEST = """
mutation($input: RequestStoreInput!) {
  requestStore(input: $input) { storeId generationId consistencyToken userErrors { field message } }
}
"""
PROGRESS = """
subscription($store: ID!, $token: String) {
  generationProgress(storeId: $store, consistencyToken: $token) {
    status progress error lastLog { message }
    attention { message suggestions available { category count } }
    steps { step status progress summary }
  }
}
"""
APPROVE = """
mutation($input: StoreInput!) { approveStore(input: $input) { consistencyToken userErrors { message } } }
"""
PUBLISH = """
mutation($input: StoreInput!) {
  publishStore(input: $input) { store { name slug url } consistencyToken userErrors { message } }
}
"""
STORE = """
query($id: ID!, $token: String) {
  store(id: $id, consistencyToken: $token) {
    name slug url status
    brandIdentity { voice { tagline tone } }
    scouting { candidates }
    products(first: 50) { totalCount edges { node { title status images { status rejection } } } }
    pages(first: 20) { totalCount }
    publicationBlockers { code mutation blocks }
    jobs { type step status startedAt completedAt }
  }
}
"""
SIGHT = """
query($id: ID!) {
  store(id: $id) {
    status
    brandIdentity { name }
    products(first: 50) { edges { node { images { originalUrl status } } } }
    generation { status }
    jobs { step startedAt completedAt }
  }
}
"""
ORDERS = """
query($id: ID!) { store(id: $id) { orders(first: 5) { edges { node { id number status total currency } } } } }
"""


def in_words(attention: dict[str, Any]) -> str:
    """Return what a generation asks its merchant as text for a terminal."""
    lines = [attention["message"]]
    if attention["available"]:
        has = ", ".join(f"{each['category']} ({each['count']})" for each in attention["available"])
        lines.append(f"The supplier has: {has}.")
    if attention["suggestions"]:
        lines.append(f"Niches to try: {', '.join(attention['suggestions'])}.")
    return "\n".join(lines)


class PlatformError(Exception):
    """The platform rejected a request; the message is the platform's."""


class Merchant:
    """A logged-in merchant."""

    def __init__(self, client: httpx.AsyncClient, gateway_url: str) -> None:
        self._client = client
        self._gateway_url = gateway_url
        self._access_token = ""

    async def register(self) -> LogIn:
        """Register a new account for this run and log in."""
        log_in = LogIn(f"demo-{secrets.token_hex(4)}@zyenta.example", secrets.token_urlsafe(12))
        fields = {"email": log_in.email, "password": log_in.password, "name": "Demo Merchant"}
        payload = await self._mutate("register", REGISTER, fields)
        self._access_token = payload["accessToken"]
        return log_in

    async def request_store(self, niche: str, *, contact_email: str) -> tuple[str, str]:
        """Request a store and return its id and a consistency token."""
        payload = await self._mutate("requestStore", REQUEST, {"niche": niche, "contactEmail": contact_email})
        return payload["storeId"], payload["consistencyToken"]

    async def watch(self, store_id: str, token: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the generation's progress from the subscription until the generation ends."""
        address = self._gateway_url.replace("http", "ws", 1) + "/graphql"
        async with (
            naming(address),
            connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket,  # type: ignore[list-item]
        ):
            authorization = {"authorization": f"Bearer {self._access_token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
            operation = {"query": PROGRESS, "variables": {"store": store_id, "token": token}}
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "connection_ack":
                    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": operation}))
                elif message["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong"}))
                elif message["type"] == "next":
                    errors = message["payload"].get("errors")
                    if errors:
                        raise PlatformError(errors[0]["message"])
                    yield message["payload"]["data"]["generationProgress"]
                elif message["type"] == "complete":
                    return
                elif message["type"] == "error":
                    raise PlatformError(message["payload"][0]["message"])

    async def approve(self, store_id: str) -> None:
        """Approve the store."""
        await self._mutate("approveStore", APPROVE, {"storeId": store_id})

    async def publish(self, store_id: str) -> dict[str, Any]:
        """Publish the store and return it as queries show it afterwards."""
        payload = await self._mutate("publishStore", PUBLISH, {"storeId": store_id})
        answer = await self._query(STORE, {"id": store_id, "token": payload["consistencyToken"]})
        store: dict[str, Any] = answer["store"]
        return store

    async def sight(self, store_id: str) -> dict[str, Any]:
        """Return what the store shows so far: its brand, photos and jobs. Its fields are empty until it is known."""
        store: dict[str, Any] | None = (await self._query(SIGHT, {"id": store_id}))["store"]
        nothing: dict[str, Any] = {
            "status": "CREATING",
            "brandIdentity": None,
            "products": {"edges": []},
            "generation": None,
        }
        return {**nothing, "jobs": []} if store is None else store

    async def orders(self, store_id: str) -> list[dict[str, Any]]:
        """Return the store's newest orders."""
        answer = await self._query(ORDERS, {"id": store_id})
        return [edge["node"] for edge in answer["store"]["orders"]["edges"]]

    async def _mutate(self, name: str, query: str, fields: dict[str, Any]) -> dict[str, Any]:
        payload: dict[str, Any] = (await self._query(query, {"input": fields}))[name]
        if payload["userErrors"]:
            raise PlatformError(payload["userErrors"][0]["message"])
        return payload

    async def _query(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._access_token}"} if self._access_token else {}
        address = f"{self._gateway_url}/graphql"
        async with naming(address):
            answer = await self._client.post(address, json={"query": query, "variables": variables}, headers=headers)
            body = answer.json()
        if body.get("errors"):
            raise PlatformError(body["errors"][0]["message"])
        data: dict[str, Any] = body["data"]
        return data
