"""What every adapter of a language model does, over real HTTP against a server that speaks its protocol."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from domain.calls.ports import CallRefused, LanguageModel, ModelRequest, Turn
from domain.kernel import Transient
from tests.support.servers.language_models import (
    KEY,
    ModelService,
    Reply,
    anthropic_model,
    model_service,
    openai_model,
)

WORD = {
    "type": "object",
    "properties": {"word": {"type": "string", "maxLength": 9}},
    "required": ["word"],
    "additionalProperties": False,
}
REQUEST = ModelRequest(
    system="Answer in one word.",
    turns=[Turn("user", "Color?"), Turn("assistant", "{}"), Turn("user", "Again.")],
    shape="Word",
    schema=WORD,
    max_tokens=50,
    seed=4,
    idempotency_key="word:1",
)

Adapter = Callable[..., LanguageModel]
every_adapter = pytest.mark.parametrize("adapter", [openai_model, anthropic_model], ids=["openai", "anthropic"])


@every_adapter
async def test_an_answer_has_its_text_its_usage_and_the_services_name_of_the_request(adapter: Adapter) -> None:
    async with model_service(Reply('{"word": "red"}', headers={"x-request-id": "r", "request-id": "r"})) as (_, url):
        model = adapter(url)
        reply = await model.complete(REQUEST)
        await model.aclose()
    assert (json.loads(reply.text), reply.cut_off) == ({"word": "red"}, False)
    assert (reply.prompt_tokens, reply.completion_tokens, reply.request_id) == (11, 7, "r")


@every_adapter
async def test_a_request_carries_instructions_conversation_schema_bound_and_key(adapter: Adapter) -> None:
    async with model_service(Reply("{}")) as (service, url):
        model = adapter(url, name="some-model")
        await model.complete(REQUEST)
        await model.aclose()
    assert service.keys == ["word:1"]
    (sent,) = service.requests
    assert sent["model"] == "some-model"
    assert _instructions(sent) == "Answer in one word."
    assert [turn["content"] for turn in sent["messages"] if turn["role"] != "system"] == ["Color?", "{}", "Again."]
    assert _schema(sent)["properties"].keys() == {"word"}
    assert _schema(sent)["additionalProperties"] is False
    assert 50 in {sent.get("max_tokens"), sent.get("max_completion_tokens")}


@every_adapter
async def test_an_answer_that_ends_at_the_bound_says_so(adapter: Adapter) -> None:
    assert (await _ask(adapter, Reply('{"wo', cut_off=True))).cut_off


@every_adapter
async def test_a_model_that_declines_is_not_asked_again(adapter: Adapter) -> None:
    async with model_service(Reply(refusal="I would rather not.")) as (service, url):
        model = adapter(url)
        with pytest.raises(CallRefused, match=r"^The language model “scripted” declined the request\.$"):
            await model.complete(REQUEST)
        await model.aclose()
    assert len(service.requests) == 1


@every_adapter
@pytest.mark.parametrize(
    ("reply", "requests", "what"),
    [
        (Reply(status=500), 3, "answered with status 500"),
        (Reply(status=401), 1, "refused the API key"),
        (Reply(status=404), 1, "check the model's name"),
        (Reply(status=400), 1, "answered with status 400"),
        (Reply(status=429, headers={"retry-after": "600"}), 1, "is over its limit"),
        (Reply(body="<html>proxy</html>"), 1, "answered with something"),
        (Reply(body="[" * 100_000), 1, "answered with something"),
        (Reply(body="{}"), 1, "sent an answer without"),
        (Reply(delay=60), 1, "did not answer in time"),
    ],
    ids=["500", "401", "404", "400", "long pause", "html", "deep", "empty", "slow"],
)
async def test_an_outage_is_named_and_never_shows_the_key(
    adapter: Adapter, reply: Reply, requests: int, what: str
) -> None:
    async with model_service(reply) as (service, url):
        model = adapter(url, timeout=1.0 if reply.delay else 60.0)
        with pytest.raises(Transient, match=r"^The language model “scripted”") as failed:
            await model.complete(REQUEST)
        await model.aclose()
    assert what in str(failed.value)
    assert KEY not in str(failed.value)
    assert len(service.requests) == requests


@every_adapter
async def test_a_moments_outage_is_retried_and_a_short_pause_is_waited_out(adapter: Adapter) -> None:
    began = time.monotonic()
    service = await _served(adapter, Reply(status=503), Reply(status=429, headers={"retry-after": "1"}), Reply("{}"))
    assert time.monotonic() - began >= 1
    assert len(service.requests) == 3


@every_adapter
async def test_a_service_that_is_not_there_is_an_outage(adapter: Adapter) -> None:
    model = adapter("http://127.0.0.1:9/v1")
    with pytest.raises(Transient, match=r"could not be reached at 127\.0\.0\.1"):
        await model.complete(REQUEST)
    await model.aclose()


async def _ask(adapter: Adapter, reply: Reply) -> Any:
    async with model_service(reply) as (_, url):
        model = adapter(url)
        try:
            return await model.complete(REQUEST)
        finally:
            await model.aclose()


async def _served(adapter: Adapter, *replies: Reply) -> ModelService:
    async with model_service(*replies) as (service, url):
        model = adapter(url)
        await model.complete(REQUEST)
        await model.aclose()
    return service


def _instructions(sent: dict[str, Any]) -> Any:
    return sent["system"] if "system" in sent else sent["messages"][0]["content"]


def _schema(sent: dict[str, Any]) -> Any:
    if "output_config" in sent:
        return sent["output_config"]["format"]["schema"]
    return sent["response_format"]["json_schema"]["schema"]
