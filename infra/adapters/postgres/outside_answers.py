"""Recorded answers of outside calls in PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from commands.ports import Answered, answered
from domain.calls.context import CallContext
from domain.calls.events import CallUse
from schemas.internal.call_meter import metered

T = TypeVar("T")


class PostgresOutsideAnswers:
    """Implements :class:`commands.ports.OutsideAnswers`.

    The answer is committed before the command that uses it. Only a crash between the call and its recording causes a
    second call. Two concurrent callers both get the answer that was recorded first.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def once(
        self, key: UUID, model: type[T], ask: Callable[[], Awaitable[T]], *, context: CallContext
    ) -> Answered[T]:
        adapter: TypeAdapter[T] = TypeAdapter(model)
        recorded = await self._pool.fetchrow("select answer, use from answers where key = $1", key)
        if recorded is None:
            with metered(context) as meter:
                answer = adapter.dump_json(await ask())
            recorded = await self._pool.fetchrow(
                "insert into answers (key, answer, use) values ($1, $2, $3::jsonb)"
                " on conflict (key) do update set answer = answers.answer returning answer, use",
                key,
                answer,
                meter.use().model_dump_json(),
            )
            assert recorded is not None
        use = recorded["use"]
        return answered(adapter, recorded["answer"], None if use is None else CallUse.model_validate_json(use))
