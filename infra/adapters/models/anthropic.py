"""A language model behind Anthropic's Messages API."""

import anthropic
from anthropic.types import Message, MessageParam

from domain.calls.ports import CallRefused, ModelReply, ModelRequest
from domain.kernel import Transient
from infra.adapters.models.retrying import MODEL_REQUESTS, may_pass, pause_asked
from infra.retry import RetryPolicy, retry
from infra.web.http_clients import direct_mounts


class AnthropicModel:
    """Implements :class:`domain.calls.ports.LanguageModel`.

    The API knows no seed. Its schemas know no lengths: the library writes them into the descriptions.

    Args:
        model: the model's name, as the service knows it.
        api_key: the secret; never logged.
        base_url: another address of the API; Anthropic's own if None.
        timeout: seconds for one request.
        retries: for one request.
    """

    provider = "anthropic"

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
        self._retries = retries
        # The library's own retries are off: one retry policy for all outside calls.
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,
            # A server on this machine is asked directly, whatever proxy leads outside.
            http_client=anthropic.DefaultAsyncHttpxClient(mounts=direct_mounts()),
        )

    @property
    def _who(self) -> str:
        return f"The language model “{self.name}”"

    async def complete(self, request: ModelRequest) -> ModelReply:
        message = await retry(
            lambda: self._request(request), self._retries, may_pass=lambda outage: _may_pass(outage.__cause__)
        )
        return self._reply(message)

    async def aclose(self) -> None:
        await self._client.close()

    async def _request(self, request: ModelRequest) -> Message:
        turns: list[MessageParam] = []
        for turn in request.turns:
            if turn.role == "user":
                turns.append({"role": "user", "content": turn.text})
            else:
                turns.append({"role": "assistant", "content": turn.text})
        key = request.idempotency_key
        try:
            return await self._client.messages.create(
                model=self.name,
                system=request.system,
                messages=turns,
                max_tokens=request.max_tokens,
                output_config={
                    "format": {"type": "json_schema", "schema": anthropic.transform_schema(dict(request.schema))}
                },
                extra_headers={} if key is None else {"Idempotency-Key": key},
            )
        except anthropic.AnthropicError as error:
            raise self._outage(error) from error
        except (ValueError, RecursionError) as error:
            raise Transient(self._who, "answered with something that is not a message") from error

    def _outage(self, error: anthropic.AnthropicError) -> Transient:
        match error:
            case anthropic.APITimeoutError():
                what = "did not answer in time"
            case anthropic.APIConnectionError():
                what = f"could not be reached at {self._client.base_url.host}"
            case anthropic.APIStatusError(status_code=401 | 403):
                what = "refused the API key; check ANTHROPIC_API_KEY"
            case anthropic.APIStatusError(status_code=404):
                what = "does not exist at that service; check the model's name and the base URL"
            case anthropic.APIStatusError(status_code=429):
                what = "is over its limit"
            case anthropic.APIStatusError():
                what = f"answered with status {error.status_code}"
            case _:
                what = f"could not be used ({type(error).__name__})"
        asked = pause_asked(error.response.headers) if isinstance(error, anthropic.APIStatusError) else None
        return Transient(self._who, what, retry_after=asked)

    def _reply(self, message: Message) -> ModelReply:
        # A server that is not Anthropic's may send null here, which the library does not check.
        blocks, used = getattr(message, "content", None), getattr(message, "usage", None)
        if message.stop_reason == "refusal":
            raise CallRefused(self._who, "declined the request")
        if not blocks:
            raise Transient(self._who, "sent an answer without content")
        return ModelReply(
            text="".join(block.text for block in blocks if block.type == "text"),
            prompt_tokens=used.input_tokens if used else None,
            completion_tokens=used.output_tokens if used else None,
            request_id=getattr(message, "_request_id", None) or message.id,
            cut_off=message.stop_reason == "max_tokens",
        )


def _may_pass(error: BaseException | None) -> bool:
    match error:
        case anthropic.APIStatusError():
            return may_pass(error.status_code)
        case anthropic.APITimeoutError():
            # A request that has used its 60 seconds would use them again; the caller decides about another.
            return False
        case _:
            return isinstance(error, anthropic.APIConnectionError)
