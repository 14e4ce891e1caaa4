"""Commits of one moment share a transaction, and none of them suffers from another one."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.ports import Cause, Commit, ConcurrencyConflict, Context, Receipt, Staged
from domain.merchant.aggregate import MERCHANT, register
from infra.adapters.postgres.group_commits import GROUP, MOST_EVENTS, GroupCommits
from tests.support.builders.samples import NOON, sealed
from tests.support.fakes.event_log import MemoryEventLog

IDS = UUID("7d3b7a54-1f0c-4a0e-9f6f-5b6f3c1d2e10")


class Log(MemoryEventLog):
    """A log that records its transactions, and may lose a connection before or after one."""

    transactions: list[int]
    faults: list[str]

    async def commit(self, commit: Commit) -> Receipt:
        with self.transaction(1):
            return await super().commit(commit)

    async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
        with self.transaction(len(commits)):
            return await super().commit_group(commits)

    @contextmanager
    def transaction(self, size: int) -> Iterator[None]:
        self.transactions.append(size)
        fault = self.faults.pop() if self.faults else ""
        if fault == "before":
            raise OSError("the connection was lost")
        yield
        if fault == "after":
            raise OSError("the connection was lost")


def log_with(*faults: str) -> Log:
    log = Log()
    log.transactions, log.faults = [], list(faults)
    return log


def commits_of(log: Log) -> GroupCommits:
    return GroupCommits(log.commit, log.commit_group)


def register_merchant(number: int, stream: int | None = None, *, events: int = 1) -> Commit:
    """Return the commit of a command that begins one stream, or several for more events."""
    ids = [uuid5(IDS, f"stream {number if stream is None else stream} {n}") for n in range(events)]
    staged = []
    for id in ids:
        begun = register(id, email=sealed(id), name=None, at=NOON)
        staged.append(
            Staged(kind=MERCHANT, stream_id=id, tenant=id, expected_version=0, events=begun, state=MERCHANT.fold(begun))
        )
    context = Context(command_id=uuid5(IDS, f"command {number}"), correlation_id=IDS)
    return Commit(context=context, digest=b"%032d" % number, result={"n": number}, staged=staged)


async def ask_together(commits: GroupCommits, asked: Sequence[Commit]) -> list[Receipt | BaseException]:
    return await asyncio.gather(*(commits.commit(each) for each in asked), return_exceptions=True)


def command(number: int) -> Commit:
    """Return a command's commit: some begin the same stream, some are large, and some append nothing."""
    if number % 4 == 3:
        return replace(register_merchant(number), staged=())
    return register_merchant(number, number % 4, events=MOST_EVENTS + 1 if number == 8 else 1)


COMMANDS = st.integers(0, 11).map(command)
ASKED = st.one_of(
    COMMANDS,
    COMMANDS.map(lambda commit: replace(commit, digest=b"e" * 32)),
    COMMANDS.map(lambda commit: replace(commit, assumed={commit.staged[0].stream_id: 0} if commit.staged else {})),
    COMMANDS.map(
        lambda commit: replace(commit, context=replace(commit.context, causation_id=IDS, cause=Cause(1, bytes(32))))
    ),
)


@given(turns=st.lists(st.lists(ASKED, max_size=12), max_size=4))
def test_commits_of_one_moment_end_as_in_some_order_one_by_one(turns: list[list[Commit]]) -> None:
    async def compare() -> None:
        log, one_by_one = log_with(), MemoryEventLog()
        commits = commits_of(log)
        for asked in turns:
            answers = await ask_together(commits, asked)
            # The order in which the commands succeeded; their repeats and all failures come after them.
            first = {id: number for number, id in enumerate(log.receipts)}

            def order(pair: tuple[Commit, Receipt | BaseException], first: Mapping[UUID, int] = first) -> int:
                commit, answer = pair
                succeeded = isinstance(answer, Receipt) and not answer.replayed
                return first[commit.context.command_id] if succeeded else len(first)

            for commit, answer in sorted(zip(asked, answers, strict=True), key=order):
                try:
                    expected: Receipt | Exception = await one_by_one.commit(commit)
                except Exception as error:  # noqa: BLE001 - compared below
                    expected = error
                if isinstance(expected, Receipt):
                    assert isinstance(answer, Receipt)
                    assert (answer.result, answer.replayed) == (expected.result, expected.replayed)
                else:
                    assert type(answer) is type(expected)
        assert {raw.stream_id for raw in log.raw} == {raw.stream_id for raw in one_by_one.raw}
        assert log.receipts.keys() == one_by_one.receipts.keys()

    asyncio.run(compare())


