"""The pipeline's consumers in small: real policies and agents, whose outside calls go to a recording server.

Run by the tests as a process of its own, to be killed.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx

from commands.page import AddPage
from commands.reactions import BusDispatch, EventLogAggregates
from consumers.agents.base import StepPorts
from consumers.agents.brand import BrandAgent
from consumers.app import ConsumerApp
from consumers.policies.generation import GenerationPolicy
from consumers.ports import Aggregates, React
from consumers.runtime.delivery import REDELIVERY
from domain.ids import derived
from domain.kernel import DomainEvent, Transient
from domain.store.aggregate import STORE
from domain.store.brand import Availability, BrandProposal
from domain.store.events import BrandGenerated
from domain.store.ports import BrandBrief
from infra.adapters.kafka.dead_letter_producer import DeadLetterProducer
from infra.adapters.kafka.topic import ensure_topics
from infra.adapters.postgres.deliveries import PostgresDeliveries
from infra.adapters.postgres.merchant_brands import ReadModelBrands
from infra.adapters.postgres.outside_answers import PostgresOutsideAnswers
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.bootstrap import open_platform
from infra.bootstrap.lifecycle import reachable
from infra.settings import Settings
from infra.writers.rules.brand.writer import RuleBrandWriter
from infra.writers.rules.niche.reader import RuleNicheReader
from schemas.envelope import Envelope
from schemas.topics import EVENTS


class Outside:
    """Somebody outside who takes an idempotency key, and a brand writer who asks there first."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url
        self._house = RuleBrandWriter(self)

    async def call(self, key: str) -> None:
        try:
            answer = await self._client.post(self._url, headers={"idempotency-key": key}, timeout=5)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Transient("the outside", type(error).__name__) from error

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        """Implements ``BrandWriter``."""
        await self.call(f"brand:{brief.seed}")
        proposal = await self._house.propose(brief)
        # No two stores may want the same address: who is first would differ from run to run.
        brand = proposal.brand.model_copy(update={"name": f"Lamps {brief.seed[:8]}"})
        return proposal.model_copy(update={"brand": brand})

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        """Implements ``DomainRegistry``."""
        return dict.fromkeys(domains, Availability.UNKNOWN)


class Announcer:
    """Tells somebody outside of every brand, then writes a page about it. Records no answer: its call takes a key."""

    name = "announcer"
    topic = EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({BrandGenerated})

    def __init__(self, outside: Outside, react: React, aggregates: Aggregates) -> None:
        self._outside, self._react, self._aggregates = outside, react, aggregates

    async def __call__(self, envelope: Envelope) -> None:
        if await self._react.outcome(envelope, self.name):
            return
        store = await self._aggregates.get(STORE, envelope.event.originator_id)
        # The event's own id differs from run to run; the store's does not.
        await self._outside.call(f"announce:{store.id}")
        page = AddPage(
            store_id=store.id,
            merchant_id=store.merchant_id,
            page_id=derived(store.id, "announced"),
            title="News",
            content="A brand.",
        )
        await self._react(page, cause=envelope, name=self.name)


async def main() -> None:
    stop = asyncio.Event()
    async with open_platform(Settings()) as platform, httpx.AsyncClient() as client:
        outside = Outside(client, os.environ["OUTSIDE_URL"])
        dispatch, aggregates = BusDispatch(await platform.bus()), EventLogAggregates(await platform.log())
        await reachable(ensure_topics, platform.bootstrap_servers, stop)
        answers = PostgresOutsideAnswers(await platform.pool())
        app = ConsumerApp(
            [
                GenerationPolicy(dispatch, aggregates, RuleNicheReader(), answers),
                BrandAgent(
                    outside,
                    StepPorts(aggregates, answers, dispatch, platform.clock),
                    ReadModelBrands(await platform.pool()),
                ),
                Announcer(outside, dispatch, aggregates),
            ],
            bootstrap_servers=platform.bootstrap_servers,
            ledger=PostgresDeliveries(await platform.pool()),
            dead_letters=DeadLetterProducer(platform.bootstrap_servers),
            provenance=PostgresProvenance(await platform.pool()),
            clock=platform.clock,
            redelivery=replace(REDELIVERY, first_pause=0.05),
            grace_seconds=0.3,
            session_seconds=2.0,
        )
        await app.run(stop)


if __name__ == "__main__":
    asyncio.run(main())
