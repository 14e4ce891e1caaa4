"""One change of several products, and the order of a product's photos."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from commands.product import ArchiveProduct, EditProduct
from commands.product_changes import ChangeProducts, DecideGoods, ProductAction
from commands.product_photos import ArrangePhotos, RemovePhoto
from domain.editing import ChangedMeanwhile
from domain.generation.events import Step
from domain.kernel import DomainError, InvalidInput, NotFound
from domain.product.events import PhotosArranged, ProductStatus
from tests.support.builders.samples import dollars, listing
from tests.support.platforms.write_side import Platform, kinds


def change(
    platform: Platform, ids: Sequence[UUID], action: ProductAction | None, percent: str | None
) -> ChangeProducts:
    return ChangeProducts(
        merchant_id=platform.merchant_id,
        store_id=platform.store_id,
        product_ids=list(ids),
        action=action,
        price_percent=None if percent is None else Decimal(percent),
    )


async def lamps(platform: Platform, number: int = 3) -> list[UUID]:
    return await platform.publish(*(listing(f"S-{n}", title=f"Lamp {n}") for n in range(number)))


async def test_one_change_reprices_and_pauses_several_products(platform: Platform) -> None:
    ids = await lamps(platform)
    events = await platform.do(change(platform, ids, ProductAction.DEACTIVATE, "-12.5"))
    assert kinds(events) == ["PriceChanged", "ProductDeactivated"] * 3
    products = [await platform.product(id) for id in ids]
    assert {product.price for product in products} == {dollars("17.50")}
    assert {product.status for product in products} == {ProductStatus.DRAFT}
    assert kinds(await platform.do(change(platform, ids[:1] * 2, ProductAction.ACTIVATE, None))) == ["ProductActivated"]


@pytest.mark.parametrize(
    ("action", "percent", "field", "words"),
    [
        (None, None, "action", "Nothing would change"),
        (None, "-90.01", "pricePercent", "cannot change by -90.01 percent"),
        (None, "901", "pricePercent", "Use -90 to 900"),
    ],
)
async def test_a_change_without_sense_is_refused(
    platform: Platform, action: ProductAction | None, percent: str | None, field: str, words: str
) -> None:
    ids = await lamps(platform, 1)
    with pytest.raises(InvalidInput, match=words) as refusal:
        await platform.send(change(platform, ids, action, percent))
    assert refusal.value.field == field


async def test_all_products_change_or_none(platform: Platform) -> None:
    first, second, third = await lamps(platform)
    await platform.send(ArchiveProduct(product_id=third, merchant_id=platform.merchant_id))
    before = len(platform.log.raw)
    for ids in ([first, second, third], [first, uuid4()], [], [first] * 101):
        with pytest.raises(DomainError):
            await platform.send(change(platform, ids, ProductAction.DEACTIVATE, None))
    assert len(platform.log.raw) == before


async def test_found_goods_of_a_live_store_are_decided_in_one_command_and_touched_ones_stay(platform: Platform) -> None:
    (on_sale,) = await lamps(platform, 1)
    await platform.again(Step.SCOUT)
    found = await platform.scout(*(listing(f"F-{n}", title=f"Found {n}") for n in range(3)), attempt=2)
    good, poor, edited = found
    await platform.send(EditProduct(product_id=edited, merchant_id=platform.merchant_id, title="Mine"))

    def decide(activate: Sequence[UUID], archive: Sequence[UUID]) -> DecideGoods:
        return DecideGoods(
            merchant_id=platform.merchant_id,
            store_id=platform.store_id,
            activate=list(activate),
            archive=list(archive),
        )

    before = len(platform.log.raw)
    for activate, archive, field in (
        ([], [], "activateIds"),
        ([good] * 101, [], "activateIds"),
        ([good], [good], "archiveIds.0"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            await platform.send(decide(activate, archive))
        assert refusal.value.field == field
    with pytest.raises(DomainError):
        await platform.send(decide([good], [uuid4()]))
    assert len(platform.log.raw) == before
    decision = decide([good], [poor, edited, on_sale])
    assert kinds(await platform.do(decision)) == ["ProductActivated", "ProductArchived"]
    assert await platform.do(decision) == []
    statuses = [(await platform.product(id)).status for id in (good, poor, edited, on_sale)]
    assert statuses == [ProductStatus.ACTIVE, ProductStatus.ARCHIVED, ProductStatus.DRAFT, ProductStatus.ACTIVE]


async def test_photos_of_another_product_cannot_be_arranged(platform: Platform) -> None:
    first, second = await lamps(platform, 2)
    own, foreign = [(await platform.product(id)).images[0].image_id for id in (first, second)]

    def arrange(*images: UUID) -> ArrangePhotos:
        return ArrangePhotos(product_id=first, merchant_id=platform.merchant_id, image_ids=list(images))

    (arranged,) = await platform.do(arrange(own))
    assert isinstance(arranged, PhotosArranged)
    assert arranged.image_ids[0] == own
    for images, field in (((own, own), "imageIds.1"), ((), "imageIds")):
        with pytest.raises(InvalidInput) as refusal:
            await platform.send(arrange(*images))
        assert refusal.value.field == field
    with pytest.raises(DomainError):
        await platform.send(arrange(foreign))


async def test_a_second_editor_of_the_order_of_photos_is_refused_unless_photos_only_came_or_went(
    platform: Platform,
) -> None:
    (lamp,) = await lamps(platform, 1)
    one, *rest = [image.image_id for image in (await platform.product(lamp)).images]
    assert rest

    def arrange(*images: UUID, seen: list[UUID]) -> ArrangePhotos:
        return ArrangePhotos(product_id=lamp, merchant_id=platform.merchant_id, image_ids=list(images), seen=seen)

    before = [one, *rest]
    await platform.send(arrange(*rest, seen=[*before, uuid4()]))
    with pytest.raises(ChangedMeanwhile, match="order of the photos") as refusal:
        await platform.send(arrange(*rest, one, seen=before))
    assert refusal.value.field == "expectedImageIds"
    await platform.send(RemovePhoto(product_id=lamp, merchant_id=platform.merchant_id, image_id=rest[0]))
    await platform.send(arrange(one, seen=[*rest, one]))


async def test_a_photo_is_removed_once_and_only_from_its_own_product(platform: Platform) -> None:
    first, second = await lamps(platform, 2)
    own, foreign = [(await platform.product(id)).images[0].image_id for id in (first, second)]

    def remove(image: UUID) -> RemovePhoto:
        return RemovePhoto(product_id=first, merchant_id=platform.merchant_id, image_id=image)

    with pytest.raises(DomainError):
        await platform.send(remove(foreign))
    assert kinds(await platform.do(remove(own))) == ["PhotoRemoved"]
    with pytest.raises(NotFound):
        await platform.send(remove(own))
    with pytest.raises(InvalidInput, match="was removed"):
        await platform.send(ArrangePhotos(product_id=first, merchant_id=platform.merchant_id, image_ids=[own]))
