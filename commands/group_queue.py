"""Queues of hot streams: commands that would collide wait, and are decided in groups (ADR 0044).

Each combination of hot streams has a queue. While one group is committed, the next one gathers; so groups are large when
many commands come, and a single command does not wait. A command that cannot be decided in a group is decided alone, at
its place in the queue.
"""

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from commands.decisions import Decision, decide_alone, decide_group
from commands.hot_streams import HotStreams
from commands.ports import ConcurrencyConflict, EventLog, Receipt, StreamBusy

GROUP = 64
"""The most commands of one transaction."""
WAITING = 2_000
"""The most commands that wait for one combination of hot streams; further ones are refused as too many."""


class Waiting:
    """A command in a queue.

    Args:
        decision: the command.
        until: time of the event loop; if the decision has not begun then, the command is refused.
    """

    __slots__ = ("alone", "answer", "decision", "started", "until")

    def __init__(self, decision: Decision, until: float) -> None:
        self.decision, self.until = decision, until
        self.answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.alone = self.started = False

    def succeed(self, receipt: Receipt) -> None:
        """Answer the command, unless its sender has gone."""
        if not self.answer.done():
            self.answer.set_result(receipt)

    def fail(self, error: BaseException) -> None:
        """Raise an error in the command's sender, unless it has gone."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def expire(self) -> None:
        """Refuse the command, unless its decision has begun: then the sender gets the outcome."""
        if not self.started:
            self.fail(StreamBusy("the turn of the command did not come in time", retry_after=1.0))


class GroupQueue:
    """The queues of one process.

    Args:
        log: the event log.
        hot: the hot streams.
        group: the most commands of one transaction.
        waiting: the most commands of one queue.
    """

    def __init__(self, log: EventLog, hot: HotStreams, *, group: int = GROUP, waiting: int = WAITING) -> None:
        self._log, self._hot = log, hot
        self._group, self._waiting = group, waiting
        self._queues: dict[tuple[UUID, ...], deque[Waiting]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._decision_seconds = 0.002
        """A moving average of the seconds that a decision of a group took."""

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    async def decide(self, decision: Decision, hot: tuple[UUID, ...], *, until: float) -> Receipt:
        """Decide a command when its turn on its hot streams comes.

        Args:
            decision: the command.
            hot: its hot streams, as :meth:`HotStreams.among` returned them.
            until: time of the event loop until which the command waits for its turn.

        Raises:
            StreamBusy: too many commands wait, or the turn did not come in time; retrying may help.
            ConcurrencyConflict: the command collided on further streams, which its decision has now; retry at once.
            DomainError, CommandReused, UnknownCause: as the command alone would raise.
        """
        queue = self._queues.get(hot)
        if queue is None:
            queue = self._queues[hot] = deque()
            serving = asyncio.create_task(self._serve(hot, queue))
            self._serving.add(serving)
            serving.add_done_callback(self._serving.discard)
        elif len(queue) >= self._waiting:
            seconds = max(1, math.ceil(len(queue) * self._decision_seconds))
            raise StreamBusy(f"{len(queue)} commands wait for the same stream", retry_after=seconds)
        else:
            self._hot.heat(hot)
        waiting = Waiting(decision, until)
        queue.append(waiting)
        expiry = asyncio.get_running_loop().call_at(until, waiting.expire)
        try:
            return await waiting.answer
        finally:
            expiry.cancel()

    async def _serve(self, hot: tuple[UUID, ...], queue: deque[Waiting]) -> None:
        """Decide groups until the queue is empty."""
        group: list[Waiting] = []
        limit = self._group
        now = asyncio.get_running_loop().time
        try:
            while queue:
                async with self._hot.turn(hot):
                    group = _take(queue, limit)
                    if not group:
                        continue
                    began = now()
                    again, collided = await self._decide(group, hot)
                    # Another process writes to the stream. A smaller group is quicker, so it gets its turn there, too.
                    limit = max(1, limit // 2) if collided else min(2 * limit, self._group)
                    for each in reversed(again):
                        each.started = False
                        if each.until <= now():
                            each.expire()
                        else:
                            queue.appendleft(each)
                    self._decision_seconds += 0.2 * ((now() - began) / len(group) - self._decision_seconds)
        except asyncio.CancelledError:
            for each in (*group, *queue):
                each.fail(ConcurrencyConflict("the process is stopping"))
            raise
        except Exception as error:  # noqa: BLE001 - a bug in the queue; without this its senders would wait in vain
            for each in (*group, *queue):
                each.fail(error)
        finally:
            del self._queues[hot]

    async def _decide(self, group: Sequence[Waiting], hot: tuple[UUID, ...]) -> tuple[Sequence[Waiting], bool]:
        """Decide a group.

        Returns:
            The commands to decide again, in order, and whether another process wrote to the hot streams.
        """
        if group[0].alone:
            try:
                group[0].succeed(await decide_alone(self._log, self._hot, group[0].decision, optimistic=False))
            except Exception as error:  # noqa: BLE001 - the sender gets it
                group[0].fail(error)
            return (), False
        by_decision = {each.decision: each for each in group}
        try:
            outcome = await decide_group(self._log, self._hot, list(by_decision), reload=hot)
        except Exception:  # noqa: BLE001 - alone, each command gets an error of its own, or its outcome
            for each in group:
                each.alone = True
            return group, False
        for decision, receipt in outcome.receipts.items():
            by_decision[decision].succeed(receipt)
        for decision, refusal in outcome.refusals.items():
            by_decision[decision].fail(refusal)
        for decision in outcome.alone:
            by_decision[decision].alone = True
        if outcome.collided and len(group) == 1:
            group[0].alone = True
        return [by_decision[decision] for decision in outcome.again], outcome.collided


def _take(queue: deque[Waiting], limit: int) -> list[Waiting]:
    """Take the next group: different commands whose senders still wait; or one that must be decided alone."""
    group: list[Waiting] = []
    ids: set[UUID] = set()
    while queue and len(group) < limit:
        head = queue[0]
        command_id = head.decision.context.command_id
        if head.answer.done():
            queue.popleft()
        elif group and (head.alone or group[0].alone or command_id in ids):
            break
        else:
            ids.add(command_id)
            head.started = True
            group.append(queue.popleft())
    return group
