"""Commands for collections, category pages and addresses."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.page import AddPage, EditPage
from commands.presentation import (
    DescribeCategories,
    DescribeCategory,
    MoveAddress,
    RemoveCollection,
    WriteCollection,
)
from domain.kernel import DomainEvent, InvalidInput, NotFound
from domain.store.collection_events import (
    AddressKind,
    AddressMoved,
    CategoryDescribed,
    CollectionRule,
    CollectionWritten,
)
from domain.store.errors import PageNotFound
from domain.store.ports import CategoryDraft
from tests.support.builders.samples import dollars, listing
from tests.support.platforms.write_side import Platform, kinds


async def write(platform: Platform, id: UUID, title: str = "Gifts", **more: Any) -> Sequence[DomainEvent]:
    return await platform.do(
        WriteCollection(
            store_id=platform.store_id, merchant_id=platform.merchant_id, collection_id=id, title=title, **more
        )
    )


async def move(platform: Platform, kind: AddressKind, target: object, slug: str) -> Sequence[DomainEvent]:
    return await platform.do(
        MoveAddress(
            store_id=platform.store_id, merchant_id=platform.merchant_id, kind=kind, target=str(target), slug=slug
        )
    )


async def test_a_collection_gets_an_address_of_its_title_and_keeps_it(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    first, second = uuid4(), uuid4()
    (event,) = await write(platform, first, "Für Großmütter", product_ids=[lamp])
    assert isinstance(event, CollectionWritten)
    assert (event.slug, event.product_ids) == ("fur-grossmutter", [lamp])
    (other,) = await write(platform, second, "Für Großmütter", rule=CollectionRule(tags=[" gift ", "gift"]))
    assert isinstance(other, CollectionWritten)
    assert other.slug == "fur-grossmutter-2"
    assert other.rule == CollectionRule(tags=["gift"])
    (changed,) = await write(platform, first, "Presents", product_ids=[lamp])
    assert isinstance(changed, CollectionWritten)
    assert changed.slug == "fur-grossmutter"
    assert await write(platform, first, "Presents", product_ids=[lamp]) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": " "}, "title"),
        ({"rule": CollectionRule()}, "rule"),
        ({"rule": CollectionRule(price_from=dollars("-1"))}, "rule.price_from"),
        ({"rule": CollectionRule(price_from=dollars("9"), price_to=dollars("3"))}, "rule.price_to"),
        ({"rule": CollectionRule(tags=[str(n) for n in range(51)])}, "rule.tags"),
        ({"text": "x" * 5001}, "text"),
    ],
)
async def test_a_collection_that_cannot_be_is_refused_by_field(
    platform: Platform, more: dict[str, Any], field: str
) -> None:
    await platform.publish()
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput) as refusal:
        await write(platform, uuid4(), **more)
    assert refusal.value.field == field
    assert len(platform.log.raw) == before


async def test_goods_of_another_store_are_not_found(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    platform.store_id, platform.merchant_id = uuid4(), uuid4()
    await platform.request()
    with pytest.raises(NotFound):
        await write(platform, uuid4(), product_ids=[lamp])
    with pytest.raises(NotFound):
        await move(platform, AddressKind.PRODUCT, lamp, "mine")


async def test_a_removed_collection_frees_its_address(platform: Platform) -> None:
    await platform.request()
    first = uuid4()
    await write(platform, first)
    remove = RemoveCollection(store_id=platform.store_id, merchant_id=platform.merchant_id, collection_id=first)
    assert kinds(await platform.do(remove)) == ["CollectionRemoved"]
    with pytest.raises(NotFound):
        await platform.send(remove)
    (event,) = await write(platform, uuid4())
    assert isinstance(event, CollectionWritten)
    assert event.slug == "gifts"


async def test_a_writer_leaves_what_the_merchant_wrote(platform: Platform) -> None:
    await platform.request()
    own = DescribeCategory(
        store_id=platform.store_id, merchant_id=platform.merchant_id, category="Lamps", title="Lights", text="Mine."
    )
    (event,) = await platform.do(own)
    assert isinstance(event, CategoryDescribed)
    assert (event.category, event.written_by) == ("lamps", "merchant")
    drafts = [CategoryDraft(category=key, title=key, text="x", written_by="house") for key in ("lamps", "mugs", "mats")]
    events = await platform.do(DescribeCategories(store_id=platform.store_id, drafts=drafts))
    assert [event.category for event in events if isinstance(event, CategoryDescribed)] == ["mugs", "mats"]


async def test_an_address_moves_and_names_the_former_one(platform: Platform) -> None:
    lamp, _ = await platform.publish(listing("1"), listing("2"))
    former = (await platform.product(lamp)).slug
    (event,) = await move(platform, AddressKind.PRODUCT, lamp, "The Best Lamp!")
    assert isinstance(event, AddressMoved)
    assert (event.slug, event.former) == ("the-best-lamp", former)
    assert await move(platform, AddressKind.PRODUCT, lamp, "the-best-lamp") == []
    (again,) = await move(platform, AddressKind.PRODUCT, lamp, "lamp")
    assert isinstance(again, AddressMoved)
    assert again.former == "the-best-lamp"


async def test_an_address_of_another_thing_of_the_kind_is_refused(platform: Platform) -> None:
    lamp, other = await platform.publish(listing("1"), listing("2"))
    with pytest.raises(InvalidInput, match="Another product"):
        await move(platform, AddressKind.PRODUCT, lamp, (await platform.product(other)).slug)
    await move(platform, AddressKind.PRODUCT, lamp, "bright")
    with pytest.raises(InvalidInput, match="Another product"):
        await move(platform, AddressKind.PRODUCT, other, "bright")
    for slug in ("", "!!!", "—"):
        with pytest.raises(InvalidInput, match="Invalid slug"):
            await move(platform, AddressKind.PRODUCT, lamp, slug)


async def test_a_page_keeps_its_new_address_when_it_is_edited(platform: Platform) -> None:
    await platform.publish()
    page_id = uuid4()
    ids: dict[str, Any] = {"store_id": platform.store_id, "merchant_id": platform.merchant_id}
    await platform.send(AddPage(page_id=page_id, title="News", content="Hello.", **ids))
    await move(platform, AddressKind.PAGE, page_id, "latest")
    await platform.send(EditPage(page_id=page_id, title="News", content="Hello again.", **ids))
    assert (await platform.store()).pages[page_id].slug == "latest"
    with pytest.raises(PageNotFound):
        await move(platform, AddressKind.PAGE, uuid4(), "x")
    with pytest.raises(InvalidInput):
        await move(platform, AddressKind.PAGE, "news", "x")


async def test_a_category_and_a_collection_move_too(platform: Platform) -> None:
    await platform.request()
    id = uuid4()
    await write(platform, id)
    (event,) = await move(platform, AddressKind.COLLECTION, id, "presents")
    assert isinstance(event, AddressMoved)
    assert event.former == "gifts"
    (event,) = await move(platform, AddressKind.CATEGORY, "mugs", "cups")
    assert isinstance(event, AddressMoved)
    assert event.former == "mugs"
    (back,) = await move(platform, AddressKind.CATEGORY, "mugs", "mugs")
    assert isinstance(back, AddressMoved)
    assert (back.slug, back.former) == ("mugs", "cups")