@given(count=st.integers(1, 20), faults=st.lists(st.sampled_from(["before", "after", ""]), max_size=30))
def test_a_lost_connection_neither_loses_nor_doubles_a_commit(count: int, faults: list[str]) -> None:
    async def check() -> None:
        log = log_with(*faults)
        commits = commits_of(log)

        async def commit(number: int) -> Receipt:
            while True:
                with suppress(OSError):
                    return await commits.commit(register_merchant(number))

        receipts = await asyncio.gather(*(commit(number) for number in range(count)))
        assert [receipt.result for receipt in receipts] == [{"n": number} for number in range(count)]
        assert len(log.raw) == len({raw.stream_id for raw in log.raw}) == count

    asyncio.run(check())


async def test_commits_of_one_moment_are_one_transaction_and_large_ones_go_alone() -> None:
    log = log_with()
    commits = commits_of(log)
    large = register_merchant(99, events=MOST_EVENTS + 1)
    await ask_together(commits, [*(register_merchant(n) for n in range(GROUP + 3)), large])
    assert sorted(log.transactions) == [1, 3, GROUP]
    await commits.commit(register_merchant(100))
    assert log.transactions[-1] == 1


async def test_a_lost_connection_of_a_group_fails_no_sender() -> None:
    log = log_with("before")
    answers = await ask_together(commits_of(log), [register_merchant(n) for n in range(5)])
    assert [type(answer) for answer in answers] == [Receipt] * 5
    assert log.transactions == [5, 1, 1, 1, 1, 1]


async def test_a_database_that_does_not_answer_is_asked_once() -> None:
    class Silent(Log):
        async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
            self.transactions.append(len(commits))
            raise TimeoutError

    log = Silent()
    log.transactions, log.faults = [], []
    answers = await ask_together(commits_of(log), [register_merchant(n) for n in range(5)])
    assert [type(answer) for answer in answers] == [TimeoutError] * 5
    assert len({id(answer) for answer in answers}) == 5
    assert log.transactions == [5]


async def test_a_cancelled_sender_leaves_a_group_that_has_not_begun_and_stops_none_that_has() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    class Held(Log):
        async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
            begun.set()
            await release.wait()
            return await super().commit_group(commits)

    log = Held()
    log.transactions, log.faults = [], []
    commits = commits_of(log)
    senders = [asyncio.create_task(commits.commit(register_merchant(n))) for n in range(4)]
    await asyncio.sleep(0)
    senders[0].cancel()
    await begun.wait()
    senders[1].cancel()
    release.set()
    answers = await asyncio.gather(*senders, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2 + [Receipt] * 2
    await commits.drain()
    assert log.transactions == [3]
    assert uuid5(IDS, "command 0") not in log.receipts
    assert uuid5(IDS, "command 1") in log.receipts


async def test_a_stopping_process_answers_the_senders_of_a_group() -> None:
    begun = asyncio.Event()

    class Held(Log):
        async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
            begun.set()
            raise asyncio.CancelledError

    log = Held()
    commits = commits_of(log)
    senders = [asyncio.create_task(commits.commit(register_merchant(n))) for n in range(2)]
    for sender in senders:
        with pytest.raises(ConcurrencyConflict):
            await sender
    assert begun.is_set()
