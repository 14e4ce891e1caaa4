"""Fakes for brand tests: a registry from a table, and a language model and a registry over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response

from domain.store.brand import Availability, BrandIdentity
from domain.store.events import Preferences
from domain.store.ports import BrandBrief
from tests.support.fakes.supply import served


def brief(
    niche: str = "Cyberpunk home decor", *, seed: str = "1", neighbors: Sequence[BrandIdentity] = (), **wishes: Any
) -> BrandBrief:
    """Return a brief; further keywords are the merchant's preferences."""
    return BrandBrief(niche=niche, preferences=Preferences(**wishes), seed=seed, neighbors=neighbors)


@dataclass
class KnownDomains:
    """Implements ``DomainRegistry`` from a table and counts requests."""

    known: Mapping[str, Availability] = field(default_factory=dict)
    otherwise: Availability = Availability.UNKNOWN
    asked: list[Sequence[str]] = field(default_factory=list)

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        self.asked.append(list(domains))
        return {domain: self.known.get(domain, self.otherwise) for domain in domains}


@dataclass
class KnownBrands:
    """Implements ``MerchantBrands`` from a list, the newest first."""

    brands: list[BrandIdentity] = field(default_factory=list)

    async def newest(self, merchant_id: UUID, *, other_than: UUID, limit: int) -> Sequence[BrandIdentity]:
        return self.brands[:limit]


@dataclass(frozen=True)
class Reply:
    """One answer of the model service."""

    content: str = ""
    refusal: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    body: str | None = None
    """The whole body, for answers that violate the protocol."""


@dataclass
class ModelService:
    """Answers OpenAI's chat completions requests from a script and repeats the last reply."""

    replies: Sequence[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    """The idempotency key of each request."""

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/chat/completions")
        async def complete(request: Request) -> Response:
            reply = self.replies[min(len(self.requests), len(self.replies) - 1)]
            self.requests.append(await request.json())
            self.keys.append(request.headers.get("idempotency-key"))
            await asyncio.sleep(reply.delay)
            body = reply.body if reply.body is not None else json.dumps(self._completion(reply))
            return Response(body, reply.status, dict(reply.headers), media_type="application/json")

        return app

    @staticmethod
    def _completion(reply: Reply) -> dict[str, Any]:
        if reply.status != 200:
            return {"error": {"message": "no", "type": "error", "param": None, "code": None}}
        message = {"role": "assistant", "content": reply.content or None, "refusal": reply.refusal}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }


@asynccontextmanager
async def model_service(*replies: Reply) -> AsyncIterator[tuple[ModelService, str]]:
    """Serve a script on this machine; yield the service and its base URL."""
    service = ModelService(replies)
    async with served(service.app) as address:
        yield service, f"{address}/v1"


@dataclass
class Registry:
    """An RDAP server with some domains and some failures."""

    answers: Mapping[str, Callable[[], Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    delay: float = 0.0

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/rdap/domain/{name}")
        async def domain(name: str, request: Request) -> Response:
            self.asked.append(name)
            self.accepted.append(request.headers.get("accept", ""))
            await asyncio.sleep(self.delay)
            return self.answers.get(name, not_found)()

        return app


def registered() -> Response:
    """RFC 9083: the domain exists."""
    body = json.dumps({"objectClassName": "domain", "ldhName": "taken.com", "rdapConformance": ["rdap_level_0"]})
    return Response(body, media_type="application/rdap+json")


def not_found() -> Response:
    """RFC 7480 5.3: the domain does not exist."""
    return Response(json.dumps({"errorCode": 404, "title": "Not Found"}), 404, media_type="application/rdap+json")
