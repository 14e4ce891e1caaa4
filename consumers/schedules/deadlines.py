"""What time does by itself: steps that take too long are given up, orders that nobody pays are called off.

So are those of an archived store. That is looked for here and not when ``StoreArchived`` arrives, because an order may
be placed at the same moment, and a read model may see it later.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from commands.generation import FailStep
from commands.order import CancelOrder
from commands.ports import ConcurrencyConflict, Context, Dispatcher
from domain.generation.aggregate import TIMEOUTS
from domain.ids import derived
from domain.kernel import Clock, DomainError
from domain.order.aggregate import PAY_WITHIN
from projections.jobs.views import OverdueJob

EVERY_SECONDS = 5.0
"""How often the read models are asked; a deadline may be late by this and their lag."""
AT_ONCE = 200
"""How many overdue steps or orders one round deals with."""

logger = logging.getLogger(__name__)


class Overdue(Protocol):
    """Finds what is past its time. Read models answer it, so an answer may be stale; the commands refuse then."""

    async def steps(self, now: datetime, *, limit: int) -> Sequence[OverdueJob]:
        """Return steps at work whose deadline is before ``now``, of jobs that were not cancelled, oldest first."""
        ...

    async def unpaid_orders(self, placed_before: datetime, *, limit: int) -> Sequence[UUID]:
        """Return orders that are PENDING and were placed before a time, oldest first."""
        ...

    async def orders_of_archived_stores(self, *, limit: int) -> Sequence[UUID]:
        """Return orders that are PENDING in a store that closed for good, oldest first."""
        ...


class DeadlinePolicy:
    """Gives up steps past their deadline and calls off orders nobody paid or can pay, so that their stock returns.

    Safe to run twice at once and to repeat: each step attempt and each order has one command id for each reason.
    """

    name = "deadlines"

    def __init__(
        self,
        overdue: Overdue,
        commands: Dispatcher,
        clock: Clock,
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._overdue = overdue
        self._commands = commands
        self._clock = clock
        self._every_seconds = every_seconds
        self._looked: float | None = None

    @property
    def is_prompt(self) -> bool:
        """Whether the last look was made when it was due, or nearly."""
        return self._looked is not None and time.monotonic() - self._looked < 2 * self._every_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again until told to stop. Trouble is logged and outlived."""
        while not stop.is_set():
            try:
                await self.enforce()
                self._looked = time.monotonic()
            except Exception:
                # The database or a read model may be away; deadlines go on when it is back.
                logger.exception("could not enforce deadlines; trying again in %s s", self._every_seconds)
            try:
                await asyncio.wait_for(stop.wait(), self._every_seconds)
            except TimeoutError:
                continue

    async def enforce(self) -> None:
        """Deal with what is overdue now."""
        now = self._clock.now()
        for late in await self._overdue.steps(now, limit=AT_ONCE):
            minutes = int(TIMEOUTS[late.step].total_seconds() // 60)
            reason = f"The step “{late.step}” timed out after {minutes} minutes. Run it again."
            fail = FailStep(generation_id=late.generation_id, step=late.step, attempt=late.attempt, reason=reason)
            id = derived(late.generation_id, self.name, late.step, str(late.attempt))
            await self._carry_out(fail, id, correlation_id=late.generation_id)
        for order_id in await self._overdue.unpaid_orders(now - PAY_WITHIN, limit=AT_ONCE):
            minutes = int(PAY_WITHIN.total_seconds() // 60)
            cancel = CancelOrder(order_id=order_id, reason=f"It was not paid within {minutes} minutes.")
            await self._carry_out(cancel, derived(order_id, self.name), correlation_id=order_id)
        for order_id in await self._overdue.orders_of_archived_stores(limit=AT_ONCE):
            cancel = CancelOrder(order_id=order_id, reason="The shop closed for good.")
            await self._carry_out(cancel, derived(order_id, self.name, "archived"), correlation_id=order_id)

    async def _carry_out(self, command: object, id: UUID, *, correlation_id: UUID) -> None:
        try:
            await self._commands.dispatch(command, Context(command_id=id, correlation_id=correlation_id))
        except DomainError as refusal:
            # The read model was behind: it ended, was paid or cancelled in the meantime.
            logger.info("%s was not needed any more: %s", type(command).__name__, refusal.code)
        except ConcurrencyConflict:
            # One busy stream must not hold up the other deadlines; the next round comes back to it.
            logger.info("%s lost to other writers; trying again in the next round", type(command).__name__)
