"""The scout agent over a log in memory."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from commands.bus import CommandBus
from commands.calls import RecordCall, record_outside_call
from commands.ports import Handlers
from commands.sourcing import ImportFewProducts, ImportProducts, import_products
from commands.step import AskForAttention, FailStep, ProgressStep, ask_for_attention, fail_step, progress_step
from consumers.agents.scout import ScoutAgent
from domain.calls.context import CallContext
from domain.calls.ports import BudgetExceeded, WorkBudget
from domain.generation.aggregate import GENERATION, start
from domain.generation.events import (
    AttentionCode,
    GenerationCancelled,
    Step,
    StepFailed,
    StepNeedsAttention,
    StepProgressed,
    StepStarted,
    StepSucceeded,
)
from domain.ids import derived
from domain.kernel import Transient
from domain.merchant.aggregate import MERCHANT, register
from domain.merchant.events import SupplierConnected, SupplierProvider
from domain.money import Money
from domain.privacy import Sealed
from domain.product.events import ProductImported
from domain.store.aggregate import STORE, request_store
from domain.store.events import DeliveryPromised, Preferences, ProductsScouted, SupplierReport
from infra.adapters.suppliers.shared import SharedCatalogs
from infra.writers.rules.niche.reader import RuleNicheReader
from schemas.envelope import Envelope
from tests.support.fakes.event_log import FixedClock, MemoryEventLog
from tests.support.fakes.supply import (
    BusDispatch,
    KnownPhotos,
    KnownPhrases,
    MemoryAnswers,
    MemoryCatalog,
    listing,
    step_ports,
)

MERCHANT_ID, STORE_ID = uuid4(), uuid4()
GENERATION_ID = derived(STORE_ID, "generation")
COLOURS = ("red", "blue", "green", "grey", "pink", "teal", "gold", "ivory", "plum", "rust", "sand", "jade", "navy")


def pots(provider: SupplierProvider = SupplierProvider.SAMPLE, count: int = 26) -> list[Any]:
    return [
        listing(
            f"pot-{n}",
            provider=provider,
            title=f"{COLOURS[n % len(COLOURS)]} ceramic pot {provider.lower()}{n}",
            category=("Planters", "Vases", "Bowls")[n % 3],
            image_urls=[f"http://{provider.lower()}.test/{n}.jpg"],
        )
        for n in range(count)
    ]


@dataclass
class Scouting:
    """One store whose scout step has started, and everything around the agent."""

    log: MemoryEventLog = field(default_factory=MemoryEventLog)
    catalogs: dict[SupplierProvider, MemoryCatalog] = field(
        default_factory=lambda: {SupplierProvider.SAMPLE: MemoryCatalog(pots())}
    )
    keywords: KnownPhrases = field(default_factory=lambda: KnownPhrases(["ceramic pot", "flower pot"]))
    photos: KnownPhotos = field(default_factory=KnownPhotos)
    answers: MemoryAnswers = field(default_factory=MemoryAnswers)
    clock: FixedClock = field(default_factory=FixedClock)
    budget: WorkBudget | None = None

    async def begin(self, *suppliers: SupplierProvider) -> Envelope:
        """Register the merchant, connect suppliers, request the store and start; return the scout's StepStarted."""
        at = self.clock.now()
        sealed = Sealed(person_id=MERCHANT_ID, ciphertext="v1.test")
        known = list(register(MERCHANT_ID, email=sealed, name=None, at=at))
        for n, provider in enumerate(suppliers, start=2):
            known.append(
                SupplierConnected(originator_id=MERCHANT_ID, originator_version=n, occurred_at=at, provider=provider)
            )
        await self.log.given(MERCHANT, known, tenant=MERCHANT_ID)
        requested = request_store(
            STORE_ID, merchant_id=MERCHANT_ID, niche="Ceramic pots", preferences=Preferences(), at=at
        )
        await self.log.given(STORE, requested, tenant=STORE_ID)
        started = start(GENERATION_ID, store_id=STORE_ID, merchant_id=MERCHANT_ID, niche="Ceramic pots", at=at)
        await self.log.given(GENERATION, started, tenant=STORE_ID)
        return next(
            envelope
            for envelope in self.log.envelopes
            if isinstance(envelope.event, StepStarted) and envelope.event.step is Step.SCOUT
        )

    @property
    def agent(self) -> ScoutAgent:
        handlers: Handlers = {
            ImportProducts: partial(import_products, clock=self.clock),
            ImportFewProducts: partial(import_products, clock=self.clock),
            AskForAttention: partial(ask_for_attention, clock=self.clock),
            ProgressStep: partial(progress_step, clock=self.clock),
            FailStep: partial(fail_step, clock=self.clock),
            RecordCall: partial(record_outside_call, clock=self.clock),
        }
        return ScoutAgent(
            SharedCatalogs(self.catalogs),
            self.keywords,
            self.photos,
            step_ports(self.log, self.answers, BusDispatch(CommandBus(self.log, handlers)), self.clock),
            niches=RuleNicheReader(),
            budget=self.budget,
        )

    def of(self, kind: type[Any]) -> Sequence[Any]:
        return [event for event in self.log.events if isinstance(event, kind)]


