"""What a call to an outside system uses, counted where it happens and read where it was started.

A writer's port says nothing about tokens, so the adapter that knows them adds them to the meter of the call that it serves.
The meter is found through the context of the task, as a trace is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic

from domain.calls.context import CallContext
from domain.calls.events import CallUse


@dataclass(slots=True, kw_only=True)
class CallMeter:
    """Counts what one call uses. Each adapter that serves the call adds its share."""

    context: CallContext | None
    provider: str | None = None
    """The service that gave the answer; None if no outside service did."""
    model: str | None = None
    prompt: str | None = None
    """Name and version of the prompt: ``brand.v1``."""
    prompt_sha256: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int | None = 0
    """In millionths of a US dollar; None once a model without a known price was asked."""
    request_ids: list[str] = field(default_factory=list)
    fallbacks: list[str] = field(default_factory=list)
    """Why another model or the rules answered, one sentence each."""
    began: float = field(default_factory=monotonic)

    def use(self) -> CallUse:
        """Return what was counted so far."""
        return CallUse(
            provider=self.provider,
            model=self.model,
            prompt=self.prompt,
            prompt_sha256=self.prompt_sha256,
            parameters=self.parameters,
            requests=self.requests,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost_microdollars=self.cost,
            request_ids=self.request_ids,
            fallbacks=self.fallbacks,
            seconds=round(monotonic() - self.began, 3),
        )


_METER: ContextVar[CallMeter | None] = ContextVar("call_meter", default=None)


@contextmanager
def metered(context: CallContext | None) -> Iterator[CallMeter]:
    """Count what calls use inside the block, tasks that it starts included."""
    meter = CallMeter(context=context)
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)


def current_meter() -> CallMeter:
    """Return the meter of the running call; a new one, which counts in vain, outside of a metered block."""
    return _METER.get() or CallMeter(context=None)
