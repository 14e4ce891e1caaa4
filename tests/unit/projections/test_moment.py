"""A moment takes one connection, and gives it back whatever its queries do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from commands.ports import Receipt
from gateway.api.command_request import CommandRequest
from gateway.auth.visitor import Visitor
from projections.reading.moment import MomentReader, begin_moment, pause_moment


@dataclass(frozen=True)
class Nothing:
    """A command without fields."""


class Connection:
    """Implements what moments use of asyncpg's. A query named ``slow`` waits until the test lets it go on."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self.number = pool.taken

    async def execute(self, _statement: str) -> None:
        await asyncio.sleep(0)

    async def fetch(self, query: str) -> list[Any]:
        if query == "slow":
            self._pool.started.set()
            await self._pool.go_on.wait()
        return [self.number]

    def terminate(self) -> None:
        raise AssertionError("the connection is whole")


class Pool:
    """Implements what moments use of asyncpg's."""

    def __init__(self) -> None:
        self.taken = self.returned = 0
        self.started, self.go_on = asyncio.Event(), asyncio.Event()

    async def acquire(self) -> Connection:
        self.taken += 1
        return Connection(self)

    async def release(self, _connection: Connection) -> None:
        self.returned += 1

    async def fetch(self, _query: str) -> list[Any]:
        return ["present"]

    async def all_returned(self) -> None:
        async with asyncio.timeout(60):
            while self.returned < self.taken:
                await asyncio.sleep(0)


def run(test: Callable[[Pool, MomentReader], Awaitable[None]]) -> None:
    async def running() -> None:
        pool = Pool()
        await test(pool, MomentReader(pool))  # type: ignore[arg-type]

    asyncio.run(running())


def test_a_query_that_waits_when_its_moment_ends_takes_no_connection() -> None:
    async def test(pool: Pool, reader: MomentReader) -> None:
        moment = begin_moment()
        running = asyncio.create_task(reader.fetch("slow"))
        await pool.started.wait()
        waiting = asyncio.create_task(reader.fetch("quick"))
        await asyncio.sleep(0)
        moment.end()
        pool.go_on.set()
        assert await running == [1]
        assert await waiting == ["present"]
        await pool.all_returned()
        assert pool.taken == 1

    run(test)


def test_a_connection_returns_after_the_query_that_runs_when_its_moment_ends() -> None:
    async def test(pool: Pool, reader: MomentReader) -> None:
        moment = begin_moment()
        running = asyncio.create_task(reader.fetch("slow"))
        await pool.started.wait()
        moment.end()
        for _ in range(5):
            await asyncio.sleep(0)
        assert pool.returned == 0
        pool.go_on.set()
        await running
        await pool.all_returned()

    run(test)


def test_a_paused_moment_holds_no_connection_and_goes_on_with_another_snapshot() -> None:
    async def test(pool: Pool, reader: MomentReader) -> None:
        moment = begin_moment()
        assert await reader.fetch("quick") == [1]
        await pause_moment()
        await pool.all_returned()
        assert await reader.fetch("quick") == [2]
        moment.end()
        await pool.all_returned()

    run(test)


def test_a_command_waits_for_its_turn_without_a_connection() -> None:
    async def test(pool: Pool, reader: MomentReader) -> None:
        receipt = Receipt(command_id=UUID(int=2), result=None, token=None, replayed=False)

        class Bus:
            async def dispatch(self, _command: object, _context: object) -> Receipt:
                await pool.all_returned()
                return receipt

        services: Any = SimpleNamespace(deps=SimpleNamespace(commands=Bus()))
        request = CommandRequest(services=services, visitor=Visitor(person_id=UUID(int=1)), command_id=UUID(int=2))
        moment = begin_moment()
        await reader.fetch("quick")
        assert await request.send(Nothing()) is receipt
        moment.end()

    run(test)
