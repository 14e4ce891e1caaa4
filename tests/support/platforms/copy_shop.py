"""A store in memory whose copy and pages steps have started: what tests of the copywriter's agents stand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from commands.bus import CommandBus
from commands.calls import RecordCall, record_outside_call
from commands.page import WritePages, write_pages
from commands.ports import Handlers, Receipt
from commands.presentation import DescribeCategories, describe_categories
from commands.product_copy import WriteProductCopy, write_product_copy
from commands.step import FailStep, ProgressStep, SucceedStep, fail_step, progress_step, succeed_step
from consumers.agents.copywriter import CopyAgent, PageAgent
from domain.generation.aggregate import GENERATION, start
from domain.generation.events import Step, StepStarted
from domain.ids import derived
from domain.money import Money
from domain.product.aggregate import PRODUCT
from domain.product.events import ImportedVariant, WinningScore
from domain.sourcing.importing import ListingDraft, import_listing
from domain.store.aggregate import STORE, request_store
from domain.store.events import BrandGenerated, Preferences, ProductsScouted
from infra.writers.rules.copy.categories import RuleCategoryWriter
from infra.writers.rules.copy.copywriter import RuleCopywriter
from infra.writers.rules.copy.pages import RulePageWriter
from schemas.envelope import Envelope
from storefront.shelves.grouping import shelf_names
from tests.support.fakes.copywriting import CountingCopywriter, CountingPageWriter, brand
from tests.support.fakes.event_log import FixedClock, MemoryEventLog
from tests.support.fakes.supply import BusDispatch, MemoryAnswers, listing, step_ports

MERCHANT_ID, STORE_ID = uuid4(), uuid4()
GENERATION_ID = derived(STORE_ID, "generation")
SCORE = WinningScore(total=1, reviews=1, orders=1, price_point=1, shipping=1, image_quality=1, margin=1)
NAMES = (
    "Neon Desk Lamp",
    "Wooden Bar Stool",
    "Grey Tufted Sofa",
    "Instant Film Camera",
    "Stoneware Plant Pot",
    "Wall Clock",
)


class Crash(BaseException):
    """The death of the process. No code catches it."""


@dataclass
class CrashingDispatch(BusDispatch):
    """Dies instead of sending commands from a certain one on. Records of calls are not counted."""

    crash_before: Callable[[object, int], bool] = lambda command, sent: False
    sent: int = 0

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Receipt:
        if not isinstance(command, RecordCall):
            if self.crash_before(command, self.sent):
                raise Crash
            self.sent += 1
        return await super().__call__(command, cause=cause, name=name)


@dataclass
class Shop:
    """A store with a brand and products whose copy and pages steps have started, and everything around the agents."""

    log: MemoryEventLog = field(default_factory=MemoryEventLog)
    clock: FixedClock = field(default_factory=FixedClock)
    answers: MemoryAnswers = field(default_factory=MemoryAnswers)
    writer: CountingCopywriter = field(default_factory=lambda: CountingCopywriter(RuleCopywriter()))
    pages: CountingPageWriter = field(default_factory=lambda: CountingPageWriter(RulePageWriter()))
    crash_before: Callable[[object, int], bool] = lambda command, sent: False
    product_ids: list[UUID] = field(default_factory=list)
    contact_email: str | None = None

    async def begin(self, step: Step, *, names: Sequence[str] = NAMES, branded: bool = True) -> Envelope:
        """Bring the store to where copy and pages have started; return that step's StepStarted."""
        at = self.clock.now()
        for n, name in enumerate(names):
            id = derived(GENERATION_ID, "product", str(n))
            self.product_ids.append(id)
            offer = listing(
                str(n), title=f"2026 New {name} Free Shipping", category="Things", shipping_days=(4 + n, 9 + n)
            )
            imported = import_listing(
                id,
                ListingDraft(
                    listing=offer,
                    slug=f"draft-{n}",
                    price=Money(minor=1000 + 100 * n),
                    images=[],
                    variants=[
                        ImportedVariant(
                            variant_id=uuid4(), title="Default", price=Money(minor=1000), cost=Money(minor=5), stock=3
                        )
                    ],
                    score=SCORE,
                ),
                store_id=STORE_ID,
                generation_id=GENERATION_ID,
                at=at,
            )
            await self.log.given(PRODUCT, imported, tenant=STORE_ID)
        await self._give_store(branded=branded)
        generation: Any = await self.log.given(
            GENERATION,
            start(GENERATION_ID, store_id=STORE_ID, merchant_id=MERCHANT_ID, niche="Neon lamps", at=at),
            tenant=STORE_ID,
        )
        for done in (Step.BRAND, Step.SCOUT):
            events = generation.succeed_step(done, 1, summary="done", at=at)
            generation = await self.log.given(GENERATION, events, tenant=STORE_ID)
        return self.started(step)

    async def _give_store(self, *, branded: bool) -> None:
        at = self.clock.now()
        requested = request_store(
            STORE_ID,
            merchant_id=MERCHANT_ID,
            niche="Neon lamps",
            preferences=Preferences(),
            contact_email=self.contact_email,
            at=at,
        )
        await self.log.given(STORE, requested, tenant=STORE_ID)
        scouted: dict[str, Any] = {
            "originator_id": STORE_ID,
            "occurred_at": at,
            "generation_id": GENERATION_ID,
            "attempt": 1,
        }
        found = ProductsScouted(
            **scouted,
            originator_version=2,
            keywords=["lamp"],
            suppliers=[],
            candidates=9,
            duplicates=0,
            product_ids=self.product_ids,
        )
        await self.log.given(STORE, [found], tenant=STORE_ID)
        if branded:
            named = BrandGenerated(
                **scouted,
                originator_version=3,
                brand=brand("Neonhaven"),
                options=[],
                reason="",
                slug="neonhaven",
                written_by="house",
            )
            await self.log.given(STORE, [named], tenant=STORE_ID)

    def started(self, step: Step) -> Envelope:
        return next(
            envelope
            for envelope in self.log.envelopes
            if isinstance(envelope.event, StepStarted) and envelope.event.step is step
        )

    @property
    def dispatch(self) -> CrashingDispatch:
        handlers: Handlers = {
            RecordCall: partial(record_outside_call, clock=self.clock),
            WriteProductCopy: partial(write_product_copy, clock=self.clock),
            DescribeCategories: partial(describe_categories, clock=self.clock),
            WritePages: partial(write_pages, clock=self.clock),
            ProgressStep: partial(progress_step, clock=self.clock),
            SucceedStep: partial(succeed_step, clock=self.clock),
            FailStep: partial(fail_step, clock=self.clock),
        }
        return CrashingDispatch(CommandBus(self.log, handlers), crash_before=self.crash_before)

    @property
    def copy_agent(self) -> CopyAgent:
        return CopyAgent(self.writer, step_ports(self.log, self.answers, self.dispatch, self.clock))

    @property
    def page_agent(self) -> PageAgent:
        ports = step_ports(self.log, self.answers, self.dispatch, self.clock)
        return PageAgent(self.pages, ports, categories=RuleCategoryWriter(), shelves=shelf_names)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.log.events if isinstance(event, kind)]
