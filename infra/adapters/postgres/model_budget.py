"""Budgets of language models in PostgreSQL, shared by all processes."""

import logging
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Protocol
from uuid import UUID

import asyncpg

from domain.calls.context import CallContext
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

_TAKE = """
insert into model_spending as held (scope, period, tokens, cost, supplier_calls, image_seconds)
values ($1, $2, 0, 0, $3, $4)
on conflict (scope, period) do update
set supplier_calls = held.supplier_calls + $3, image_seconds = held.image_seconds + $4
where ($3 = 0 or held.supplier_calls + $3 <= $5) and ($4 = 0 or held.image_seconds + $4 <= $6)
returning 1
"""

_WORK = "select supplier_calls, image_seconds from model_spending where scope = $1 and period = $2"

_CORRECT = "update model_spending set image_seconds = image_seconds + $3 where scope = $1 and period = $2"

_SETTLE = "update model_spending set tokens = tokens + $3, cost = cost + $4 where scope = $1 and period = $2"

_SPENT = "select tokens, cost from model_spending where scope = $1 and period = $2"


UNLIMITED = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that the calls of one generation, or of one merchant's month, may use."""

    tokens: int
    cost: int
    """In millionths of a US dollar."""
    supplier_calls: int = UNLIMITED
    image_seconds: int = UNLIMITED

    def within(self, other: "Limit") -> "Limit":
        """Return the smaller of each part of two limits."""
        parts = fields(self)
        return Limit(**{part.name: min(getattr(self, part.name), getattr(other, part.name)) for part in parts})


class Allowances(Protocol):
    """The limits of merchants' plans."""

    async def of(self, merchant_id: UUID) -> "Allowance":
        """Return what the agents may use for a merchant."""
        ...


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one generation and of one month."""

    generation: Limit
    month: Limit


class _Full(Exception):
    def __init__(self, what: str, limit: Limit, spent: Spending) -> None:
        self.what, self.limit, self.spent = what, limit, spent


class PostgresModelBudget:
    """Implements ``ModelBudget`` and ``WorkBudget`` of :mod:`domain.calls.ports`.

    Args:
        pool: connections of the event store's database.
        clock: says which month it is.
        generation: the limit of one generation.
        month: the limit of one merchant's calendar month, UTC.
        allowances: the limits of merchants' plans, which count as well; None if no plans are sold.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        *,
        generation: Limit,
        month: Limit,
        allowances: Allowances | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._limits = Allowance(generation, month)
        self._allowances = allowances

    async def take(self, context: CallContext, *, supplier_calls: int = 0, image_seconds: float = 0.0) -> None:
        allowed, month = await self._allowed(context), f"{self._clock.now():%Y-%m}"
        async with self._pool.acquire() as connection, connection.transaction():
            for scope, period, limit in (
                (context.generation_id, "", allowed.generation),
                (context.merchant_id, month, allowed.month),
            ):
                most = (limit.supplier_calls, float(limit.image_seconds))
                fits = supplier_calls <= most[0] and image_seconds <= most[1]
                if fits and await connection.fetchval(_TAKE, scope, period, supplier_calls, image_seconds, *most):
                    continue
                row = await connection.fetchrow(_WORK, scope, period)
                used = (0, 0.0) if row is None else (row["supplier_calls"], row["image_seconds"])
                what = period or "this generation"
                if supplier_calls:
                    raise BudgetExceeded(
                        "The supplier",
                        f"was not asked, because the budget of {what} is {most[0]:,} calls: {used[0]:,} are used, and this "
                        f"search needs {supplier_calls:,}",
                    )
                raise BudgetExceeded(
                    "The studio",
                    f"was not asked, because the budget of {what} is {most[1]:,.0f} seconds: {used[1]:,.0f} are used",
                )

    async def correct(self, context: CallContext, *, image_seconds: float) -> None:
        month = f"{self._clock.now():%Y-%m}"
        rows = [(context.generation_id, "", image_seconds), (context.merchant_id, month, image_seconds)]
        try:
            await self._pool.executemany(_CORRECT, rows)
        except DATABASE_AWAY as error:
            logger.warning("The time of a picture was not counted: %s", error)

    async def _allowed(self, context: CallContext) -> Allowance:
        if self._allowances is None:
            return self._limits
        plan = await self._allowances.of(context.merchant_id)
        return Allowance(self._limits.generation.within(plan.generation), self._limits.month.within(plan.month))

    async def reserve(self, context: CallContext, *, tokens: int, cost: int | None) -> Reservation:
        reservation = Reservation(context, f"{self._clock.now():%Y-%m}", tokens, cost)
        allowed = await self._allowed(context)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._hold(connection, context.generation_id, "", reservation, allowed.generation)
                await self._hold(connection, context.merchant_id, reservation.month, reservation, allowed.month)
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
        """Return what the model calls of a generation have used, running calls included."""
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
