"""Budgets of language models in PostgreSQL, shared by all processes."""

import logging
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.calls.meter import CallContext
from domain.calls.ports import BudgetExceeded, Reservation, Spending
from domain.kernel import Clock
from infra.adapters.postgres.pools import Connection
from projections.engine.postgres_errors import DATABASE_AWAY

logger = logging.getLogger(__name__)

_HOLD = """
insert into model_spending as held (scope, period, tokens, cost) values ($1, $2, $3, $4)
on conflict (scope, period) do update set tokens = held.tokens + $3, cost = held.cost + $4
where held.tokens + $3 <= $5 and held.cost + $4 <= $6
returning 1
"""

_SETTLE = "update model_spending set tokens = tokens + $3, cost = cost + $4 where scope = $1 and period = $2"

_SPENT = "select tokens, cost from model_spending where scope = $1 and period = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that the calls of one generation, or of one merchant's month, may use."""

    tokens: int
    cost: int
    """In millionths of a US dollar."""


class _Full(Exception):
    def __init__(self, what: str, limit: Limit, spent: Spending) -> None:
        self.what, self.limit, self.spent = what, limit, spent


class PostgresModelBudget:
    """Implements :class:`domain.calls.ports.ModelBudget` and :class:`domain.calls.ports.SpendingQueries`.

    Args:
        pool: connections of the event store's database.
        clock: says which month it is.
        generation: the limit of one generation.
        month: the limit of one merchant's calendar month, UTC.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Clock, *, generation: Limit, month: Limit) -> None:
        self._pool = pool
        self._clock = clock
        self._generation = generation
        self._month = month

    async def reserve(self, context: CallContext, *, tokens: int, cost: int | None) -> Reservation:
        reservation = Reservation(context, f"{self._clock.now():%Y-%m}", tokens, cost)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._hold(connection, context.generation_id, "", reservation, self._generation)
                await self._hold(connection, context.merchant_id, reservation.month, reservation, self._month)
        except _Full as full:
            raise BudgetExceeded("The language model", _refusal(full, tokens, cost)) from None
        return reservation

    async def settle(self, reservation: Reservation, *, tokens: int, cost: int | None) -> None:
        more = (tokens - reservation.tokens, (cost or 0) - (reservation.cost or 0))
        context = reservation.context
        rows = [(context.generation_id, "", *more), (context.merchant_id, reservation.month, *more)]
        try:
            await self._pool.executemany(_SETTLE, rows)
        except DATABASE_AWAY as error:
            # What was held back stays held back, so the budget errs on the safe side.
            logger.warning("The use of a model call was not settled: %s", error)

    async def of_generation(self, generation_id: UUID) -> Spending:
        return await self._spent(self._pool, generation_id, "")

    async def _hold(self, connection: Connection, scope: UUID, period: str, wanted: Reservation, limit: Limit) -> None:
        cost = wanted.cost or 0
        fits = wanted.tokens <= limit.tokens and cost <= limit.cost
        if fits and await connection.fetchval(_HOLD, scope, period, wanted.tokens, cost, limit.tokens, limit.cost):
            return
        spent = await self._spent(connection, scope, period)
        raise _Full("this generation" if not period else f"{period}", limit, spent)

    @staticmethod
    async def _spent(connection: Connection | asyncpg.Pool, scope: UUID, period: str) -> Spending:
        row = await connection.fetchrow(_SPENT, scope, period)
        return Spending(0, 0) if row is None else Spending(row["tokens"], row["cost"])


def _refusal(full: _Full, tokens: int, cost: int | None) -> str:
    by_tokens = full.spent.tokens + tokens > full.limit.tokens
    if by_tokens:
        return (
            f"was not asked, because the budget of {full.what} is {full.limit.tokens:,} tokens: {full.spent.tokens:,} are "
            f"used, and this call could need {tokens:,}"
        )
    return (
        f"was not asked, because the budget of {full.what} is ${_dollars(full.limit.cost)}: ${_dollars(full.spent.cost)} "
        f"are used, and this call could cost ${_dollars(cost or 0)}"
    )


def _dollars(cost: int) -> Decimal:
    return (Decimal(cost) / 1_000_000).quantize(Decimal("0.0001"))
