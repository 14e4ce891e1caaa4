"""A language model behind OpenAI's API, or behind any server that speaks its protocol.

Chat completions are used, not responses: compatible servers speak chat completions.
"""

from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from domain.calls.ports import CallRefused, ModelReply, ModelRequest
from domain.kernel import Transient
from infra.adapters.models.retrying import MODEL_REQUESTS, may_pass, pause_asked
from infra.retry import RetryPolicy, retry
from infra.web.http_clients import direct_mounts


class OpenAiModel:
    """Implements :class:`domain.calls.ports.LanguageModel`.

    Args:
        model: the model's name, as the service knows it.
        api_key: the secret; never logged.
        base_url: a server that speaks the same protocol; OpenAI's own if None.
        timeout: seconds for one request.
        retries: for one request.
    """

    def __init__(
        self,
        *,
        model: str,
        api_key: str,
        base_url: str | None = None,
        timeout: float = 60.0,
        retries: RetryPolicy = MODEL_REQUESTS,
    ) -> None:
        self.name = model
        self.provider = "openai" if base_url is None else (urlsplit(base_url).hostname or "openai-compatible")
        self._retries = retries
        # The library's own retries are off: one retry policy for all outside calls.
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,
            # A model on this machine is asked directly, whatever proxy leads outside.
            http_client=openai.DefaultAsyncHttpxClient(mounts=direct_mounts()),
        )

    @property
    def _who(self) -> str:
        return f"The language model “{self.name}”"

    async def complete(self, request: ModelRequest) -> ModelReply:
        completion = await retry(
            lambda: self._request(request), self._retries, may_pass=lambda outage: _may_pass(outage.__cause__)
        )
        return self._reply(completion)

    async def aclose(self) -> None:
        await self._client.close()

    async def _request(self, request: ModelRequest) -> ChatCompletion:
        messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": request.system}]
        for turn in request.turns:
            if turn.role == "user":
                messages.append({"role": "user", "content": turn.text})
            else:
                messages.append({"role": "assistant", "content": turn.text})
        key = request.idempotency_key
        try:
            return await self._client.chat.completions.create(
                model=self.name,
                messages=messages,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": request.shape, "strict": True, "schema": dict(request.schema)},
                },
                max_completion_tokens=request.max_tokens,
                seed=openai.omit if request.seed is None else request.seed,
                extra_headers={} if key is None else {"Idempotency-Key": key},
            )
        except openai.OpenAIError as error:
            raise self._outage(error) from error
        except (ValueError, RecursionError) as error:
            # A proxy's HTML page under status 200, or brackets without end, fail inside the library as they are.
            raise Transient(self._who, "answered with something that is not a chat completion") from error

    def _outage(self, error: openai.OpenAIError) -> Transient:
        match error:
            case openai.APITimeoutError():
                what = "did not answer in time"
            case openai.APIConnectionError():
                what = f"could not be reached at {self._client.base_url.host}"
            case openai.APIStatusError(status_code=401 | 403):
                what = "refused the API key; check OPENAI_API_KEY"
            case openai.APIStatusError(status_code=404):
                what = "does not exist at that service; check the model's name and the base URL"
            case openai.APIStatusError(status_code=429):
                what = "is over its limit"
            case openai.APIStatusError():
                what = f"answered with status {error.status_code}"
            case _:
                what = f"could not be used ({type(error).__name__})"
        asked = pause_asked(error.response.headers) if isinstance(error, openai.APIStatusError) else None
        return Transient(self._who, what, retry_after=asked)

    def _reply(self, completion: ChatCompletion) -> ModelReply:
        # Compatible servers do send `choices: null`, which the library does not check.
        choices = getattr(completion, "choices", None)
        if not choices:
            raise Transient(self._who, "sent an answer without any choice")
        choice, used = choices[0], getattr(completion, "usage", None)
        if choice.message.refusal:
            raise CallRefused(self._who, "declined the request")
        if choice.finish_reason == "content_filter":
            raise CallRefused(self._who, "had its answer withheld by a content filter")
        return ModelReply(
            text=choice.message.content or "",
            prompt_tokens=used.prompt_tokens if used else None,
            completion_tokens=used.completion_tokens if used else None,
            request_id=getattr(completion, "_request_id", None) or completion.id,
            cut_off=choice.finish_reason == "length",
        )


def _may_pass(error: BaseException | None) -> bool:
    match error:
        case openai.APIStatusError(code="insufficient_quota"):
            return False
        case openai.APIStatusError():
            return may_pass(error.status_code)
        case openai.APITimeoutError():
            # A request that has used its 60 seconds would use them again; the caller decides about another.
            return False
        case _:
            return isinstance(error, openai.APIConnectionError)
