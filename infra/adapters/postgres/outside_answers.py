"""Recorded answers of outside calls in PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

T = TypeVar("T")


class PostgresOutsideAnswers:
    """Implements :class:`commands.ports.OutsideAnswers`.

    The answer is committed before the command that uses it. Only a crash between the call and its recording causes a
    second call. Two concurrent callers both get the answer that was recorded first.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def once(self, key: UUID, model: type[T], ask: Callable[[], Awaitable[T]]) -> T:
        adapter: TypeAdapter[T] = TypeAdapter(model)
        recorded = await self._pool.fetchval("select answer from answers where key = $1", key)
        if recorded is None:
            answer = adapter.dump_json(await ask())
            recorded = await self._pool.fetchval(
                "insert into answers (key, answer) values ($1, $2)"
                " on conflict (key) do update set answer = answers.answer returning answer",
                key,
                answer,
            )
        return adapter.validate_json(recorded)
