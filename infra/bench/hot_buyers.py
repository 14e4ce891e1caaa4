"""Buyers in processes of their own: each orders one piece of a variant, at the same time, through the real command bus."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from commands.bus import CommandBus
from commands.checkout import CartLine, PlaceOrder
from commands.ports import Commit, ConcurrencyConflict, Context, Receipt
from domain.ids import derived
from domain.privacy import Sealed
from domain.product.errors import InsufficientStock
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.pools import write_pool
from infra.bootstrap import handlers
from infra.clock import SystemClock
from infra.event_loop import new_runner

SEALED = "v1.k1.5e0Zr1Y2c3V4a5B6.Hq3xJm8vT0pWn2sYdK4uLrE7cZ6bA9gF1iMoNhQ"


@dataclass(slots=True)
class Sale:
    """The outcome of one crowd."""

    sold: int = 0
    refused: int = 0
    """Buyers who came after the stock was reserved."""
    try_again: int = 0
    """Buyers who were asked to try again."""
    collisions: int = 0
    seconds: list[float] = field(default_factory=list)
    """Each buyer's wait."""

    def add(self, other: "Sale") -> None:
        """Add another process's part."""
        self.sold += other.sold
        self.refused += other.refused
        self.try_again += other.try_again
        self.collisions += other.collisions
        self.seconds += other.seconds


class Death(NamedTuple):
    """At which append a process dies, for a test of what a crash leaves behind."""

    number: int
    committed: bool
    """Whether the process dies after the commit, before the buyers get answers."""


class CountingLog(PostgresEventLog):
    """An event log that counts collisions, and may die at an append."""

    collisions = 0
    appends = 0
    death: Death | None = None

    async def commit(self, commit: Commit) -> Receipt:
        with self._counted():
            return await super().commit(commit)

    async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
        with self._counted():
            return await super().commit_group(commits)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.appends += 1
        number = self.appends  # others may begin before this one ends
        if self.death == (number, False):
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            yield
        except ConcurrencyConflict:
            self.collisions += 1
            raise
        if self.death == (number, True):
            os.kill(os.getpid(), signal.SIGKILL)


@asynccontextmanager
async def buying_processes(dsn: str, deaths: Sequence[Death | None]) -> AsyncIterator[Sequence["BuyingProcess"]]:
    """Start a process for each entry, which dies then or never, and end them at the end."""
    context = multiprocessing.get_context("spawn")
    processes = [BuyingProcess(context, dsn, death) for death in deaths]
    try:
        for process in processes:
            await process.ready()
        yield processes
    finally:
        for process in processes:
            await process.stop()


class BuyingProcess:
    """A process that buys when it is asked to."""

    def __init__(self, context: Any, dsn: str, death: Death | None) -> None:
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=_run, args=(dsn, far, death), daemon=True)
        self._process.start()
        far.close()

    async def ready(self) -> None:
        """Wait until the process has started."""
        await asyncio.to_thread(self._pipe.recv)

    async def buy(self, store_id: UUID, line: CartLine, buyers: Sequence[UUID]) -> Sale:
        """Let each buyer send one order, all at the same time. A buyer who comes again sends the same command again.

        Raises:
            EOFError, ConnectionResetError: the process died.
        """
        self._pipe.send((store_id, line, buyers))
        sale: Sale = await asyncio.to_thread(self._pipe.recv)
        return sale

    async def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        await asyncio.to_thread(self._process.join, 10)
        if self._process.is_alive():
            self._process.kill()


async def buy_at_once(processes: Sequence[BuyingProcess], store_id: UUID, line: CartLine, buyers: int) -> Sale:
    """Let new buyers order at the same time, spread over the processes."""
    ids = [uuid4() for _ in range(buyers)]
    sale = Sale()
    for part in await asyncio.gather(
        *(process.buy(store_id, line, ids[n :: len(processes)]) for n, process in enumerate(processes))
    ):
        sale.add(part)
    return sale


def _run(dsn: str, pipe: Connection, death: Death | None) -> None:
    with new_runner() as runner:
        runner.run(_serve(dsn, pipe, death))


async def _serve(dsn: str, pipe: Connection, death: Death | None) -> None:
    async with write_pool(dsn) as pool:
        log = CountingLog(pool, SystemClock())
        log.death = death
        bus = CommandBus(log, handlers(SystemClock()))
        pipe.send("ready")
        while True:
            try:
                store_id, line, buyers = await asyncio.to_thread(pipe.recv)
            except (EOFError, ConnectionResetError):
                return
            sale, before = Sale(), log.collisions
            await asyncio.gather(*(_buy(bus, sale, store_id, line, buyer) for buyer in buyers))
            sale.collisions = log.collisions - before
            pipe.send(sale)


async def _buy(bus: CommandBus, sale: Sale, store_id: UUID, line: CartLine, buyer: UUID) -> None:
    sealed = Sealed(person_id=buyer, ciphertext=SEALED)
    command = PlaceOrder(
        order_id=derived(buyer, "order"),
        store_id=store_id,
        lines=[line],
        shopper_id=buyer,
        shopper_name=sealed,
        shopper_email=sealed,
        shipping_address=sealed,
        cart_id=derived(buyer, "cart"),
    )
    began = time.perf_counter()
    try:
        await bus.dispatch(command, Context(command_id=derived(buyer, "command"), correlation_id=command.order_id))
        sale.sold += 1
    except InsufficientStock:
        sale.refused += 1
    except ConcurrencyConflict:
        sale.try_again += 1
    sale.seconds.append(time.perf_counter() - began)
