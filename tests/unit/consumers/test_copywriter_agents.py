"""The copy agent and the page agent over a log in memory."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from commands.page import WritePages
from commands.step import SucceedStep
from consumers.agents.copywriter import AT_ONCE, NO_BRAND
from domain.calls.events import OutsideCallRecorded
from domain.generation.aggregate import GENERATION
from domain.generation.errors import GenerationEnded
from domain.generation.events import GenerationCancelled, Step, StepFailed, StepProgressed, StepSucceeded
from domain.kernel import Transient
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductArchived, ProductCopyWritten
from domain.product.ports import CopyBrief
from domain.store.collection_events import CategoryDescribed
from domain.store.events import PageType, PageWritten
from domain.store.ports import PageDraft, StoreFacts
from infra.writers.copykit.lint import lint
from infra.writers.copykit.recorded import recorded_texts
from infra.writers.rules.copy.copywriter import RuleCopywriter
from infra.writers.rules.copy.pages import RulePageWriter
from tests.support.fakes.copywriting import CountingCopywriter, CountingPageWriter
from tests.support.platforms.copy_shop import GENERATION_ID, NAMES, STORE_ID, Crash, Shop


async def test_a_started_copy_step_writes_every_product_up_once() -> None:
    shop = Shop()
    await shop.copy_agent(await shop.begin(Step.COPY))
    written = shop.of(ProductCopyWritten)
    assert {copy.originator_id for copy in written} == set(shop.product_ids)
    assert min(copy.title for copy in written) == "Gray Tufted Sofa"
    assert len({copy.slug for copy in written}) == len(NAMES)
    assert len(shop.writer.asked) == len(NAMES)
    (succeeded,) = [event for event in shop.of(StepSucceeded) if event.step is Step.COPY]
    assert succeeded.summary == "Wrote the copy of 6 products"


async def test_a_store_that_the_agents_wrote_has_no_fault() -> None:
    shop = Shop()
    await shop.copy_agent(await shop.begin(Step.COPY))
    await shop.page_agent(shop.started(Step.PAGES))
    texts = recorded_texts(shop.log.events)
    assert texts is not None
    assert len(texts.products) == len(NAMES)
    assert {"about", "faq", "contact"} <= set(texts.pages)
    assert [str(finding) for finding in lint(texts)] == []


async def test_the_page_agent_writes_a_text_for_each_category_page_once() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.PAGES)
    await shop.page_agent(envelope)
    described = shop.of(CategoryDescribed)
    assert described
    assert {event.written_by for event in described} == {"house"}
    assert len({event.category for event in described}) == len(described)
    await shop.page_agent(envelope)
    assert shop.of(CategoryDescribed) == described


async def test_the_merchant_sees_each_product_as_it_is_written() -> None:
    shop = Shop()
    await shop.copy_agent(await shop.begin(Step.COPY))
    progress = shop.of(StepProgressed)
    assert [step.done for step in progress] == [1, 2, 3, 4, 5, 6]
    assert {step.total for step in progress} == {6}
    assert "Wrote the copy of “Gray Tufted Sofa”" in {step.message for step in progress}


async def test_products_of_one_store_are_not_given_the_same_seed() -> None:
    seeds: list[str] = []

    class Noting(RuleCopywriter):
        async def write(self, brief: CopyBrief) -> Any:
            seeds.append(brief.seed)
            return await super().write(brief)

    shop = Shop(writer=CountingCopywriter(Noting()))
    await shop.copy_agent(await shop.begin(Step.COPY))
    assert sorted(seeds) == [f"{GENERATION_ID}:1#{n}.{n}" for n in range(6)]


async def test_redelivery_of_the_copy_step_changes_nothing_and_does_not_call_the_writer() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.COPY)
    await shop.copy_agent(envelope)
    asked, log = list(shop.writer.asked), list(shop.log.raw)
    await shop.copy_agent(envelope)
    assert (shop.writer.asked, shop.log.raw) == (asked, log)


async def test_a_crash_half_way_resumes_without_asking_again() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.COPY)
    shop.crash_before = lambda command, sent: sent >= 3
    with pytest.raises(Crash):
        await shop.copy_agent(envelope)
    assert len(shop.of(ProductCopyWritten)) == 3
    shop.crash_before = lambda command, sent: False
    await shop.copy_agent(envelope)
    assert sorted(shop.writer.asked) == sorted(f"2026 New {name} Free Shipping" for name in NAMES)
    assert len(shop.of(ProductCopyWritten)) == len(NAMES)
    assert [event.step for event in shop.of(StepSucceeded)].count(Step.COPY) == 1


async def test_a_crash_before_the_end_of_the_step_only_ends_the_step() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.COPY)
    shop.crash_before = lambda command, sent: isinstance(command, SucceedStep)
    with pytest.raises(Crash):
        await shop.copy_agent(envelope)
    shop.crash_before = lambda command, sent: False
    await shop.copy_agent(envelope)
    assert len(shop.writer.asked) == len(NAMES)
    assert Step.COPY in {event.step for event in shop.of(StepSucceeded)}


async def test_an_outage_is_waited_out() -> None:
    shop = Shop()
    shop.writer.trouble = lambda brief, asked: Transient("the model", "is busy") if asked <= 3 else None
    await shop.copy_agent(await shop.begin(Step.COPY))
    assert len(shop.of(ProductCopyWritten)) == len(NAMES)


async def test_a_lasting_outage_fails_the_step_with_a_reason_and_keeps_what_was_written() -> None:
    shop = Shop()
    shop.writer.trouble = lambda brief, asked: (
        Transient("the model", "is over its limit") if "Sofa" in brief.original_title else None
    )
    await shop.copy_agent(await shop.begin(Step.COPY))
    (failed,) = shop.of(StepFailed)
    assert failed.step is Step.COPY
    assert failed.reason == (
        "The copywriter was asked 4 times and did not answer as it should: it is over its limit. Run the step again later."
    )
    assert 3 <= len(shop.of(ProductCopyWritten)) <= 5
    assert len([title for title in shop.writer.asked if "Sofa" in title]) == 4


async def test_an_unexpected_error_is_not_blamed_on_the_writer() -> None:
    shop = Shop()
    shop.writer.trouble = lambda brief, asked: OSError("the disk is full") if "Sofa" in brief.original_title else None
    with pytest.raises(OSError, match="disk"):
        await shop.copy_agent(await shop.begin(Step.COPY))
    assert shop.of(StepFailed) == []


async def test_no_more_than_four_products_are_written_at_once() -> None:
    at_work, most = 0, 0

    class Watched(RuleCopywriter):
        async def write(self, brief: CopyBrief) -> Any:
            nonlocal at_work, most
            at_work += 1
            most = max(most, at_work)
            try:
                return await super().write(brief)
            finally:
                at_work -= 1

    shop = Shop(writer=CountingCopywriter(Watched()))
    await shop.copy_agent(await shop.begin(Step.COPY, names=[f"Desk Lamp {n}" for n in "ABCDEFGHIJKL"]))
    assert most == AT_ONCE


async def test_an_archived_product_is_passed_over() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.COPY)
    archived = ProductArchived(originator_id=shop.product_ids[2], originator_version=2, occurred_at=shop.clock.now())
    await shop.log.given(PRODUCT, [archived], tenant=STORE_ID)
    await shop.copy_agent(envelope)
    assert len(shop.of(ProductCopyWritten)) == len(NAMES) - 1
    assert len(shop.writer.asked) == len(NAMES) - 1


@pytest.mark.parametrize("step", [Step.COPY, Step.PAGES])
async def test_a_cancelled_job_is_left_alone(step: Step) -> None:
    shop = Shop()
    envelope = await shop.begin(step)
    generation: Any = (await shop.log.load(GENERATION, GENERATION_ID)).state  # type: ignore[union-attr]
    await shop.log.given(GENERATION, generation.cancel(at=shop.clock.now()), tenant=STORE_ID)
    await shop.copy_agent(envelope)
    await shop.page_agent(envelope)
    assert (shop.writer.asked, shop.pages.asked) == ([], [])
    assert isinstance(shop.log.events[-1], GenerationCancelled)


@pytest.mark.parametrize("step", [Step.COPY, Step.PAGES])
async def test_a_cancelled_job_makes_no_further_calls(step: Step) -> None:
    shop = Shop()
    envelope = await shop.begin(step)
    asked: list[object] = []

    async def cancel() -> None:
        generation: Any = (await shop.log.load(GENERATION, GENERATION_ID)).state  # type: ignore[union-attr]
        await shop.log.given(GENERATION, generation.cancel(at=shop.clock.now()), tenant=STORE_ID)

    class Cancelling(RuleCopywriter):
        async def write(self, brief: CopyBrief) -> Any:
            asked.append(brief)
            await cancel()
            return await super().write(brief)

    class CancellingPages(RulePageWriter):
        async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
            asked.append(type)
            await cancel()
            return await super().write(type, facts, seed=seed)

    shop.writer = CountingCopywriter(Cancelling())
    shop.pages = CountingPageWriter(CancellingPages())
    with suppress(GenerationEnded):
        await shop.copy_agent(envelope)
    await shop.page_agent(envelope)
    assert 1 <= len(asked) <= AT_ONCE, "those under way at most"
    *_, last = (event for event in shop.log.events if not isinstance(event, OutsideCallRecorded))
    assert isinstance(last, GenerationCancelled), "calls under way are still recorded"


@pytest.mark.parametrize("step", [Step.COPY, Step.PAGES])
async def test_a_store_without_a_brand_fails_with_what_to_do(step: Step) -> None:
    shop = Shop()
    envelope = await shop.begin(step, branded=False)
    await shop.copy_agent(envelope)
    await shop.page_agent(envelope)
    assert [failed.reason for failed in shop.of(StepFailed)] == [NO_BRAND]


async def test_each_agent_leaves_the_others_steps_alone() -> None:
    shop = Shop()
    await shop.begin(Step.COPY)
    before = list(shop.log.raw)
    for step in (Step.BRAND, Step.SCOUT, Step.IMAGES, Step.PAGES):
        await shop.copy_agent(shop.started(step))
    for step in (Step.BRAND, Step.SCOUT, Step.IMAGES, Step.COPY):
        await shop.page_agent(shop.started(step))
    assert shop.log.raw == before


async def test_a_step_past_its_deadline_does_not_call_the_writer() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.COPY)
    shop.clock.advance(timedelta(hours=1))
    await shop.copy_agent(envelope)
    assert shop.writer.asked == []
    assert "time for this step was up" in shop.of(StepFailed)[0].reason


async def test_a_started_pages_step_writes_all_six_pages() -> None:
    shop = Shop()
    await shop.page_agent(await shop.begin(Step.PAGES))
    written = shop.of(PageWritten)
    assert [page.type for page in written] == [type for type in PageType if type is not PageType.CUSTOM]
    assert len(shop.pages.asked) == 6
    assert [event.step for event in shop.of(StepSucceeded)][-1] is Step.PAGES
    assert {step.message for step in shop.of(StepProgressed)} >= {"Wrote the privacy policy", "Wrote the about page"}


async def test_pages_of_a_store_without_an_address_leave_its_place_open_and_invent_none() -> None:
    shop = Shop()
    await shop.page_agent(await shop.begin(Step.PAGES))
    pages = {page.type: page.content for page in shop.of(PageWritten)}
    assert not [type for type, content in pages.items() if "@" in content or "mailto" in content]
    assert {type for type, content in pages.items() if "{shop.email}" in content} == set(pages)


async def test_pages_state_the_stores_own_facts() -> None:
    shop = Shop(contact_email="hello@neonhaven.com")
    await shop.page_agent(await shop.begin(Step.PAGES))
    pages = {page.type: page.content for page in shop.of(PageWritten)}
    assert "[hello@neonhaven.com](mailto:hello@neonhaven.com)" in pages[PageType.CONTACT]
    assert "neonhaven.localhost" in pages[PageType.TERMS_OF_SERVICE]
    assert "6 to 11 days" in pages[PageType.FAQ]
    assert "$10.00 to $15.00" in pages[PageType.FAQ]
    assert "23 November 2026" in pages[PageType.REFUND_POLICY]


async def test_redelivery_of_the_pages_step_changes_nothing_and_does_not_call_the_writer() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.PAGES)
    await shop.page_agent(envelope)
    log = list(shop.log.raw)
    await shop.page_agent(envelope)
    assert (len(shop.pages.asked), shop.log.raw) == (6, log)


async def test_a_crash_between_pages_asks_for_the_missing_ones_only() -> None:
    shop = Shop()
    envelope = await shop.begin(Step.PAGES)
    shop.crash_before = lambda command, sent: isinstance(command, WritePages)
    with pytest.raises(Crash):
        await shop.page_agent(envelope)
    shop.crash_before = lambda command, sent: False
    shop.clock.advance(timedelta(minutes=2))
    await shop.page_agent(envelope)
    assert sorted(shop.pages.asked) == sorted(type for type in PageType if type is not PageType.CUSTOM)
    assert len(shop.of(PageWritten)) == 6


async def test_a_page_writer_that_stays_away_fails_the_step_with_a_reason() -> None:
    shop = Shop()
    shop.pages.trouble = lambda page, asked: (
        Transient("the model", "could not be reached") if page is PageType.FAQ else None
    )
    await shop.page_agent(await shop.begin(Step.PAGES))
    (failed,) = shop.of(StepFailed)
    assert failed.reason.startswith("The page writer was asked 4 times")
    assert shop.of(PageWritten) == []
