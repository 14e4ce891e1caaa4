"""Runs a recorded generation again: real agents, policies and commands on an event log in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from commands.bus import CommandBus
from commands.reactions import BusDispatch, EventLogAggregates
from consumers.agents.base import StepPorts
from consumers.agents.brand import BrandAgent
from consumers.agents.copywriter import CATEGORIES, CopyAgent, PageAgent
from consumers.agents.outside_calls import OUTSIDE_CALLS
from consumers.agents.scout import ScoutAgent
from consumers.policies.generation import GenerationPolicy
from consumers.ports import Consumer
from domain.generation.events import GenerationFailed, Step, StepFailed
from domain.kernel import DomainError, DomainEvent
from domain.store.aggregate import Store
from domain.store.brand import BrandIdentity
from domain.store.collection_events import CategoryDescribed
from infra.bootstrap import handlers
from infra.bootstrap.writers import Writers
from infra.replay.memory_log import MemoryEventLog
from infra.replay.offline import NoCatalogs, NoOutside, RecordedAnswers, RecordedPhotos
from infra.replay.recording import Recording, ReplayRefused
from schemas.envelope import Envelope
from storefront.shelves.grouping import shelf_names

WRITING = frozenset({Step.BRAND, Step.COPY, Step.PAGES})
"""The steps that other writers do again; products stay those of the recorded supplier answers."""


@dataclass(slots=True)
class RecordedTime:
    """A clock that shows the times of a recording."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class NoNeighbors:
    """Implements :class:`domain.store.ports.MerchantBrands`: what a brand was held against is in its recorded answer."""

    async def newest(self, merchant_id: Any, *, other_than: Any, limit: int) -> Sequence[BrandIdentity]:  # noqa: ARG002
        return ()


async def replay(
    recording: Recording, *, writers: Writers | None = None, host_for: Callable[[Store], str] | None = None
) -> Sequence[DomainEvent]:
    """Return the events of a generation that is run again from its recording.

    What the merchant did is done again at the same place: a commit without a cause in the log is appended once the agents
    have finished what the log had before it.

    Args:
        recording: the generation's inputs and answers.
        writers: write brand, copy and pages again; the recorded answers are used if None.
        host_for: returns the host of a store's storefront, for its pages.

    Raises:
        ReplayRefused: a record is missing.
    """
    clock = RecordedTime(recording.store[0].event.occurred_at)
    log = MemoryEventLog(clock)
    dispatch, aggregates = BusDispatch(CommandBus(log, handlers(clock))), EventLogAggregates(log)
    answers = RecordedAnswers(recording, live=WRITING if writers is not None else frozenset())
    ports = StepPorts(aggregates, answers, dispatch, clock, replace(OUTSIDE_CALLS, attempts=1))
    outside: Any = NoOutside()
    has_categories = any(part == CATEGORIES for _, _, part in recording.answers)
    consumers: Sequence[Consumer] = [
        GenerationPolicy(dispatch, aggregates, outside, answers),
        RecordedPhotos([envelope.event for envelope in recording.store], dispatch),
        BrandAgent(outside if writers is None else writers.brand, ports, NoNeighbors()),
        ScoutAgent(NoCatalogs(), outside, outside, ports, niches=outside),
        CopyAgent(outside if writers is None else writers.copy, ports),
        PageAgent(
            outside if writers is None else writers.pages,
            ports,
            host_for=host_for,
            categories=(outside if writers is None else writers.categories) if has_categories else None,
            shelves=shelf_names,
        ),
    ]
    _take(log, recording.merchant)
    done = len(log.raw)
    for commit in _outside_commits(recording, with_categories=not has_categories):
        clock.at = commit[0].event.occurred_at
        _take(log, commit)
        done = await _deliver(log, consumers, done)
    return [envelope.event for envelope in log.envelopes if envelope.tenant == recording.store_id]


def _outside_commits(recording: Recording, *, with_categories: bool) -> Iterator[list[Envelope]]:
    """Yield what did not follow from an event: the merchant's commands and the schedules', one commit at a time.

    Args:
        recording: the generation.
        with_categories: whether texts of category pages are among them, for a recording of before they were recorded calls.
    """
    commit: list[Envelope] = []
    for envelope in recording.store:
        if envelope.causation_id is not None and not (
            with_categories and isinstance(envelope.event, CategoryDescribed)
        ):
            continue
        if commit and envelope.correlation_id != commit[-1].correlation_id:
            yield commit
            commit = []
        if not isinstance(envelope.event, StepFailed | GenerationFailed):
            # A step that ran out of time fails by itself: the answers that it waited for are missing.
            commit.append(envelope)
    if commit:
        yield commit


def _take(log: MemoryEventLog, envelopes: Sequence[Envelope]) -> None:
    for envelope in envelopes:
        log.take(envelope.event, tenant=envelope.tenant)


async def _deliver(log: MemoryEventLog, consumers: Sequence[Consumer], done: int) -> int:
    """Deliver what is new in the log until nothing follows from it, and return the log's length."""
    while done < len(log.raw):
        envelope = log.raw[done].decode()
        done += 1
        for consumer in consumers:
            if type(envelope.event) in consumer.handles:
                try:
                    await consumer(envelope)
                except ReplayRefused:
                    raise
                except DomainError:
                    continue  # A refusal is an answer, as in consumers.runtime.delivery.
    return done
