"""Commands for products."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.media import RequestImage
from commands.product import ActivateProduct, AddProduct, ArchiveProduct, CountStock, DeactivateProduct, EditProduct
from commands.product_copy import WriteProductCopy
from commands.sourcing import ImportProducts, Pick
from commands.step import SucceedStep
from commands.store import ArchiveStore
from domain.generation.errors import StepNotRunning
from domain.generation.events import Step, StepProgressed, StepSucceeded
from domain.kernel import InvalidInput, NotFound
from domain.media.events import ImageProcessingRequested, Operation
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.errors import ProductIsArchived
from domain.product.events import ProductAdded, ProductCopyWritten, ProductImported, ProductStatus
from domain.sourcing.listing import ListingVariant
from domain.store.errors import StoreNotReady
from domain.store.events import CurrencyChosen, ProductsScouted, SupplierReport
from domain.store.settings import choose_currency
from tests.support.builders.samples import SCORE, copy, dollars, listing
from tests.support.platforms.write_side import Platform, kinds

WHOSE: Any = {"product_id": uuid4(), "merchant_id": uuid4()}
"""Stands for a product id that the test fills in later."""


async def write(platform: Platform, product_id: UUID, title: str, attempt: int = 1) -> list[str]:
    command = WriteProductCopy(
        product_id=product_id, generation_id=platform.generation_id, attempt=attempt, copy=copy(title), total=2
    )
    return kinds(await platform.do(command))


def by_hand(platform: Platform, **changes: Any) -> AddProduct:
    given: dict[str, Any] = {
        "product_id": uuid4(),
        "store_id": platform.store_id,
        "merchant_id": platform.merchant_id,
        "title": "Own Lamp",
        "description": "Made by me.",
        "cost": dollars("5.00"),
        "price": dollars("15.00"),
        "compare_at": None,
        "stock": 3,
        "image_urls": ["https://images.example/own.jpg"],
    }
    return AddProduct(**(given | changes))


async def test_picks_are_imported_and_end_the_scout_step(platform: Platform) -> None:
    await platform.request()
    before = len(platform.log.raw)
    ids = await platform.scout(listing("L-1"), listing("L-2"))
    events = platform.log.events[before:]
    assert kinds(events) == [
        "ProductImported",
        "ProductImported",
        "CurrencyChosen",
        "ProductsScouted",
        "StepSucceeded",
    ]
    first, second, chosen, scouted, ended = events
    assert isinstance(chosen, CurrencyChosen)
    assert chosen.currency == "USD"
    assert isinstance(first, ProductImported)
    assert isinstance(second, ProductImported)
    assert isinstance(scouted, ProductsScouted)
    assert isinstance(ended, StepSucceeded)
    assert (first.slug, second.slug) == ("neon-desk-lamp", "neon-desk-lamp-2")
    assert [first.originator_id, second.originator_id] == ids == scouted.product_ids
    assert (scouted.candidates, scouted.duplicates) == (120, 2)
    assert ended.summary == "2 products from 120 candidates (sample supplier)"
    assert [image.position for image in first.images] == [0, 1]
    assert {envelope.tenant for envelope in platform.log.envelopes[before:]} == {platform.store_id}


async def test_the_summary_names_every_source_and_who_could_not_be_searched(platform: Platform) -> None:
    await platform.request()
    found = [
        Pick(
            listing=listing(source_id).model_copy(update={"provider": provider}),
            price=dollars("20.00"),
            score=SCORE,
        )
        for source_id, provider in (
            ("L-1", SupplierProvider.ALIEXPRESS),
            ("L-2", SupplierProvider.ALIEXPRESS),
            ("L-3", SupplierProvider.SPOCKET),
        )
    ]
    reports = [
        SupplierReport(provider=SupplierProvider.ALIEXPRESS, candidates=150),
        SupplierReport(provider=SupplierProvider.CJ_DROPSHIPPING, candidates=0, error="It did not answer."),
        SupplierReport(provider=SupplierProvider.SPOCKET, candidates=93),
    ]
    command = ImportProducts(
        generation_id=platform.generation_id, attempt=1, keywords=[], suppliers=reports, duplicates=0, picks=found
    )
    *_, ended = await platform.do(command)
    assert isinstance(ended, StepSucceeded)
    assert ended.summary == (
        "3 products from 243 candidates (2 from AliExpress, 1 from Spocket); CJ Dropshipping could not be searched"
    )


async def test_the_same_listing_is_imported_once(platform: Platform) -> None:
    await platform.request()
    assert len(await platform.scout(listing("L-1"), listing("L-1"))) == 1


async def test_dearer_variants_sell_for_more_at_the_same_markup_and_are_rounded_alike(platform: Platform) -> None:
    await platform.request()
    sizes = [
        ListingVariant(title=title, cost=dollars(cost), stock=1)
        for title, cost in (("S", "8.00"), ("L", "12.00"), ("XS", "6.00"))
    ]
    (id,) = await platform.scout(listing(cost="8.00", variants=sizes))
    prices = {variant.title: variant.price for variant in (await platform.product(id)).variants.values()}
    assert prices == {"S": dollars("20.00"), "L": dollars("29.95"), "XS": dollars("14.99")}


async def test_what_a_supplier_says_of_its_stock_is_believed_up_to_what_can_be_counted(platform: Platform) -> None:
    await platform.request()
    sizes = [ListingVariant(title=f"{stock}", cost=dollars("8.00"), stock=stock) for stock in (10**20, 7, -3)]
    (id,) = await platform.scout(listing(variants=sizes))
    assert [variant.on_hand for variant in (await platform.product(id)).variants.values()] == [1_000_000, 7, 0]


async def test_a_second_scouting_archives_drafts_that_the_merchant_never_touched(platform: Platform) -> None:
    sold_out = [ListingVariant(title="Default", cost=dollars("8.00"), stock=0)]
    kept, dropped = await platform.publish(listing("L-1"), listing("L-2", variants=sold_out))
    await platform.again(Step.SCOUT)
    (new,) = await platform.scout(listing("L-9"), attempt=2)
    assert new not in {kept, dropped}
    assert (await platform.product(kept)).status is ProductStatus.ACTIVE
    assert (await platform.product(dropped)).status is ProductStatus.ARCHIVED
    store = await platform.store()
    assert (store.product_ids, store.former_product_ids) == ((new,), (kept, dropped))
    slugs = {(await platform.product(id)).slug for id in (kept, dropped, new)}
    assert len(slugs) == 3, "an address is not used twice"


@pytest.mark.parametrize(
    "work",
    [
        [EditProduct(**WHOSE, title="My Lamp")],
        [EditProduct(**WHOSE, description="My words.")],
        [EditProduct(**WHOSE, price=dollars("25.00"))],
        [CountStock(**WHOSE, variant_id=None, on_hand=4)],
        [ActivateProduct(**WHOSE), DeactivateProduct(**WHOSE)],
    ],
)
async def test_a_second_scouting_keeps_products_that_the_merchant_touched(platform: Platform, work: list[Any]) -> None:
    await platform.request()
    mine, other = await platform.scout(listing("L-1"), listing("L-2"))
    for command in work:
        await platform.send(replace(command, product_id=mine, merchant_id=platform.merchant_id))
    await platform.again(Step.SCOUT)
    await platform.scout(listing("L-9"), attempt=2)
    assert (await platform.product(mine)).status is ProductStatus.DRAFT
    assert (await platform.product(other)).status is ProductStatus.ARCHIVED


async def test_products_that_a_second_scouting_keeps_go_on_sale_with_the_rest(platform: Platform) -> None:
    await platform.request()
    (mine,) = await platform.scout(listing("L-1"))
    await platform.send(EditProduct(product_id=mine, merchant_id=platform.merchant_id, title="My Lamp"))
    await platform.again(Step.SCOUT)
    (new,) = await platform.scout(listing("L-9"), attempt=2)
    await platform.finish()
    assert [(await platform.product(id)).status for id in (mine, new)] == [ProductStatus.ACTIVE] * 2


async def test_no_picks_are_no_result(platform: Platform) -> None:
    await platform.request()
    with pytest.raises(InvalidInput):
        await platform.send(
            ImportProducts(
                generation_id=platform.generation_id, attempt=1, keywords=[], suppliers=[], duplicates=0, picks=[]
            )
        )


async def test_copy_counts_a_product_and_moves_it_to_its_new_address(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    first, second = await platform.scout(listing("L-1"), listing("L-2"))
    before = len(platform.log.raw)
    assert await write(platform, first, "The Lamp") == ["ProductCopyWritten", "StepProgressed"]
    assert await write(platform, second, "The Lamp") == ["ProductCopyWritten", "StepProgressed"]
    events = platform.log.events[before:]
    slugs = [event.slug for event in events if isinstance(event, ProductCopyWritten)]
    assert slugs == ["the-lamp", "the-lamp-2"]
    counted = [(event.done, event.total) for event in events if isinstance(event, StepProgressed)]
    assert counted == [(1, 2), (2, 2)]
    assert await write(platform, first, "Another Title") == []


async def test_a_product_on_sale_keeps_the_address_shoppers_know(platform: Platform) -> None:
    (lamp,) = await platform.review()
    slug = (await platform.product(lamp)).slug
    await platform.send(ActivateProduct(product_id=lamp, merchant_id=platform.merchant_id))
    await platform.again(Step.COPY)
    await write(platform, lamp, "A Brighter Name", attempt=2)
    product = await platform.product(lamp)
    assert (product.title, product.slug) == ("A Brighter Name", slug)


async def test_a_product_in_the_merchants_own_words_is_counted_and_left_alone(platform: Platform) -> None:
    (lamp,) = await platform.review()
    await platform.send(EditProduct(product_id=lamp, merchant_id=platform.merchant_id, title="My Lamp"))
    await platform.again(Step.COPY)
    assert await write(platform, lamp, "A Brighter Name", attempt=2) == ["StepProgressed"]
    assert (await platform.product(lamp)).title == "My Lamp"


async def test_copy_that_comes_too_late_is_refused_whole(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    (lamp,) = await platform.scout()
    await platform.send(SucceedStep(generation_id=platform.generation_id, step=Step.COPY, attempt=1, summary="done"))
    before = len(platform.log.raw)
    with pytest.raises(StepNotRunning):
        await write(platform, lamp, "Late")
    assert len(platform.log.raw) == before


async def test_copy_for_another_stores_product_is_refused(platform: Platform) -> None:
    (foreign,) = await platform.publish()
    platform.store_id, platform.merchant_id = uuid4(), uuid4()
    await platform.request()
    await platform.brand()
    await platform.scout()
    with pytest.raises(NotFound):
        await write(platform, foreign, "Mine now")


async def test_a_merchant_adds_a_product_of_their_own(platform: Platform) -> None:
    await platform.request()
    command = by_hand(platform, title="  Own Lamp ")
    event, chosen, _ = await platform.do(command)
    assert isinstance(event, ProductAdded)
    assert isinstance(chosen, CurrencyChosen)
    assert event.title == "Own Lamp"
    assert event.slug == f"own-lamp-{command.product_id.hex[-6:]}"
    assert [variant.stock for variant in event.variants] == [3]
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(command)
    assert refusal.value.field == "id"


async def test_the_photos_of_a_product_added_by_hand_go_to_the_studio(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    urls = [f"https://images.example/{n}.jpg" for n in range(3)]
    command = by_hand(platform, image_urls=[*urls, urls[0]])
    added, _, *sent = await platform.do(command)
    assert isinstance(added, ProductAdded)
    store = await platform.store()
    assert store.brand is not None
    assert sent == [
        ImageProcessingRequested(
            originator_id=photo.image_id,
            originator_version=1,
            occurred_at=platform.clock.now(),
            store_id=platform.store_id,
            product_id=command.product_id,
            generation_id=None,
            attempt=1,
            source_url=url,
            alt_text="Own Lamp",
            position=n,
            operations=list(Operation),
            ground=store.brand.palette.surface,
        )
        for n, (photo, url) in enumerate(zip(added.images, urls, strict=True))
    ]
    again = await platform.do(
        RequestImage(
            image_id=added.images[0].image_id,
            store_id=platform.store_id,
            merchant_id=platform.merchant_id,
            product_id=command.product_id,
            url=urls[0],
            alt_text="",
            operations=[],
            ground=None,
        )
    )
    assert [event.attempt for event in again if isinstance(event, ImageProcessingRequested)] == [2]


async def test_a_product_takes_eight_photos_and_says_so(platform: Platform) -> None:
    await platform.request()
    urls = [f"https://images.example/{n}.jpg" for n in range(12)]
    with pytest.raises(InvalidInput, match=r"There are 12 photos; 8 is the most\. Leave out 4") as refusal:
        await platform.send(by_hand(platform, image_urls=urls))
    assert refusal.value.field == "images"
    assert kinds(await platform.do(by_hand(platform, image_urls=urls[:8])))[2:] == ["ImageProcessingRequested"] * 8


EUROS = {"price": Money(minor=1500, currency="EUR"), "cost": Money(minor=500, currency="EUR")}


async def test_a_store_sells_in_the_currency_of_its_first_product(platform: Platform) -> None:
    await platform.request()
    assert kinds(await platform.do(by_hand(platform, **EUROS))) == [
        "ProductAdded",
        "CurrencyChosen",
        "ImageProcessingRequested",
    ]
    assert kinds(await platform.do(by_hand(platform, **EUROS))) == ["ProductAdded", "ImageProcessingRequested"]
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput, match=r"sells in EUR, not in USD\. Give the prices in EUR") as refusal:
        await platform.send(by_hand(platform))
    assert refusal.value.field == "currency"
    assert len(platform.log.raw) == before


async def test_a_scouted_store_sells_in_what_was_scouted(platform: Platform) -> None:
    await platform.request()
    await platform.scout()
    with pytest.raises(InvalidInput, match="sells in USD, not in EUR"):
        await platform.send(by_hand(platform, **EUROS))


async def test_a_store_older_than_the_rule_sells_in_what_it_has(platform: Platform) -> None:
    await platform.request()
    await platform.scout()
    store = replace(await platform.store(), currency=None)
    assert kinds(choose_currency(store, "USD", existing="USD", at=platform.clock.now())) == ["CurrencyChosen"]
    with pytest.raises(InvalidInput, match="sells in USD, not in EUR"):
        choose_currency(store, "EUR", existing="USD", at=platform.clock.now())


def pick(source_id: str, currency: str) -> Pick:
    price, cost = Money(minor=2000, currency=currency), Money(minor=800, currency=currency)
    found = listing(source_id, variants=[ListingVariant(title="Default", cost=cost, stock=1)])
    return Pick(listing=found.model_copy(update={"cost": cost}), price=price, score=SCORE)


def scouting(platform: Platform, attempt: int, *picks: Pick) -> ImportProducts:
    return ImportProducts(
        generation_id=platform.generation_id,
        attempt=attempt,
        keywords=[],
        suppliers=[],
        duplicates=0,
        picks=list(picks),
    )


async def test_scouting_leaves_out_what_is_priced_in_another_currency(platform: Platform) -> None:
    await platform.request()
    found = [pick("L-1", "EUR"), pick("L-2", "USD"), pick("L-3", "EUR")]
    receipt = await platform.send(scouting(platform, 1, *found))
    assert len(receipt.result["product_ids"]) == 2


async def test_a_scouting_that_finds_nothing_in_the_stores_currency_leaves_it_with_what_it_has(
    platform: Platform,
) -> None:
    await platform.request()
    await platform.brand()
    await platform.send(by_hand(platform, **EUROS))
    ended, *others = await platform.do(scouting(platform, 1, pick("L-1", "USD")))
    assert isinstance(ended, StepSucceeded)
    assert ended.summary == (
        "The store sells in EUR, and no listing that was found is priced in it: it keeps its products"
    )
    assert kinds(others) == ["StepStarted"] * 3 + ["StepSucceeded"], "the generation goes on, without photos"
    assert (await platform.store()).product_ids == ()


async def test_a_listing_that_the_store_keeps_is_not_imported_again(platform: Platform) -> None:
    kept, sold_off, untouched = await platform.publish(listing("L-1"), listing("L-2"), listing("L-3"))
    ids: dict[str, Any] = {"merchant_id": platform.merchant_id}
    await platform.send(ArchiveProduct(**ids, product_id=sold_off))
    await platform.again(Step.SCOUT)
    again = await platform.scout(listing("L-1"), listing("L-2"), listing("L-3"), listing("L-4"), attempt=2)
    assert [(await platform.product(id)).source for id in again] == [
        (SupplierProvider.SAMPLE, "L-2"),
        (SupplierProvider.SAMPLE, "L-4"),
    ]
    assert {(await platform.product(id)).status for id in (kept, untouched)} == {ProductStatus.ACTIVE}
    store = await platform.store()
    for step in (Step.COPY, Step.IMAGES):
        await platform.succeed(step, attempt=2)
    await platform.again(Step.SCOUT)
    picks = [pick("L-1", "USD"), pick("L-3", "USD")]
    ended, *_ = await platform.do(scouting(platform, 3, *picks))
    assert isinstance(ended, StepSucceeded)
    assert ended.summary == "Every listing that was found is in the store already: it keeps its products"
    assert await platform.store() == store
    assert (await platform.product(again[0])).status is ProductStatus.DRAFT


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "Own\nLamp"}, "title"),
        ({"description": " \n"}, "description"),
        ({"price": dollars("0.00")}, "sellingPrice"),
        ({"cost": dollars("-1.00")}, "costPrice"),
        ({"cost": Money(minor=1, currency="EUR")}, "costPrice"),
        ({"compare_at": dollars("15.00")}, "compareAtPrice"),
        ({"compare_at": Money(minor=9900, currency="EUR")}, "compareAtPrice"),
        ({"stock": -1}, "stockQuantity"),
        ({"stock": 1_000_001}, "stockQuantity"),
        ({"image_urls": ["https://images.example/1.jpg", "file:///etc/passwd"]}, "images.1"),
        ({"image_urls": ["https://"]}, "images.0"),
        ({"image_urls": ["https:///own.jpg"]}, "images.0"),
        ({"image_urls": ["https://[own.jpg"]}, "images.0"),
        ({"image_urls": ["https://images.example:port/own.jpg"]}, "images.0"),
        ({"image_urls": ["https://images.example/\0"]}, "images.0"),
        ({"image_urls": ["https://images.example/" + "x" * 10_000]}, "images.0"),
    ],
)
async def test_a_bad_product_is_refused_and_names_its_field(
    platform: Platform, changes: dict[str, Any], field: str
) -> None:
    await platform.request()
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(by_hand(platform, **changes))
    assert refusal.value.field == field
    assert len(platform.log.raw) == before


async def test_a_merchant_edits_counts_and_puts_away_their_product(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    ids: dict[str, Any] = {"product_id": lamp, "merchant_id": platform.merchant_id}
    assert kinds(await platform.do(EditProduct(**ids, title="Lamp II", price=dollars("22.00")))) == [
        "ProductRetitled",
        "PriceChanged",
    ]
    assert (await platform.product(lamp)).compare_at is None
    assert kinds(await platform.do(CountStock(**ids, variant_id=None, on_hand=4))) == ["StockCounted"]
    assert await platform.do(ActivateProduct(**ids)) == []
    assert kinds(await platform.do(DeactivateProduct(**ids))) == ["ProductDeactivated"]
    assert kinds(await platform.do(ActivateProduct(**ids))) == ["ProductActivated"]
    assert kinds(await platform.do(ArchiveProduct(**ids))) == ["ProductArchived"]
    with pytest.raises(ProductIsArchived):
        await platform.send(ActivateProduct(**ids))


async def test_what_is_in_an_archived_store_is_changed_no_more(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    await platform.send(ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    before = len(platform.log.raw)
    ids: dict[str, Any] = {"product_id": lamp, "merchant_id": platform.merchant_id}
    for command in (
        by_hand(platform),
        EditProduct(**ids, title="x"),
        CountStock(**ids, variant_id=None, on_hand=1),
        ActivateProduct(**ids),
        DeactivateProduct(**ids),
        ArchiveProduct(**ids),
    ):
        with pytest.raises(StoreNotReady, match="is ARCHIVED and cannot be"):
            await platform.send(command)
    assert len(platform.log.raw) == before


async def test_a_count_names_the_variant_where_there_are_several(platform: Platform) -> None:
    sizes = [ListingVariant(title=size, cost=dollars("8.00"), stock=1) for size in "SL"]
    (lamp,) = await platform.publish(listing(variants=sizes))
    count = CountStock(product_id=lamp, merchant_id=platform.merchant_id, variant_id=None, on_hand=4)
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(count)
    assert refusal.value.field == "variantId"


async def test_a_foreign_product_reads_like_one_that_is_not_there(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    for product_id, merchant_id in ((lamp, uuid4()), (uuid4(), platform.merchant_id)):
        ids: dict[str, Any] = {"product_id": product_id, "merchant_id": merchant_id}
        for command in (
            EditProduct(**ids, title="x"),
            CountStock(**ids, variant_id=None, on_hand=1),
            ActivateProduct(**ids),
            DeactivateProduct(**ids),
            ArchiveProduct(**ids),
        ):
            with pytest.raises(NotFound, match=f"No product with id {product_id} was found"):
                await platform.send(command)
