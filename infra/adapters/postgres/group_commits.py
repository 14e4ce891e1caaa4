"""Commits of commands that are asked for at the same moment, in one transaction.

Each transaction costs a round trip and a flush, which is most of what an append costs. Commits that one turn of the event
loop asks for therefore share a transaction. A commit that is alone in its turn does not wait for others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from commands.ports import Commit, ConcurrencyConflict, Receipt

GROUP = 64
"""The most commits of one transaction."""
MOST_EVENTS = 8
"""A commit with more events goes alone, because it would delay the others."""


class GroupCommits:
    """Groups the commits of one process.

    A commit never suffers from its neighbors. If a group fails, nothing of it was appended, or its answer was lost. Each
    of its commits is then made alone and gets its own outcome; the command ids prevent a second append.

    Args:
        alone: commits one command.
        together: commits several commands in one transaction, or raises and appends nothing.
    """

    def __init__(
        self,
        alone: Callable[[Commit], Awaitable[Receipt]],
        together: Callable[[Sequence[Commit]], Awaitable[Sequence[Receipt]]],
    ) -> None:
        self._alone, self._together = alone, together
        self._waiting: list[tuple[Commit, asyncio.Future[Receipt]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def commit(self, commit: Commit) -> Receipt:
        """Commit a command, if possible with others.

        A sender that is cancelled leaves a group that has not begun; a commit that has begun goes on.

        Raises:
            ConcurrencyConflict, CommandReused, UnknownCause: as the commit alone.
        """
        # A commit without events is usually a repeat, which no group can carry.
        if not 0 < sum(len(staged.events) for staged in commit.staged) <= MOST_EVENTS:
            return await self._alone(commit)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((commit, answer))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._begin)
        return await answer

    async def drain(self) -> None:
        """Wait for the commits that have begun."""
        while self._running:
            await asyncio.wait(self._running)

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        asked = [(commit, answer) for commit, answer in waiting if not answer.done()]
        # Processes that carry the same commands lock their ids in the same order, so they do not deadlock.
        asked.sort(key=lambda each: each[0].context.command_id)
        for begin in range(0, len(asked), GROUP):
            task = asyncio.get_running_loop().create_task(self._commit(asked[begin : begin + GROUP]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _commit(self, group: Sequence[tuple[Commit, "asyncio.Future[Receipt]"]]) -> None:
        try:
            outcomes = await self._outcomes([commit for commit, _ in group])
        except asyncio.CancelledError:
            for _, answer in group:
                if not answer.done():
                    answer.set_exception(ConcurrencyConflict("the process is stopping"))
            raise
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, BaseException):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    async def _outcomes(self, commits: Sequence[Commit]) -> Sequence[Receipt | BaseException]:
        if len(commits) > 1:
            try:
                return await self._together(commits)
            except TimeoutError as error:
                # The database does not answer. A second attempt would double the wait of every sender.
                return [TimeoutError(*error.args) for _ in commits]
            except Exception:  # noqa: BLE001, S110 - one of the commits is the reason: alone, only that one fails
                pass
        return await asyncio.gather(*(self._alone(commit) for commit in commits), return_exceptions=True)
