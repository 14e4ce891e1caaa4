"""Fakes for supply tests: a listing, catalogs in memory, and servers on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import uvicorn
from pydantic import TypeAdapter

from commands.bus import CommandBus
from commands.ports import Answered, OutsideAnswers, Receipt, answered, reaction_id
from consumers.agents.base import StepPorts
from consumers.agents.outside_calls import OUTSIDE_CALLS
from consumers.ports import React
from domain.calls.context import CallContext
from domain.calls.events import CallUse
from domain.kernel import Clock, NotFound, StreamKind
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.sourcing.listing import Listing, ListingVariant
from domain.sourcing.relevance import words
from schemas.envelope import Envelope
from schemas.internal.call_meter import metered
from tests.support.fakes.event_log import MemoryEventLog

S = TypeVar("S")
T = TypeVar("T")


def listing(source_id: str = "1", **changes: Any) -> Listing:
    """Return a good listing with some fields replaced. Amounts are cents."""
    for name in ("cost", "market_price", "shipping_cost"):
        if isinstance(changes.get(name), int):
            changes[name] = Money(minor=changes[name])
    stock = changes.pop("stock", 40)
    given: dict[str, Any] = {
        "provider": SupplierProvider.SAMPLE,
        "source_id": source_id,
        "url": f"http://supplier.test/{source_id}",
        "title": f"Ceramic Planter number{source_id}",
        "description": "A pot.",
        "category": "Planters",
        "tags": ["ceramic", "planter"],
        "cost": Money(minor=800),
        "market_price": Money(minor=2990),
        "rating": 4.6,
        "review_count": 200,
        "order_count": 1500,
        "shipping_days": (5, 9),
        "shipping_cost": Money(minor=200),
        "image_urls": [f"http://supplier.test/{source_id}.jpg"],
        "image_sizes": [(1200, 1000)],
    } | changes
    given.setdefault("variants", [ListingVariant(title="Default", cost=given["cost"], stock=stock)])
    return Listing(**given)


@dataclass
class MemoryCatalog:
    """Implements ``SupplierCatalog`` with a list, counts requests and fails on demand."""

    listings: Sequence[Listing]
    provider: SupplierProvider = SupplierProvider.SAMPLE
    trouble: Exception | None = None
    asked: int = 0

    async def search(self, keywords: Sequence[str], *, limit: int) -> Sequence[Listing]:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        wanted = [set(words(keyword)) for keyword in keywords if words(keyword)]
        if not wanted:
            return []

        def fit(candidate: Listing) -> int:
            carried = set(words(f"{candidate.title} {candidate.category} {' '.join(candidate.tags)}"))
            return max(len(asked & carried) for asked in wanted)

        different = {candidate.source_id: candidate for candidate in self.listings}.values()
        return sorted(different, key=fit, reverse=True)[:limit]

    async def find(self, source_id: str) -> Listing | None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return next((each for each in self.listings if each.source_id == source_id), None)


@dataclass
class KnownPhrases:
    """Implements ``KeywordWriter`` with the same phrases for every niche."""

    phrases: Sequence[str]
    asked: int = 0

    async def keywords(self, niche: str, *, seed: str) -> Sequence[str]:
        self.asked += 1
        return [niche, *self.phrases]


@dataclass
class KnownPhotos:
    """Implements ``ImageFingerprints`` from a table. Other photos are unavailable."""

    hashes: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fingerprint(self, url: str) -> int | None:
        self.asked.append(url)
        return self.hashes.get(url)


@dataclass
class MemoryAnswers:
    """Implements ``commands.ports.OutsideAnswers``. Answers pass through JSON, as in the database."""

    known: dict[UUID, tuple[bytes, CallUse]] = field(default_factory=dict)

    async def once(
        self, key: UUID, model: type[T], ask: Callable[[], Awaitable[T]], *, context: CallContext
    ) -> Answered[T]:
        adapter: TypeAdapter[T] = TypeAdapter(model)
        if key not in self.known:
            with metered(context) as meter:
                answer = adapter.dump_json(await ask())
            self.known.setdefault(key, (answer, meter.use()))
        return answered(adapter, *self.known[key])


@dataclass
class BusDispatch:
    """Implements ``consumers.ports.React`` with a bus."""

    bus: CommandBus

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        return await self.bus.react(command, cause=cause, name=name)

    async def outcome(self, cause: Envelope, name: str) -> Receipt | None:
        return await self.bus.outcome(reaction_id(cause, name))


@dataclass
class LogAggregates:
    """Implements ``consumers.ports.Aggregates`` over the log in memory."""

    log: MemoryEventLog

    async def get(self, kind: StreamKind[S], id: UUID) -> S:
        loaded = await self.log.load(kind, id)
        if loaded is None:
            raise NotFound(kind.name, id)
        state: S = loaded.state
        return state


def step_ports(log: MemoryEventLog, answers: OutsideAnswers, react: React, clock: Clock) -> StepPorts:
    """Return the ports of a step agent over the log in memory; retries follow at once."""
    return StepPorts(LogAggregates(log), answers, react, clock, replace(OUTSIDE_CALLS, first_pause=0.0))


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI app on a free port of this machine; yield its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        # On a busy machine a client may reuse a connection that has been idle for long.
        uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1, timeout_keep_alive=600)
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(60):
            while not server.started:
                await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()
