"""Deadlines: fails steps that take too long, cancels unpaid orders, reminds merchants, deletes carts and files that wait too long.

Orders of an archived store are searched for here and not when ``StoreArchived`` arrives: an order may be placed at the same
moment, and a read model may show it later.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from commands.disputes import RemindOfDispute
from commands.order import CancelOrder
from commands.ports import ConcurrencyConflict, Context, Dispatcher
from commands.step import FailStep
from commands.subscription import EndGrace
from consumers.schedules.stock_notices import StockNotices
from domain.generation.steps import TIMEOUTS
from domain.ids import derived
from domain.kernel import Clock, DomainError
from domain.order.aggregate import PAY_WITHIN
from domain.order.evidence.files import WAITS, EvidenceFiles
from domain.order.evidence.submission import REMIND_AFTER, REMIND_BEFORE
from projections.jobs.views import OverdueJob

EVERY_SECONDS = 5.0
"""Pause between two queries of the read models; a deadline may be late by this and by their lag."""
BATCH = 200
"""Most overdue steps, or orders, of one round."""

logger = logging.getLogger(__name__)


class Overdue(Protocol):
    """Finds overdue steps and orders in read models. An answer may be stale; the commands then refuse."""

    async def steps(self, now: datetime, *, limit: int) -> Sequence[OverdueJob]:
        """Return running steps whose deadline is before ``now``, of jobs that were not cancelled, oldest first."""
        ...

    async def unpaid_orders(self, placed_before: datetime, *, limit: int) -> Sequence[UUID]:
        """Return orders that are PENDING and were placed before a time, oldest first."""
        ...

    async def orders_of_archived_stores(self, *, limit: int) -> Sequence[UUID]:
        """Return orders that are PENDING in an archived store, oldest first."""
        ...

    async def unpaid_plans(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        """Return merchants whose days of grace ended before ``now`` without a record of it, the earliest first."""
        ...

    async def disputes(
        self, now: datetime, *, before: datetime, opened_before: datetime, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        """Return order and dispute of open disputes without evidence and reminder, the nearest deadline first.

        Args:
            now: deadlines before it are over.
            before: deadlines after it are not near.
            opened_before: later disputes are left out.
            limit: the most disputes.
        """
        ...


class OldCarts(Protocol):
    """Deletes carts; see :class:`consumers.schedules.carts.CartExpiry`."""

    async def enforce(self, now: datetime) -> None: ...


class DeadlinePolicy:
    """Fails steps past their deadline and cancels orders that were not or cannot be paid, which releases their stock.

    It reminds merchants of disputes that wait for evidence, and records that the grace of an unpaid plan is over.

    Safe to repeat, and to run in several processes: each step attempt and each order has one command id for each reason.
    """

    name = "deadlines"

    def __init__(
        self,
        overdue: Overdue,
        commands: Dispatcher,
        clock: Clock,
        carts: OldCarts,
        stock_notices: StockNotices | None = None,
        evidence: EvidenceFiles | None = None,
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._overdue = overdue
        self._commands = commands
        self._clock = clock
        self._carts = carts
        self._stock_notices, self._evidence = stock_notices, evidence
        self._every_seconds = every_seconds
        self._last_round: float | None = None

    @property
    def is_prompt(self) -> bool:
        """Whether the last round ended no later than two pauses ago."""
        return self._last_round is not None and time.monotonic() - self._last_round < 2 * self._every_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Enforce deadlines in rounds until ``stop`` is set. A failed round is logged, and the next one follows."""
        while not stop.is_set():
            try:
                await self.enforce()
                self._last_round = time.monotonic()
            except Exception:
                # The database or a read model may be down; deadlines go on once it is back.
                logger.exception("could not enforce deadlines; trying again in %s s", self._every_seconds)
            try:
                await asyncio.wait_for(stop.wait(), self._every_seconds)
            except TimeoutError:
                continue

    async def enforce(self) -> None:
        """Fail the steps and cancel the orders that are overdue now."""
        now = self._clock.now()
        await self._carts.enforce(now)
        if self._evidence is not None:
            await self._evidence.delete_received(now - WAITS)
        for overdue in await self._overdue.steps(now, limit=BATCH):
            minutes = int(TIMEOUTS[overdue.step].total_seconds() // 60)
            reason = f"The step “{overdue.step}” timed out after {minutes} minutes. Run it again."
            fail = FailStep(
                generation_id=overdue.generation_id, step=overdue.step, attempt=overdue.attempt, reason=reason
            )
            id = derived(overdue.generation_id, self.name, overdue.step, str(overdue.attempt))
            await self._dispatch(fail, id, correlation_id=overdue.generation_id)
        for order_id in await self._overdue.unpaid_orders(now - PAY_WITHIN, limit=BATCH):
            minutes = int(PAY_WITHIN.total_seconds() // 60)
            cancel = CancelOrder(order_id=order_id, reason=f"It was not paid within {minutes} minutes.")
            await self._dispatch(cancel, derived(order_id, self.name), correlation_id=order_id)
        for order_id in await self._overdue.orders_of_archived_stores(limit=BATCH):
            cancel = CancelOrder(order_id=order_id, reason="The shop closed for good.")
            await self._dispatch(cancel, derived(order_id, self.name, "archived"), correlation_id=order_id)
        for merchant_id in await self._overdue.unpaid_plans(now, limit=BATCH):
            # A day in the id, because another payment may fail later.
            id = derived(merchant_id, self.name, "grace", f"{now:%Y-%m-%d}")
            await self._dispatch(EndGrace(merchant_id=merchant_id), id, correlation_id=merchant_id)
        near = await self._overdue.disputes(
            now, before=now + REMIND_BEFORE, opened_before=now - REMIND_AFTER, limit=BATCH
        )
        for order_id, dispute_id in near:
            # A day in the id, because an inquiry that becomes a dispute has another deadline.
            id = derived(order_id, self.name, dispute_id, f"{now:%Y-%m-%d}")
            remind = RemindOfDispute(order_id=order_id, dispute_id=dispute_id)
            await self._dispatch(remind, id, correlation_id=order_id)
        if self._stock_notices is not None:
            await self._stock_notices.enforce(now, self._send)

    async def _send(self, command: object, id: UUID, correlation_id: UUID) -> None:
        await self._dispatch(command, id, correlation_id=correlation_id)

    async def _dispatch(self, command: object, id: UUID, *, correlation_id: UUID) -> None:
        try:
            await self._commands.dispatch(command, Context(command_id=id, correlation_id=correlation_id))
        except DomainError as refusal:
            # The read model was behind: the step had ended, or the order was paid or cancelled.
            logger.info("%s was not needed: %s", type(command).__name__, refusal.code)
        except ConcurrencyConflict:
            # One busy stream must not hold up the other deadlines; the next round tries it again.
            logger.info("%s lost to other writers; trying again in the next round", type(command).__name__)
