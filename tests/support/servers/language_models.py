"""A local server that speaks the protocols of OpenAI's chat completions and Anthropic's messages, and clients for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import FastAPI, Request, Response

from domain.calls.ports import LanguageModel
from infra.adapters.models.openai import OpenAiModel
from infra.adapters.models.retrying import MODEL_REQUESTS
from infra.writers.prompted.client import ModelClient, Prompt
from tests.support.fakes.supply import served

KEY = "sk-test"
AT_ONCE = replace(MODEL_REQUESTS, first_pause=0.01)
PROMPT = Prompt("test.v1", "Answer.")


@dataclass(frozen=True)
class Reply:
    """One answer of the model service."""

    content: str = ""
    refusal: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut_off: bool = False
    body: str | None = None
    """The whole body, for answers that violate the protocol."""


@dataclass
class ModelService:
    """Answers requests from a script and repeats the last reply."""

    replies: Sequence[Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    """The idempotency key of each request."""

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/chat/completions")
        async def complete(request: Request) -> Response:
            return await self._answer(request, _completion)

        @app.post("/v1/messages")
        async def message(request: Request) -> Response:
            return await self._answer(request, _message)

        return app

    async def _answer(self, request: Request, form: Any) -> Response:
        reply = self.replies[min(len(self.requests), len(self.replies) - 1)]
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("idempotency-key"))
        await asyncio.sleep(reply.delay)
        body = reply.body if reply.body is not None else json.dumps(form(reply))
        return Response(body, reply.status, dict(reply.headers), media_type="application/json")


def _completion(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"message": "no", "type": "error", "param": None, "code": None}}
    message = {"role": "assistant", "content": reply.content or None, "refusal": reply.refusal}
    finish = "length" if reply.cut_off else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def _message(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        return {"type": "error", "error": {"type": "api_error", "message": "no"}}
    stop = "refusal" if reply.refusal else "max_tokens" if reply.cut_off else "end_turn"
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [] if reply.refusal else [{"type": "text", "text": reply.content}],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }


@asynccontextmanager
async def model_service(*replies: Reply) -> AsyncIterator[tuple[ModelService, str]]:
    """Serve a script on this machine; yield the service and OpenAI's base URL of it."""
    service = ModelService(replies)
    async with served(service.app) as address:
        yield service, f"{address}/v1"


def openai_model(base_url: str, *, name: str = "scripted", **options: Any) -> OpenAiModel:
    """Return OpenAI's adapter on a local server."""
    return OpenAiModel(model=name, api_key=KEY, base_url=base_url, **{"retries": AT_ONCE, **options})


def anthropic_model(base_url: str, *, name: str = "scripted", **options: Any) -> LanguageModel:
    """Return Anthropic's adapter on a local server, whose address is OpenAI's base URL of it."""
    # Its library takes a second to import, which only tests that call it should pay.
    from infra.adapters.models.anthropic import AnthropicModel

    address = base_url.removesuffix("/v1")
    return AnthropicModel(model=name, api_key=KEY, base_url=address, **{"retries": AT_ONCE, **options})


@asynccontextmanager
async def asking(*models: LanguageModel, **options: Any) -> AsyncIterator[ModelClient]:
    """Yield a client of these models and close it."""
    client = ModelClient(models, **options)
    try:
        yield client
    finally:
        await client.aclose()
