"""Events of calls to outside systems that generations make."""

from uuid import UUID

from domain.generation.events import Step
from domain.kernel import DomainEvent, Value


class CallUse(Value):
    """Who answered a call, with what, and what it used."""

    provider: str | None = None
    """The service that answered: ``openai``, a compatible server's host, a supplier; null for the platform's own rules."""
    model: str | None = None
    """The language model; null if none answered."""
    prompt: str | None = None
    """Name and version of the instructions: ``brand.v1``; null if no model was asked."""
    prompt_sha256: str | None = None
    """The digest of the instructions' text, in hexadecimal digits."""
    parameters: dict[str, str] = {}
    """The model's parameters: ``{"max_tokens": "8000", "seed": "7"}``."""
    requests: int = 0
    """Requests to services outside, repeats and repairs included."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_microdollars: int | None = 0
    """In millionths of a US dollar; null if a model without a known price was asked."""
    request_ids: list[str] = []
    """The services' own names of the requests."""
    fallbacks: list[str] = []
    """Why another model or the rules answered, one sentence for each."""
    seconds: float = 0.0
    """From the call to its answer, retries included."""


class OutsideCallRecorded(DomainEvent, wire_name="call.outside_call_recorded.v1"):
    """A writer, a supplier or another system answered a call of a generation. The answer is kept by its digest."""

    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    step: Step | None = None
    """Null for the reading of a niche before the first step."""
    attempt: int
    """The step's attempt; 0 before the first step."""
    part: str
    """Names the call in its step: ``brand``, ``keywords``, ``search:sample``, a product's id, a page's type."""
    answer_id: UUID
    """The key of the recorded answer."""
    answer_sha256: str
    """The digest of the recorded answer, in hexadecimal digits. A replay refuses an answer with another digest."""
    use: CallUse


CallEvent = OutsideCallRecorded
