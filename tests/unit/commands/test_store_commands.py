"""Commands for stores."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from commands.account import ConfirmEmail
from commands.brand import AdoptBrand
from commands.bus import CommandBus
from commands.generation import CancelGeneration, ChooseNiche, StartGeneration, UnderstandNiche
from commands.merchant import RegisterMerchant, SetBusinessIdentity
from commands.page import AddPage, EditPage, RemovePage, WritePages
from commands.product import ActivateProduct, ArchiveProduct, DeactivateProduct
from commands.slugs import free_slug
from commands.step import RunStepAgain
from commands.store import ApproveStore, ArchiveStore, MarkStoreReady, PauseStore, PublishStore, RequestStore
from domain.generation.aggregate import GENERATION
from domain.generation.errors import GenerationEnded, StepNotRunning
from domain.generation.events import Step, StepSucceeded
from domain.kernel import InvalidInput, NotFound
from domain.product.events import ProductStatus
from domain.store.errors import PageChanged, PageNotFound, StoreNotReady
from domain.store.events import PageType, PageWritten, Preferences, StoreStatus
from domain.store.niche import NicheReading
from domain.store.pages import LEGAL_PAGES
from domain.store.publication import PublicationBlocked
from infra.bootstrap import handlers
from infra.writers.copykit.scoring import measure
from tests.support.builders.samples import listing, page, proposal, sealed
from tests.support.platforms.write_side import Platform, kinds


async def test_a_request_names_the_store_and_its_generation(platform: Platform) -> None:
    await platform.send(RegisterMerchant(merchant_id=platform.merchant_id, email=sealed(), name=None))
    request = RequestStore(
        store_id=platform.store_id,
        merchant_id=platform.merchant_id,
        niche=" Desk  lamps ",
        preferences=Preferences(),
    )
    receipt = await platform.send(request)
    assert receipt.result == {"store_id": str(platform.store_id), "generation_id": str(platform.generation_id)}
    assert (await platform.store()).niche == "Desk lamps"
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(request)
    assert refusal.value.field == "id"


@pytest.mark.parametrize("niche", ["", "x" * 121, "a\x00b"])
async def test_a_bad_niche_is_refused_and_nothing_is_appended(platform: Platform, niche: str) -> None:
    await platform.send(RegisterMerchant(merchant_id=platform.merchant_id, email=sealed(), name=None))
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(
            RequestStore(store_id=uuid4(), merchant_id=platform.merchant_id, niche=niche, preferences=Preferences())
        )
    assert refusal.value.field == "niche"
    assert len(platform.log.raw) == before


async def test_only_a_registered_merchant_can_request_a_store(platform: Platform) -> None:
    with pytest.raises(NotFound):
        await platform.send(
            RequestStore(store_id=uuid4(), merchant_id=uuid4(), niche="Lamps", preferences=Preferences())
        )


async def test_generation_starts_once(platform: Platform) -> None:
    await platform.request()
    assert kinds(platform.log.events[2:]) == ["GenerationStarted", "StepStarted", "StepStarted"]
    start = StartGeneration(generation_id=platform.generation_id, store_id=platform.store_id)
    assert await platform.do(start) == []


async def test_a_brand_is_adopted_with_an_address_of_its_own(platform: Platform) -> None:
    await platform.request()
    before = len(platform.log.raw)
    receipt = await platform.brand("Neon Haven")
    assert kinds(platform.log.events[before:]) == ["SlugReserved", "BrandGenerated", "StepSucceeded"]
    assert receipt.result == {"slug": "neon-haven"}
    assert {envelope.tenant for envelope in platform.log.envelopes[before:]} == {platform.store_id}


async def test_a_taken_address_gets_a_number(platform: Platform) -> None:
    slugs = []
    for _ in range(3):
        platform.merchant_id, platform.store_id = uuid4(), uuid4()
        await platform.request()
        slugs.append((await platform.brand("Neon Haven")).result["slug"])
    assert slugs == ["neon-haven", "neon-haven-2", "neon-haven-3"]


async def test_a_reserved_address_is_given_to_no_store(platform: Platform) -> None:
    slugs = []
    for name in ("Status", "WWW", "Mail"):
        platform.merchant_id, platform.store_id = uuid4(), uuid4()
        await platform.request()
        slugs.append((await platform.brand(name)).result["slug"])
    assert slugs == ["status-2", "www-2", "mail-2"]


async def test_a_new_brand_of_a_live_store_is_a_draft(platform: Platform) -> None:
    await platform.publish()
    await platform.send(
        ChooseNiche(generation_id=platform.generation_id, merchant_id=platform.merchant_id, niche="Lanterns")
    )
    reading = NicheReading(things=["lanterns"])
    await platform.send(
        UnderstandNiche(
            generation_id=platform.generation_id, store_id=platform.store_id, niche="Lanterns", reading=reading
        )
    )
    events = await platform.do(
        AdoptBrand(generation_id=platform.generation_id, attempt=2, proposal=proposal("Volt Nest"))
    )
    assert kinds(events)[:4] == ["DraftRequested", "DraftProposed", "DraftsQueued", "StepSucceeded"]
    store = await platform.store()
    assert store.slug == "neon-haven"
    assert store.brand is not None
    assert store.brand.name == "Neon Haven"


async def test_a_new_brand_before_publication_has_an_address_of_its_own(platform: Platform) -> None:
    await platform.request()
    await platform.brand("Neon Haven")
    await platform.again(Step.BRAND)
    assert (await platform.brand("Volt Nest", attempt=2)).result == {"slug": "volt-nest"}
    assert (await platform.store()).slug == "volt-nest"
    await platform.again(Step.BRAND)
    before = len(platform.log.raw)
    assert (await platform.brand("Neon Haven", attempt=3)).result == {"slug": "neon-haven"}
    assert "SlugReserved" not in kinds(platform.log.events[before:]), "it had reserved that one"


async def test_a_repeated_brand_is_adopted_once(platform: Platform) -> None:
    await platform.request()
    await platform.brand("Neon Haven")
    again = AdoptBrand(generation_id=platform.generation_id, attempt=1, proposal=proposal("Other"))
    assert await platform.do(again) == []


async def test_a_brand_that_comes_too_late_is_refused_whole(platform: Platform) -> None:
    await platform.request()
    await platform.fail(Step.BRAND)
    before = len(platform.log.raw)
    with pytest.raises(StepNotRunning):
        await platform.brand()
    await platform.again(Step.BRAND)
    await platform.send(CancelGeneration(generation_id=platform.generation_id, merchant_id=platform.merchant_id))
    with pytest.raises(GenerationEnded):
        await platform.brand(attempt=2)
    assert kinds(platform.log.events[before:]) == ["StepStarted", "GenerationCancelled"]


async def test_pages_end_their_step_and_are_rewritten_in_place(platform: Platform) -> None:
    await platform.review()
    (first,) = (await platform.store()).pages
    await platform.again(Step.PAGES)
    drafts = [page(PageType.ABOUT, "about-us"), page(PageType.FAQ, "faq")]
    events = await platform.do(WritePages(generation_id=platform.generation_id, attempt=2, pages=drafts))
    assert kinds(events) == ["PageWritten", "PageWritten", "StepSucceeded", "GenerationCompleted"]
    assert isinstance(events[0], PageWritten)
    assert (events[0].page_id, events[0].slug) == (first, "about")
    assert len((await platform.store()).pages) == 2


async def test_pages_in_the_merchants_own_words_are_not_written_over(platform: Platform) -> None:
    await platform.review()
    (about,) = (await platform.store()).pages
    own = EditPage(
        store_id=platform.store_id, merchant_id=platform.merchant_id, page_id=about, title=None, content="Mine"
    )
    await platform.send(own)
    await platform.again(Step.PAGES)
    drafts = [page(PageType.ABOUT, "about"), page(PageType.FAQ, "faq")]
    written, ended, _ = await platform.do(WritePages(generation_id=platform.generation_id, attempt=2, pages=drafts))
    assert isinstance(written, PageWritten)
    assert written.type is PageType.FAQ
    assert isinstance(ended, StepSucceeded)
    assert ended.summary == "1 page written, 1 left in your own words"


async def test_a_generated_page_steps_aside_for_the_merchants_own(platform: Platform) -> None:
    await platform.request()
    await platform.scout()
    await platform.brand()
    own = AddPage(
        store_id=platform.store_id, merchant_id=platform.merchant_id, page_id=uuid4(), title="FAQ", content="Mine"
    )
    assert (await platform.send(own)).result["slug"] == "faq"
    events = await platform.do(
        WritePages(generation_id=platform.generation_id, attempt=1, pages=[page(PageType.FAQ, "faq")])
    )
    assert isinstance(events[0], PageWritten)
    assert (events[0].type, events[0].slug) == (PageType.FAQ, "faq-2")


async def test_no_pages_are_no_result(platform: Platform) -> None:
    await platform.request()
    with pytest.raises(InvalidInput):
        await platform.send(WritePages(generation_id=platform.generation_id, attempt=1, pages=[]))


async def test_a_merchant_edits_their_page(platform: Platform) -> None:
    await platform.publish()
    (page_id,) = (await platform.store()).pages
    edit = EditPage(
        store_id=platform.store_id,
        merchant_id=platform.merchant_id,
        page_id=page_id,
        title="Who we are",
        content="Three new words",
    )
    (event,) = await platform.do(edit)
    assert isinstance(event, PageWritten)
    assert (event.title, event.slug, event.written_by) == ("Who we are", "about", "merchant")
    assert event.scores == measure("Three new words")
    assert event.scores.reading_ease > 90, "the text is easy, and it was measured"


async def test_a_page_without_text_is_refused(platform: Platform) -> None:
    await platform.request()
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(
            AddPage(
                store_id=platform.store_id,
                merchant_id=platform.merchant_id,
                page_id=uuid4(),
                title="Sizes",
                content=" ",
            )
        )
    assert refusal.value.field == "content"


@pytest.mark.parametrize("title", ["", " ", "Our\nworkshop", "Our\tworkshop", "Our\x07workshop", "x" * 201])
async def test_a_page_has_a_title_of_one_line(platform: Platform, title: str) -> None:
    await platform.publish()
    (page_id,) = (await platform.store()).pages
    ids: dict[str, Any] = {"store_id": platform.store_id, "merchant_id": platform.merchant_id}
    before = len(platform.log.raw)
    for command in (
        AddPage(**ids, page_id=uuid4(), title=title, content="# Hi"),
        EditPage(**ids, page_id=page_id, title=title, content=None),
        EditPage(**ids, page_id=page_id, title=title, content="# Hi"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            await platform.send(command)
        assert refusal.value.field == "title"
    assert len(platform.log.raw) == before
    (added,) = await platform.do(AddPage(**ids, page_id=uuid4(), title="  Our   workshop\n", content="# Hi"))
    assert isinstance(added, PageWritten)
    assert (added.title, added.slug) == ("Our workshop", "our-workshop")


async def test_publishing_puts_what_can_be_sold_on_sale(platform: Platform) -> None:
    sold_out = listing("L-2", title="Mug")
    sold_out = sold_out.model_copy(update={"variants": [sold_out.variants[0].model_copy(update={"stock": 0})]})
    lamp, mug = await platform.publish(listing("L-1"), sold_out)
    assert (await platform.product(lamp)).status is ProductStatus.ACTIVE
    assert (await platform.product(mug)).status is ProductStatus.DRAFT


async def test_publishing_again_leaves_alone_what_the_merchant_took_off_sale(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    ids = {"store_id": platform.store_id, "merchant_id": platform.merchant_id}
    await platform.send(DeactivateProduct(product_id=lamp, merchant_id=platform.merchant_id))
    assert kinds(await platform.do(PauseStore(**ids))) == ["StorePaused"]
    assert kinds(await platform.do(PublishStore(**ids))) == ["StorePublished"]
    assert (await platform.product(lamp)).status is ProductStatus.DRAFT


async def test_a_store_is_reviewed_before_it_is_published(platform: Platform) -> None:
    await platform.request()
    ids = {"store_id": platform.store_id, "merchant_id": platform.merchant_id}
    for command in (ApproveStore(**ids), PublishStore(**ids), PauseStore(**ids)):
        with pytest.raises(StoreNotReady):
            await platform.send(command)
    ready = MarkStoreReady(store_id=platform.store_id, generation_id=platform.generation_id)
    assert kinds(await platform.do(ready)) == ["StoreReadyForReview"]
    assert await platform.do(ready) == []


async def test_a_store_is_neither_approved_nor_first_published_while_its_generation_runs_again(
    platform: Platform,
) -> None:
    await platform.request()
    await platform.scout()
    await platform.complete()
    ids = {"store_id": platform.store_id, "merchant_id": platform.merchant_id}
    await platform.again(Step.SCOUT)
    before = len(platform.log.raw)
    with pytest.raises(StoreNotReady, match=r"cannot be approved\. Its generation is running"):
        await platform.send(ApproveStore(**ids))
    assert len(platform.log.raw) == before
    cancel = CancelGeneration(generation_id=platform.generation_id, merchant_id=platform.merchant_id)
    await platform.send(cancel)
    assert kinds(await platform.do(ApproveStore(**ids))) == ["StoreApproved"]
    await platform.again(Step.SCOUT)
    assert await platform.do(ApproveStore(**ids)) == [], "that was done"
    with pytest.raises(StoreNotReady, match=r"cannot be published\. Its generation is running"):
        await platform.send(PublishStore(**ids))
    (lamp,) = await platform.scout(attempt=3)
    await platform.send(cancel)
    assert kinds(await platform.do(PublishStore(**ids))) == ["StorePublished", "ProductActivated"]
    assert (await platform.product(lamp)).status is ProductStatus.ACTIVE
    await platform.send(PauseStore(**ids))
    await platform.again(Step.SCOUT)
    assert kinds(await platform.do(PublishStore(**ids))) == ["StorePublished"], "shoppers knew it before"


async def test_archiving_a_store_stops_its_generation(platform: Platform) -> None:
    await platform.request()
    archive = ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id)
    assert kinds(await platform.do(archive)) == ["StoreArchived", "GenerationCancelled"]
    assert await platform.do(archive) == []


async def test_a_generation_does_not_start_for_a_store_that_was_archived_before(platform: Platform) -> None:
    await platform.send(RegisterMerchant(merchant_id=platform.merchant_id, email=sealed(uuid4()), name=None))
    store_id, merchant_id = platform.store_id, platform.merchant_id
    await platform.send(
        RequestStore(store_id=store_id, merchant_id=merchant_id, niche="Lamps", preferences=Preferences())
    )
    archive = ArchiveStore(store_id=store_id, merchant_id=merchant_id)
    assert kinds(await platform.do(archive)) == ["StoreArchived"]
    start = StartGeneration(generation_id=platform.generation_id, store_id=platform.store_id)
    assert await platform.do(start) == []


async def test_nothing_is_generated_for_an_archived_store(platform: Platform) -> None:
    await platform.publish()
    await platform.send(ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    with pytest.raises(StoreNotReady):
        await platform.again(Step.BRAND)
    assert (await platform.store()).status is StoreStatus.ARCHIVED


async def test_a_foreign_store_reads_like_one_that_is_not_there(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    (page_id,) = (await platform.store()).pages
    before = len(platform.log.raw)

    def asked_by(merchant_id: UUID, store_id: UUID) -> list[object]:
        ids: dict[str, Any] = {"store_id": store_id, "merchant_id": merchant_id}
        return [
            ApproveStore(**ids),
            PublishStore(**ids),
            PauseStore(**ids),
            ArchiveStore(**ids),
            AddPage(**ids, page_id=uuid4(), title="T", content="C"),
            EditPage(**ids, page_id=page_id, title="T", content="C"),
        ]

    stranger, nowhere = uuid4(), uuid4()
    for command in asked_by(stranger, platform.store_id):
        with pytest.raises(NotFound) as foreign:
            await platform.send(command)
        assert str(platform.store_id) in str(foreign.value)
    for command in asked_by(platform.merchant_id, nowhere):
        with pytest.raises(NotFound) as unknown:
            await platform.send(command)
        assert str(unknown.value).replace(str(nowhere), str(platform.store_id)) == str(foreign.value)
    for command in (
        RunStepAgain(generation_id=platform.generation_id, merchant_id=stranger, step=Step.BRAND),
        CancelGeneration(generation_id=platform.generation_id, merchant_id=stranger),
        ArchiveProduct(product_id=lamp, merchant_id=stranger),
    ):
        with pytest.raises(NotFound):
            await platform.send(command)
    assert len(platform.log.raw) == before


def test_the_first_free_slug_is_taken() -> None:
    assert free_slug("lamp", []) == "lamp"
    assert free_slug("lamp", ["lamp", "lamp-2", "lamp-4"]) == "lamp-3"


async def test_where_money_moves_a_store_without_a_business_is_not_published(platform: Platform) -> None:
    platform.pages = [page(type, type.lower()) for type in LEGAL_PAGES]
    platform.bus = CommandBus(platform.log, handlers(platform.clock, sandbox=False))
    await platform.request()
    await platform.scout()
    await platform.complete()
    await platform.send(ApproveStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    publish = PublishStore(store_id=platform.store_id, merchant_id=platform.merchant_id)
    with pytest.raises(PublicationBlocked) as refusal:
        await platform.send(publish)
    missing = {"EMAIL_NOT_VERIFIED", "NO_BUSINESS_IDENTITY", "NO_CONTACT_EMAIL"}
    assert {blocker.code for blocker in refusal.value.blockers} == missing
    confirm = ConfirmEmail(merchant_id=platform.merchant_id, email=sealed(platform.merchant_id))
    assert kinds(await platform.do(confirm)) == ["EmailVerified"]
    identity = SetBusinessIdentity(
        merchant_id=platform.merchant_id, country="DE", parts=[], identity=sealed(platform.merchant_id), fingerprint="f"
    )
    assert kinds(await platform.do(identity)) == ["BusinessIdentityStated"]
    assert kinds(await platform.do(publish)) == ["StorePublished", "ProductActivated"]


async def test_the_second_editor_of_a_page_is_refused_and_nothing_is_overwritten(platform: Platform) -> None:
    await platform.publish()
    (page_id,) = (await platform.store()).pages
    seen = (await platform.store()).pages[page_id].number

    def save(content: str, version: int | None) -> EditPage:
        return EditPage(
            store_id=platform.store_id,
            merchant_id=platform.merchant_id,
            page_id=page_id,
            title=None,
            content=content,
            expected_version=version,
        )

    assert kinds(await platform.do(save("First.", seen))) == ["PageWritten"]
    before = len(platform.log.raw)
    with pytest.raises(PageChanged, match=f"you saw version {seen}, and version {seen + 1} is live") as refusal:
        await platform.send(save("Second.", seen))
    assert (refusal.value.code, len(platform.log.raw)) == ("PAGE_CHANGED", before)
    assert kinds(await platform.do(save("Second.", seen + 1))) == ["PageWritten"]
    assert kinds(await platform.do(save("Third.", None))) == ["PageWritten"]
    # A repeat of a command from before the version was asked has the same digest.
    assert b"expected_version" not in TypeAdapter(EditPage).dump_json(save("Third.", None))


async def test_pages_that_shoppers_know_are_not_written_over(platform: Platform) -> None:
    await platform.publish()
    before = dict((await platform.store()).pages)
    await platform.send(
        ChooseNiche(generation_id=platform.generation_id, merchant_id=platform.merchant_id, niche="Lanterns")
    )
    await platform.send(
        UnderstandNiche(
            generation_id=platform.generation_id,
            store_id=platform.store_id,
            niche="Lanterns",
            reading=NicheReading(things=["lanterns"]),
        )
    )
    await platform.send(AdoptBrand(generation_id=platform.generation_id, attempt=2, proposal=proposal("Volt Nest")))
    await platform.scout(listing("L-2"), attempt=2)
    generation = await platform.get(GENERATION, platform.generation_id)
    attempt = generation.steps[Step.PAGES].attempt
    pages = [page(PageType.ABOUT, "about"), page(PageType.FAQ, "faq")]
    await platform.send(WritePages(generation_id=platform.generation_id, attempt=attempt, pages=pages))
    after = (await platform.store()).pages
    assert {id: after[id] for id in before} == before
    assert len(after) == len(before) + 1


async def test_a_live_shop_that_is_scouted_again_shows_the_new_goods_only_once_they_are_activated(
    platform: Platform,
) -> None:
    (known,) = await platform.publish()
    await platform.again(Step.SCOUT)
    (fresh,) = await platform.scout(listing("L-2"), attempt=2)
    assert (await platform.product(known)).status is ProductStatus.ACTIVE
    assert (await platform.product(fresh)).status is ProductStatus.DRAFT
    await platform.send(ActivateProduct(product_id=fresh, merchant_id=platform.merchant_id))
    assert (await platform.product(fresh)).status is ProductStatus.ACTIVE
    assert (await platform.product(known)).status is ProductStatus.ACTIVE


async def test_a_dropped_page_is_gone_and_is_not_written_again(platform: Platform) -> None:
    platform.pages = [page(PageType.ABOUT, "about"), page(PageType.TERMS_OF_SERVICE, "terms")]
    await platform.review()
    ids = {one.type: id for id, one in (await platform.store()).pages.items()}

    def drop(type: PageType) -> RemovePage:
        return RemovePage(store_id=platform.store_id, merchant_id=platform.merchant_id, page_id=ids[type])

    assert kinds(await platform.do(drop(PageType.ABOUT))) == ["PageRemoved"]
    with pytest.raises(PageNotFound):
        await platform.send(drop(PageType.ABOUT))
    with pytest.raises(InvalidInput, match="legal page"):
        await platform.send(drop(PageType.TERMS_OF_SERVICE))
    await platform.again(Step.PAGES)
    await platform.send(WritePages(generation_id=platform.generation_id, attempt=2, pages=list(platform.pages)))
    store = await platform.store()
    assert [one.type for one in store.pages.values()] == [PageType.TERMS_OF_SERVICE]
    added = await platform.send(
        AddPage(
            store_id=platform.store_id,
            merchant_id=platform.merchant_id,
            page_id=uuid4(),
            title="About",
            content="My own words.",
        )
    )
    assert added.result["slug"] == "about"