async def test_a_started_scout_step_stocks_the_store() -> None:
    scouting = Scouting()
    await scouting.agent(await scouting.begin(SupplierProvider.SAMPLE))
    (scouted,) = scouting.of(ProductsScouted)
    assert scouted.suppliers == [SupplierReport(provider=SupplierProvider.SAMPLE, candidates=26)]
    assert scouted.keywords == ["Ceramic pots", "planter", "flower pot"]
    assert (scouted.fitting, scouted.rejected) == (26, {"SURPLUS": 8})
    imported = scouting.of(ProductImported)[0]
    assert {term.name for term in imported.score.fit_terms} == {"thing", "category"}
    assert (imported.score.destination, imported.score.duty) == ("DE", Money(minor=360))
    assert len(scouted.product_ids) == 18
    assert [imported.originator_id for imported in scouting.of(ProductImported)] == scouted.product_ids
    assert [step.step for step in scouting.of(StepSucceeded)] == [Step.SCOUT]


async def test_the_merchant_sees_each_part_of_the_work() -> None:
    scouting = Scouting()
    await scouting.agent(await scouting.begin(SupplierProvider.SAMPLE))
    assert [progress.message for progress in scouting.of(StepProgressed)] == [
        "Thought of 3 search phrases, such as “planter”",
        "Found 26 candidates at the sample supplier",
        "26 of 26 candidates fit the niche. Chose the best 18 products; 8 more fit, but the store is full",
    ]


async def test_without_a_connected_supplier_the_sample_supplier_stands_in_and_that_is_said() -> None:
    scouting = Scouting()
    await scouting.agent(await scouting.begin())
    assert scouting.of(ProductsScouted)[0].suppliers[0].provider is SupplierProvider.SAMPLE
    assert "no supplier is connected" in scouting.of(StepProgressed)[1].message


async def test_redelivery_changes_nothing_and_makes_no_further_calls() -> None:
    scouting = Scouting()
    envelope = await scouting.begin(SupplierProvider.SAMPLE)
    await scouting.agent(envelope)
    before = list(scouting.log.raw)
    await scouting.agent(envelope)
    assert scouting.log.raw == before
    assert (scouting.catalogs[SupplierProvider.SAMPLE].asked, scouting.keywords.asked) == (1, 1)


async def test_a_crash_before_the_import_repeats_no_call() -> None:
    scouting = Scouting()
    envelope = await scouting.begin(SupplierProvider.SAMPLE)
    agent = scouting.agent

    class Crash(Exception):
        pass

    agent._react = _Dying(agent._react, on=ImportProducts, error=Crash())
    with pytest.raises(Crash):
        await agent(envelope)
    assert scouting.of(ProductsScouted) == []
    photos_asked = list(scouting.photos.asked)
    await scouting.agent(envelope)
    assert len(scouting.of(ProductsScouted)) == 1
    assert (scouting.catalogs[SupplierProvider.SAMPLE].asked, scouting.keywords.asked) == (1, 1)
    assert scouting.photos.asked == photos_asked


@dataclass
class _Dying:
    """A reaction port that fails at one kind of command, as a crash would."""

    inner: Any
    on: type
    error: Exception

    async def __call__(self, command: object, *, cause: Envelope, name: str) -> Any:
        if isinstance(command, self.on):
            raise self.error
        return await self.inner(command, cause=cause, name=name)

    async def outcome(self, cause: Envelope, name: str) -> Any:
        return await self.inner.outcome(cause, name)


async def test_one_supplier_down_is_reported_and_the_other_one_serves() -> None:
    scouting = Scouting()
    down = MemoryCatalog([], SupplierProvider.ALIEXPRESS, trouble=Transient("AliExpress", "answered with error 503"))
    scouting.catalogs[SupplierProvider.ALIEXPRESS] = down
    await scouting.agent(await scouting.begin(SupplierProvider.SAMPLE, SupplierProvider.ALIEXPRESS))
    (scouted,) = scouting.of(ProductsScouted)
    aliexpress, sample = scouted.suppliers
    assert (aliexpress.provider, aliexpress.candidates) == (SupplierProvider.ALIEXPRESS, 0)
    assert aliexpress.error is not None
    assert "AliExpress" in aliexpress.error
    assert "error 503" in aliexpress.error
    assert sample == SupplierReport(provider=SupplierProvider.SAMPLE, candidates=26)
    assert down.asked == 4
    assert scouting.of(StepFailed) == []


