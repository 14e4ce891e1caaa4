"""Queries of the calls that generations made, and of what they used."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.generation.events import Step
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, restrict


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call to an outside system that a generation made."""

    id: UUID
    generation_id: UUID
    step: Step | None
    """None for the reading of a niche before the first step."""
    attempt: int
    part: str
    """Names the call in its step: ``brand``, ``keywords``, ``search:sample``, a product's id, a page's type."""
    provider: str | None
    """None for the platform's own rules."""
    model: str | None
    prompt: str | None
    prompt_sha256: str | None
    answer_id: UUID
    answer_sha256: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: int | None
    """In millionths of a US dollar; None if it is not known."""
    fallbacks: tuple[str, ...]
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """What the calls of a generation, or of a merchant's month, used."""

    model_requests: int = 0
    supplier_requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    """In millionths of a US dollar, of the calls whose cost is known."""
    calls_without_price: int = 0
    image_seconds: float = 0.0
    """Processing time of the studio."""


_CALLS = (
    "select c.id, c.generation_id, c.step, c.attempt, c.part, c.provider, c.model, c.prompt, c.prompt_sha256, c.answer_id, "
    "c.answer_sha256, c.requests, c.prompt_tokens, c.completion_tokens, c.cost, c.fallbacks, c.seconds, c.at from calls c"
)

_SUMS = (
    "coalesce(sum(c.requests) filter (where c.prompt is not null), 0)::bigint as model_requests, "
    "coalesce(sum(c.requests) filter (where c.prompt is null), 0)::bigint as supplier_requests, "
    "coalesce(sum(c.prompt_tokens), 0)::bigint as prompt_tokens, "
    "coalesce(sum(c.completion_tokens), 0)::bigint as completion_tokens, "
    "coalesce(sum(c.cost), 0)::bigint as cost, count(*) filter (where c.cost is null) as calls_without_price"
)

_SUMS_OF_MONTHS = ", ".join(
    f"coalesce(sum(u.{name}), 0)::bigint as {name}"
    for name in UsageView.__dataclass_fields__
    if name != "image_seconds"
)

_IMAGE_SECONDS = "coalesce(sum((m.studio ->> 'seconds')::double precision), 0)"


async def calls_of_generation(
    db: Reader, generation_id: UUID, *, scope: Scope, after: UUID | None = None, limit: int = 100
) -> tuple[CallView, ...]:
    """Return a generation's calls, the oldest first.

    Args:
        db: the database.
        generation_id: an unknown id has no calls.
        scope: whose rows may be returned.
        after: the last call that the caller has; nothing follows an unknown one.
        limit: the most calls, 1 to 1000.
    """
    where = _within(scope, Conditions().add("c.generation_id = {}", generation_id))
    if after is not None:
        where.add("(c.at, c.id) > (select last.at, last.id from calls last where last.id = {})", after)
    records = await db.fetch(
        f"{_CALLS} where {where.sql} order by c.at, c.id limit {max(1, min(1000, limit))}", *where.arguments
    )
    return tuple(_call(record) for record in records)


async def calls_by_id(db: Reader, ids: Collection[UUID], *, scope: Scope) -> dict[UUID, CallView]:
    """Return calls by their ids; unknown ids are left out."""
    where = _within(scope, Conditions().add("c.id = any({})", list(ids)))
    records = await db.fetch(f"{_CALLS} where {where.sql}", *where.arguments)
    return {record["id"]: _call(record) for record in records}


async def usage_of_generations(db: Reader, generation_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, UsageView]:
    """Return what each generation used; each id of ``generation_ids`` is a key."""
    ids = list(generation_ids)
    where = _within(scope, Conditions().add("c.generation_id = any({})", ids))
    sums = await db.fetch(
        f"select c.generation_id, {_SUMS} from calls c where {where.sql} group by c.generation_id", *where.arguments
    )
    images = await db.fetch(
        f"select m.generation_id, {_IMAGE_SECONDS} as seconds from media m join generations g on g.id = m.generation_id "
        # Not by an equality, which would be a way to find all images of a store.
        "where m.store_id is not distinct from g.store_id and m.generation_id = any($1) and m.studio is not null "
        "group by m.generation_id",
        [record["generation_id"] for record in sums],
    )
    seconds = {record["generation_id"]: record["seconds"] for record in images}
    found = {
        id: UsageView(**record, image_seconds=seconds.get(id, 0.0))
        for id, record in ((values.pop("generation_id"), values) for values in map(dict, sums))
    }
    return {id: found.get(id, UsageView()) for id in ids}


async def usage_of_month(db: Reader, month: date, *, scope: Scope) -> UsageView:
    """Return what the scope's merchant used in a month, which begins with its first day in UTC."""
    where = restrict(Conditions().add("u.month = {}", month), scope, merchant="u.merchant_id = {}", store=None)
    sums = await db.fetchrow(f"select {_SUMS_OF_MONTHS} from usage_months u where {where.sql}", *where.arguments)
    stores = restrict(
        Conditions().add("s.month = {}", month),
        scope,
        merchant="s.store_id in (select owned.id from stores owned where owned.merchant_id = {})",
        store=None,
    )
    seconds = await db.fetchval(
        f"select coalesce(sum(s.seconds), 0) from studio_months s where {stores.sql}", *stores.arguments
    )
    return UsageView(**dict(sums or {}), image_seconds=seconds)


def _within(scope: Scope, where: Conditions) -> Conditions:
    return restrict(where, scope, merchant="c.merchant_id = {}", store=None, team="c.store_id")


def _call(record: Any) -> CallView:
    values = dict(record)
    values["step"] = None if values["step"] is None else Step(values["step"])
    values["fallbacks"] = tuple(json.loads(values["fallbacks"]))
    return CallView(**values)
