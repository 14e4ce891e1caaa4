"""A store's whole generation without a broker: real agents and policies over real PostgreSQL, fed from the event store."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import asyncpg

from commands.image_result import RecordImage
from commands.reactions import BusDispatch, EventLogAggregates
from consumers.agents.base import StepPorts
from consumers.agents.brand import BrandAgent
from consumers.agents.copywriter import CopyAgent, PageAgent
from consumers.agents.drafts import DraftAgent, DraftWriters
from consumers.agents.outside_calls import OUTSIDE_CALLS
from consumers.agents.scout import ScoutAgent
from consumers.policies.generation import GenerationPolicy
from consumers.ports import Consumer, React
from consumers.schedules.carts import CartExpiry
from consumers.schedules.deadlines import DeadlinePolicy
from domain.kernel import DomainError, DomainEvent
from domain.media.events import ImageProcessingRequested, Operation, Rendition
from domain.merchant.events import SupplierProvider
from domain.product.ports import CopyBrief, ProductCopy
from domain.store.brand import BrandProposal
from domain.store.ports import BrandBrief
from infra.adapters.postgres.carts import PostgresCarts
from infra.adapters.postgres.merchant_brands import ReadModelBrands
from infra.adapters.postgres.outside_answers import PostgresOutsideAnswers
from infra.adapters.postgres.overdue import ReadModelOverdue
from infra.adapters.postgres.settled_log import SettledLog
from infra.adapters.suppliers.shared import SharedCatalogs
from infra.writers.rules.brand import RuleBrandWriter
from infra.writers.rules.copy.categories import RuleCategoryWriter
from infra.writers.rules.copy.copywriter import RuleCopywriter
from infra.writers.rules.copy.pages import RulePageWriter
from infra.writers.rules.niche.reader import RuleNicheReader
from infra.writers.rules.revision import RuleReviser
from schemas import topics
from schemas.envelope import Envelope
from storefront.shelves.grouping import shelf_names
from tests.support.fakes.brand import KnownDomains
from tests.support.fakes.copywriting import CountingPageWriter
from tests.support.fakes.supply import KnownPhotos, KnownPhrases, MemoryCatalog, listing
from tests.support.fakes.vault import MemoryPersonalData
from tests.support.platforms.gateway import Merchant, Platform

SHOWN = """generation { status error jobs { step status attempt error summary } }"""
POTS = ("Red Ceramic Planter", "Blue Stoneware Vase", "Green Salad Bowl", "Ivory Bud Vase", "Teal Hanging Pot")


class Studio:
    """Stands in for the imager: every photo becomes one rendition at once."""

    name = "imager"
    topic = topics.IMAGE_WORK
    handles: frozenset[type[DomainEvent]] = frozenset({ImageProcessingRequested})

    def __init__(self, react: React) -> None:
        self._react = react

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, ImageProcessingRequested)
        record = RecordImage(
            image_id=event.originator_id,
            attempt=event.attempt,
            renditions=[Rendition(name="large", key="sha256/ab/ab.webp", width=10, height=10, size_bytes=9)],
            source_sha256="ab" * 32,
            source_size=(10, 10),
            operations=list(Operation),
            seconds=0.1,
        )
        await self._react(record, cause=envelope, name=self.name)


@dataclass
class Outside:
    """Everybody the agents ask, and how often they were asked."""

    catalog: MemoryCatalog = field(
        default_factory=lambda: MemoryCatalog([listing(f"pot-{n}", title=title) for n, title in enumerate(POTS)])
    )
    keywords: KnownPhrases = field(default_factory=lambda: KnownPhrases(["ceramic planter", "vase", "bowl"]))
    pages: CountingPageWriter = field(default_factory=lambda: CountingPageWriter(RulePageWriter()))
    briefs: list[BrandBrief] = field(default_factory=list)
    copies: list[CopyBrief] = field(default_factory=list)
    while_writing: Callable[[], Awaitable[None]] | None = None
    """What happens while the copywriter writes."""

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        self.briefs.append(brief)
        return await RuleBrandWriter(KnownDomains()).propose(brief)

    async def write(self, brief: CopyBrief) -> ProductCopy:
        self.copies.append(brief)
        if self.while_writing is not None:
            await self.while_writing()
        return await RuleCopywriter().write(brief)

    @property
    def asked(self) -> dict[str, int]:
        return {
            "brand writer": len(self.briefs),
            "supplier": self.catalog.asked,
            "copywriter": len(self.copies),
            "page writer": len(self.pages.asked),
        }


class Pipeline:
    """One merchant's platform, with its agents and policies."""

    def __init__(self, platform: Platform, owner: Merchant, outside: Outside, pool: asyncpg.Pool) -> None:
        self.platform, self.owner, self.outside = platform, owner, outside
        dispatch, aggregates = BusDispatch(platform.bus), EventLogAggregates(platform.log)
        clock, at_once = platform.clock, replace(OUTSIDE_CALLS, first_pause=0.0)
        ports = StepPorts(aggregates, PostgresOutsideAnswers(pool), dispatch, clock, at_once)
        self.policies: Sequence[Consumer] = [
            GenerationPolicy(dispatch, aggregates, RuleNicheReader(), ports.answers),
            Studio(dispatch),
        ]
        self.agents: Sequence[Consumer] = [
            BrandAgent(outside, ports, ReadModelBrands(pool)),
            ScoutAgent(
                SharedCatalogs({SupplierProvider.SAMPLE: outside.catalog}),
                outside.keywords,
                KnownPhotos(),
                ports,
                niches=RuleNicheReader(),
            ),
            CopyAgent(outside, ports),
            PageAgent(outside.pages, ports, categories=RuleCategoryWriter(), shelves=shelf_names),
            DraftAgent(
                DraftWriters(
                    brand=outside,
                    copy=outside,
                    pages=outside.pages,
                    categories=RuleCategoryWriter(),
                    reviser=RuleReviser(),
                ),
                ports,
                SettledLog(pool),
                ReadModelBrands(pool),
            ),
        ]
        self.deadlines = DeadlinePolicy(
            ReadModelOverdue(pool), platform.bus, clock, CartExpiry(PostgresCarts(pool), MemoryPersonalData())
        )
        self._done = 0

    async def run(self, *, agents: bool = True, again: bool = False) -> None:
        """Deliver what is new in the log, or all of it again, until nothing comes of it; then feed the read models."""
        position = 0 if again else self._done
        consumers = [*self.policies, *(self.agents if agents else ())]
        while batch := [raw async for part in self.platform.log.scan(position) for raw in part]:
            for raw in batch:
                envelope = raw.decode()
                for consumer in consumers:
                    if type(envelope.event) in consumer.handles:
                        try:
                            await consumer(envelope)
                        except DomainError:
                            continue  # a refusal is an answer, as in consumers.runtime.delivery
                position = raw.position
        self._done = position
        await self.platform.barrier.catch_up()

    async def events(self) -> list[DomainEvent]:
        return [raw.decode().event async for part in self.platform.log.scan() for raw in part]

    async def request(self, **more: Any) -> UUID:
        """Request a store as a merchant does."""
        payload = await self._change("requestStore", "RequestStore", "storeId", niche="Ceramic planters", **more)
        return UUID(payload["storeId"])

    async def change(self, name: str, generation_id: UUID, step: str | None = None) -> Any:
        """Send one of the mutations of a generation and return it as it is afterwards."""
        kind = "Generation" if step is None else "Step"
        more = {} if step is None else {"step": step}
        return (await self._change(name, kind, SHOWN, generationId=str(generation_id), **more))["generation"]

    async def _change(self, name: str, kind: str, shown: str, **input: Any) -> Any:
        mutation = (
            f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {shown} userErrors {{ code message }} }} }}"
        )
        payload = await self.platform.ask(mutation, {"input": input}, by=self.owner)
        assert payload["userErrors"] == [], payload
        return payload

    async def store(self, id: UUID) -> Any:
        """Return what the merchant sees of the store."""
        query = f"""query ($id: ID!) {{ store(id: $id) {{ name status {SHOWN}
            products(first: 50) {{ nodes {{ id title description status images {{ status }} }} }}
            pages {{ nodes {{ type content }} }} }} }}"""
        return await self.platform.ask(query, {"id": str(id)}, by=self.owner)