class Spent:
    """Implements ``WorkBudget`` with nothing left."""

    async def take(self, context: CallContext, *, supplier_calls: int = 0, image_seconds: float = 0.0) -> None:
        raise BudgetExceeded("The supplier", f"was not asked, because {supplier_calls} calls are too many")

    async def correct(self, context: CallContext, *, image_seconds: float) -> None:
        raise AssertionError("a search takes no time in the studio")


async def test_a_search_beyond_the_budget_is_not_made_and_the_log_says_why() -> None:
    scouting = Scouting()
    scouting.budget = Spent()
    await scouting.agent(await scouting.begin())
    (failed,) = scouting.of(StepFailed)
    assert re.search(r"was not asked, because \d+ calls are too many", failed.reason)
    assert scouting.catalogs[SupplierProvider.SAMPLE].asked == 0


async def test_all_suppliers_down_fails_the_step_with_their_names() -> None:
    scouting = Scouting()
    for provider, name in ((SupplierProvider.SAMPLE, "The sample supplier"), (SupplierProvider.SPOCKET, "Spocket")):
        scouting.catalogs[provider] = MemoryCatalog([], provider, trouble=Transient(name, "did not answer in 10 s"))
    await scouting.agent(await scouting.begin(SupplierProvider.SAMPLE, SupplierProvider.SPOCKET))
    (failed,) = scouting.of(StepFailed)
    assert "The sample supplier was asked 4 times" in failed.reason
    assert "Spocket was asked 4 times" in failed.reason
    assert scouting.of(ProductImported) == []


async def test_a_supplier_that_cannot_be_searched_here_is_named_with_what_to_do_about_it() -> None:
    scouting = Scouting()
    await scouting.agent(await scouting.begin(SupplierProvider.CJ_DROPSHIPPING))
    (failed,) = scouting.of(StepFailed)
    assert failed.reason == (
        "CJ Dropshipping is connected, but cannot be searched by this installation. Disconnect it, "
        "or connect the sample supplier too, and run this step again."
    )


async def test_what_takes_longer_than_the_store_promises_is_not_imported() -> None:
    scouting = Scouting()
    slow = [each.model_copy(update={"shipping_days": (4, 12)}) for each in pots()[13:]]
    scouting.catalogs[SupplierProvider.SAMPLE] = MemoryCatalog([*pots()[:13], *slow])
    begun = await scouting.begin()
    promise = DeliveryPromised(originator_id=STORE_ID, originator_version=2, occurred_at=scouting.clock.now(), days=10)
    await scouting.log.given(STORE, [promise], tenant=STORE_ID)
    await scouting.agent(begun)
    imported = scouting.of(ProductImported)
    assert len(imported) == 13
    assert {product.shipping_days for product in imported} == {(5, 9)}


async def test_nothing_that_can_be_sold_needs_attention_and_says_why() -> None:
    scouting = Scouting()
    scouting.catalogs[SupplierProvider.SAMPLE] = MemoryCatalog([listing("1", stock=0), listing("2", cost=2_900)])
    await scouting.agent(await scouting.begin())
    (asked,) = scouting.of(StepNeedsAttention)
    assert asked.attention.message == (
        "2 of 2 candidates fit the niche, and none can be sold: 1 was sold out, 1 left too little margin. "
        "Choose another niche, or connect another supplier."
    )
    assert scouting.of(ProductImported) == []


async def test_only_what_fits_is_imported_and_the_merchant_sees_what_else_there_is() -> None:
    scouting = Scouting()
    colours = COLOURS[:8]
    lamps = [
        listing(f"lamp-{n}", title=f"{c} desk lamp", category="Desk Lamps", tags=[]) for n, c in enumerate(colours)
    ]
    bare = listing("bare", title="Clay pot without a photo", image_urls=[])
    scouting.catalogs[SupplierProvider.SAMPLE] = MemoryCatalog([*pots(count=3), *lamps, bare])
    await scouting.agent(await scouting.begin())
    (scouted,) = scouting.of(ProductsScouted)
    assert len(scouted.product_ids) == 3
    assert scouted.rejected == {"NO_PHOTO": 1, "DOES_NOT_FIT": 8}
    (asked,) = scouting.of(StepNeedsAttention)
    assert asked.attention.code is AttentionCode.FEW_PRODUCTS_FIT
    assert asked.attention.message == (
        "4 of 12 candidates fit the niche. Chose the best 3 products; 1 had no photo, 8 did not fit the niche. "
        "Go on with them, choose another niche, or connect another supplier."
    )
    assert [(each.category, each.count) for each in asked.attention.available] == [
        ("Desk Lamps", 8),
        ("Bowls", 1),
        ("Planters", 1),
        ("Vases", 1),
    ]
    assert asked.attention.suggestions == ["Desk lamps"]
    assert scouting.of(StepSucceeded) == []


