"""What a call to an outside system is made for."""

from dataclasses import dataclass
from uuid import UUID

from domain.generation.events import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """The part of a generation that a call is made for."""

    generation_id: UUID
    store_id: UUID
    merchant_id: UUID
    step: Step | None
    """None for the reading of a niche before the first step."""
    attempt: int
    """0 before the first step."""
    part: str = ""
    """Names the call in a step that makes several: a product's id, a page's type, ``niche``."""
