"""The ports of language models and of the money that their calls may cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from domain.calls.context import CallContext


class CallRefused(Exception):
    """A call will not be answered, however often it is made: the model declined it, or its budget is spent.

    Adapters raise it beside ``Transient``, for which a retry may help.
    """

    def __init__(self, who: str, what: str) -> None:
        super().__init__(f"{who} {what}.")
        self.who, self.what = who, what


class BudgetExceeded(CallRefused):
    """The next call could cost more than its budget has left. The call was not made."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation with a model."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One request to a language model, whose answer is one JSON object."""

    system: str
    """The instructions. Text of merchants and suppliers is never in them."""
    turns: Sequence[Turn]
    shape: str
    """The name of the answer's JSON schema."""
    schema: Mapping[str, Any]
    """The answer's JSON schema in strict form: every field required, no other allowed."""
    max_tokens: int
    """Longest answer, reasoning included."""
    seed: int | None = None
    """Requests repeatable sampling; services may ignore it."""
    idempotency_key: str | None = None
    """Lets a service that knows the header bill a repeated request once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """A model's answer to one request."""

    text: str
    """The answer as the model wrote it; not yet validated."""
    prompt_tokens: int | None
    """None if the service did not count."""
    completion_tokens: int | None
    request_id: str | None
    """The service's own name of the request, for questions to its support."""
    cut_off: bool = False
    """Whether the answer ended at ``max_tokens``."""


class LanguageModel(Protocol):
    """A language model behind an API."""

    @property
    def provider(self) -> str:
        """The service: ``openai``, ``anthropic``, or the host of a compatible server."""
        ...

    @property
    def name(self) -> str:
        """The model's name at the service."""
        ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Return the model's answer to one request.

        Raises:
            Transient: no answer: an outage, a limit, a time-out, a reply outside the protocol. Retrying may help.
            CallRefused: the model declined; retrying cannot help.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """The most that a call may use, held back from its budgets until it is settled."""

    context: CallContext
    month: str
    tokens: int
    cost: int | None
    """In millionths of a US dollar; None if the model has no known price."""


class ModelBudget(Protocol):
    """The budget of model calls, per generation and per merchant and month. All processes share it."""

    async def reserve(self, context: CallContext, *, tokens: int, cost: int | None) -> Reservation:
        """Hold back the most that a call may use.

        Args:
            context: the call's generation and merchant.
            tokens: prompt and answer together.
            cost: in millionths of a US dollar; None if the model has no known price.

        Raises:
            BudgetExceeded: a budget has less left. Nothing is held back.
        """
        ...

    async def settle(self, reservation: Reservation, *, tokens: int, cost: int | None) -> None:
        """Replace a reservation by what the call used."""
        ...


class WorkBudget(Protocol):
    """The budget of supplier calls and image seconds, per generation and per merchant and month. All processes share it."""

    async def take(self, context: CallContext, *, supplier_calls: int = 0, image_seconds: float = 0.0) -> None:
        """Count what is about to be used.

        Raises:
            BudgetExceeded: a budget has less left. Nothing is counted.
        """
        ...

    async def correct(self, context: CallContext, *, image_seconds: float) -> None:
        """Count what was used beyond what was taken; negative if it was less. Never refused."""
        ...


@dataclass(frozen=True, slots=True)
class Spending:
    """What model calls have used."""

    tokens: int
    cost: int
    """In millionths of a US dollar, of the models with a known price."""