async def test_the_same_photo_at_two_suppliers_is_imported_once() -> None:
    scouting = Scouting()
    here = listing("1", title="Ombre Flower Pot", image_urls=["http://a.test/1.jpg"])
    there = listing(
        "9",
        provider=SupplierProvider.ALIEXPRESS,
        title="Gradient Glaze Planter",
        image_urls=["http://b.test/9.jpg"],
    )
    scouting.catalogs = {
        SupplierProvider.SAMPLE: MemoryCatalog([here]),
        SupplierProvider.ALIEXPRESS: MemoryCatalog([there], SupplierProvider.ALIEXPRESS),
    }
    scouting.photos.hashes = {
        "http://a.test/1.jpg": 0xFFFF_0000_FFFF_0000,
        "http://b.test/9.jpg": 0xFFFF_0000_FFFF_0001,
    }
    await scouting.agent(await scouting.begin(SupplierProvider.SAMPLE, SupplierProvider.ALIEXPRESS))
    (scouted,) = scouting.of(ProductsScouted)
    assert (scouted.candidates, scouted.duplicates, len(scouted.product_ids)) == (2, 1, 1)


async def test_only_the_photos_of_chosen_listings_are_compared_and_each_once() -> None:
    scouting = Scouting()
    await scouting.agent(await scouting.begin())
    imported = [event.images[0].url for event in scouting.of(ProductImported)]
    assert len(imported) == 18
    assert sorted(scouting.photos.asked) == sorted(imported), "26 candidates, of which 18 were chosen"


async def test_what_takes_the_place_of_a_duplicate_is_compared_as_well() -> None:
    scouting = Scouting()
    await scouting.agent(await scouting.begin())
    chosen = [event.images[0].url for event in scouting.of(ProductImported)]
    again = Scouting()
    again.photos.hashes = {chosen[0]: 0xFF, chosen[1]: 0xFF}
    await again.agent(await again.begin())
    imported = [event.images[0].url for event in again.of(ProductImported)]
    (scouted,) = again.of(ProductsScouted)
    assert (len(imported), scouted.duplicates) == (18, 1)
    assert len({chosen[0], chosen[1]} & set(imported)) == 1
    assert set(imported) < set(again.photos.asked)
    assert len(again.photos.asked) == len(set(again.photos.asked)) == 19


async def test_what_a_supplier_writes_is_cleaned_before_it_is_recorded() -> None:
    scouting = Scouting()
    address = "http://a.test/e\u0301.jpg"
    dirty = listing(
        "1",
        title="Ceramic \u202epot\u200b Cafe\u0301",
        category="Pots\u2066",
        image_urls=[address],
        tags=["re\u0301d\x00"],
    )
    scouting.catalogs[SupplierProvider.SAMPLE] = MemoryCatalog([dirty])
    await scouting.agent(await scouting.begin())
    (imported,) = scouting.of(ProductImported)
    assert (imported.original_title, imported.category, imported.tags) == ("Ceramic pot Café", "Pots", ["réd"])
    assert imported.images[0].url == address


async def test_a_cancelled_generation_searches_nowhere() -> None:
    scouting = Scouting()
    envelope = await scouting.begin(SupplierProvider.SAMPLE)
    version = len([raw for raw in scouting.log.raw if raw.stream_id == GENERATION_ID])
    cancelled = GenerationCancelled(
        originator_id=GENERATION_ID,
        originator_version=version + 1,
        occurred_at=scouting.clock.now(),
        store_id=STORE_ID,
    )
    await scouting.log.given(GENERATION, [cancelled], tenant=STORE_ID)
    before = list(scouting.log.raw)
    await scouting.agent(envelope)
    assert scouting.log.raw == before
    assert scouting.catalogs[SupplierProvider.SAMPLE].asked == 0


async def test_a_step_past_its_deadline_fails_instead_of_searching() -> None:
    scouting = Scouting()
    envelope = await scouting.begin(SupplierProvider.SAMPLE)
    scouting.clock.advance(timedelta(hours=1))
    await scouting.agent(envelope)
    (failed,) = scouting.of(StepFailed)
    assert "time for this step was up" in failed.reason
    assert scouting.catalogs[SupplierProvider.SAMPLE].asked == 0


async def test_other_steps_are_none_of_its_business() -> None:
    scouting = Scouting()
    await scouting.begin()
    brand = next(
        envelope
        for envelope in scouting.log.envelopes
        if isinstance(envelope.event, StepStarted) and envelope.event.step is Step.BRAND
    )
    before = list(scouting.log.raw)
    await scouting.agent(brand)
    assert scouting.log.raw == before


def test_the_group_name_never_changes() -> None:
    assert ScoutAgent.name == "scout-agent"
