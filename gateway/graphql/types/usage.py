"""What generations used: calls to models, suppliers and other systems, tokens, money and image time."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Self
from uuid import UUID

import strawberry

from domain.generation.events import Step
from gateway.api.validation import call_cursor
from gateway.graphql.context import ReadContext
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.node import Node
from projections.jobs.calls import CallView, UsageView, calls_of_generation
from projections.reading.paging import Edge, Slice, Window


@strawberry.type(description="A call to a writer, a supplier or another system that a generation made.")
class OutsideCall(Node):
    id: strawberry.ID
    step: Step | None = strawberry.field(description="Null for the reading of a niche before the first step.")
    attempt: int
    part: str = strawberry.field(
        description="Names the call in its step: `brand`, `keywords`, `search:SAMPLE`, a product's id, a page's type."
    )
    provider: str | None = strawberry.field(
        description="The service that answered, such as `openai`. Null for the platform's own rules."
    )
    model: str | None = strawberry.field(description="The language model. Null if none answered.")
    prompt: str | None = strawberry.field(description="Name and version of the instructions, such as `brand.v1`.")
    prompt_sha256: str | None
    answer_sha256: str = strawberry.field(description="The digest of the recorded answer.")
    requests: int = strawberry.field(description="Requests to services outside, repeats included.")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: str | None = strawberry.field(
        description="In US dollars, such as `0.001130`. Null if a model without a known price was asked."
    )
    fallbacks: list[str] = strawberry.field(description="Why another model or the rules answered.")
    seconds: float
    at: datetime

    @classmethod
    def of(cls, view: CallView) -> Self:
        return cls(
            id=as_gid(view.id),
            step=view.step,
            attempt=view.attempt,
            part=view.part,
            provider=view.provider,
            model=view.model,
            prompt=view.prompt,
            prompt_sha256=view.prompt_sha256,
            answer_sha256=view.answer_sha256,
            requests=view.requests,
            prompt_tokens=view.prompt_tokens,
            completion_tokens=view.completion_tokens,
            cost_usd=None if view.cost is None else dollars(view.cost),
            fallbacks=list(view.fallbacks),
            seconds=view.seconds,
            at=view.at,
        )


@strawberry.type(description="What calls used.")
class Usage:
    model_requests: int
    supplier_requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: str = strawberry.field(description="In US dollars, such as `0.001130`, of calls whose cost is known.")
    calls_without_price: int = strawberry.field(description="Calls of models whose price is not known.")
    image_seconds: float = strawberry.field(description="Processing time of photos.")

    @classmethod
    def of(cls, view: UsageView) -> Self:
        return cls(
            model_requests=view.model_requests,
            supplier_requests=view.supplier_requests,
            prompt_tokens=view.prompt_tokens,
            completion_tokens=view.completion_tokens,
            cost_usd=dollars(view.cost),
            calls_without_price=view.calls_without_price,
            image_seconds=view.image_seconds,
        )


async def call_page(reading: ReadContext, id: UUID, first: int | None, after: str | None) -> Slice[CallView]:
    """Return a page of a generation's calls, the oldest first. A call's id is its cursor.

    Raises:
        InvalidInput: the window or the cursor is invalid.
    """
    window = Window(first=first, after=after)
    window.check()
    calls: Sequence[CallView] = await calls_of_generation(
        reading.db, id, after=call_cursor(after), limit=window.size + 1, scope=reading.scope
    )
    return Slice(
        edges=tuple(Edge(partial(str, call.id), call) for call in calls[: window.size]),
        has_next=len(calls) > window.size,
        has_previous=after is not None,
    )


def dollars(cost: int) -> str:
    """Return millionths of a US dollar in US dollars."""
    return f"{Decimal(cost) / 1_000_000:.6f}"
