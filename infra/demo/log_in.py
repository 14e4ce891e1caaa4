"""The log-in of a merchant for a person who wants to look around.

It needs no HTTP client library: the process that only watches a platform keeps what it once loads.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener
from uuid import UUID

REGISTER = """
mutation($input: RegisterInput!) { register(input: $input) { accessToken consistencyToken userErrors { message } } }
"""
LOG_IN = "mutation($input: LogInInput!) { logIn(input: $input) { accessToken userErrors { message } } }"
SECONDS = 30


@dataclass(frozen=True, slots=True)
class LogIn:
    """Credentials of a merchant."""

    email: str
    password: str


async def enter(gateway_url: str, log_in: LogIn, *, request_id: UUID) -> bool:
    """Log in, or open the account first. False if its owner has changed the address or password, or deleted it.

    Args:
        gateway_url: where to log in.
        log_in: the credentials that the account begins with.
        request_id: names the registration, so that the account is opened once, whatever its owner does later.

    Raises:
        OSError, ValueError: the gateway did not return a usable answer.
    """
    credentials = {"email": log_in.email, "password": log_in.password}
    registration = {**credentials, "commandId": str(request_id)}
    for name, query, fields in (("logIn", LOG_IN, credentials), ("register", REGISTER, registration)):
        answer = await asyncio.to_thread(_post, gateway_url, {"query": query, "variables": {"input": fields}})
        payload = (answer.get("data") or {}).get(name) or {}
        if payload.get("accessToken"):
            return True
    return False


def _post(gateway_url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a GraphQL request past any proxy and return the answer; an empty one if the gateway rejects the request."""
    request = Request(  # noqa: S310 - the address is from the settings
        f"{gateway_url}/graphql", data=json.dumps(body).encode(), headers={"content-type": "application/json"}
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
    except HTTPError:
        return {}
    return answer
