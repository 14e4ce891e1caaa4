"""A merchant's commands for the photos of a product."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import require_owner
from commands.ports import UnboundHandlers, Work
from commands.product import changeable_product
from domain.editing import SeenValue, refuse_overwriting_value
from domain.kernel import Clock, InvalidInput, NotFound
from domain.media.aggregate import IMAGE
from domain.product.aggregate import PRODUCT, Product

PHOTOS_MOST = 100
"""Most photos in one arrangement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangePhotos:
    """Put the photos of a product in an order."""

    product_id: UUID
    merchant_id: UUID
    image_ids: list[UUID]
    """The first ones; photos that are left out follow in their present order."""
    seen: SeenValue[list[UUID]] = None
    """The photos in the order that the editor saw; None to overwrite any."""


async def arrange_photos(command: ArrangePhotos, work: Work, *, clock: Clock) -> None:
    """Append ``PhotosArranged``. No-op if the order is unchanged.

    Raises:
        ChangedMeanwhile: the photos are in another order than the editor saw.
        InvalidInput: an id comes twice, there are too many, or an image is not the product's.
        NotFound: no product or image has the id, or it is another merchant's.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    if not 1 <= len(command.image_ids) <= PHOTOS_MOST:
        raise InvalidInput("imageIds", f"There are {len(command.image_ids)} photos. Name 1 to {PHOTOS_MOST} of them.")
    for number, image_id in enumerate(command.image_ids):
        field = f"imageIds.{number}"
        if image_id in command.image_ids[:number]:
            raise InvalidInput(field, f"The photo {image_id} comes twice. Name it once.")
        if image_id in product.removed_photos:
            raise InvalidInput(field, f"The photo {image_id} was removed from “{product.title}”. Leave it out.")
        await _check_photo(work, product, image_id, field)
    if command.seen is not None:
        # Photos that came or went since are no other order.
        known = [id for id in command.seen if product.has_place_for(id)]
        present = sorted(known, key=product.position_of)
        refuse_overwriting_value(known, present, "ORDER_OF_THE_PHOTOS", field="expectedImageIds")
    work.append(PRODUCT, product.id, product.arrange_photos(command.image_ids, at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePhoto:
    """Remove a photo from a product."""

    product_id: UUID
    merchant_id: UUID
    image_id: UUID


async def remove_photo(command: RemovePhoto, work: Work, *, clock: Clock) -> None:
    """Append ``PhotoRemoved``. The last photo can go, too.

    Raises:
        InvalidInput: the image does not show the product.
        NotFound: no product or image has the id, it is another merchant's, or the photo is removed.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    if command.image_id in product.removed_photos:
        raise NotFound("photo", command.image_id)
    await _check_photo(work, product, command.image_id, "imageId")
    work.append(PRODUCT, product.id, product.remove_photo(command.image_id, at=clock.now()), tenant=product.store_id)


async def _check_photo(work: Work, product: Product, image_id: UUID, field: str) -> None:
    """Refuse an image that is not one of a product's.

    Raises:
        InvalidInput: it shows another product, or none.
        NotFound: no image has the id, or it is another store's.
    """
    if any(image.image_id == image_id for image in product.images):
        return
    image = await work.get(IMAGE, image_id)
    require_owner(IMAGE.name, image_id, owner=image.store_id, caller=product.store_id)
    if image.product_id != product.id:
        raise InvalidInput(field, f"The photo {image_id} does not show “{product.title}”. Leave it out.")


HANDLERS: UnboundHandlers = {ArrangePhotos: arrange_photos, RemovePhoto: remove_photo}
"""Each command and its handler."""
