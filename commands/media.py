"""Commands for images, from the merchant and the draft agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from commands.access import product_of_store, require_owner, require_role, store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.waiting_drafts import request_drafts
from domain.draft.aggregate import DRAFT
from domain.draft.events import DraftTarget, TargetKind
from domain.editing import SeenValue, refuse_overwriting_value
from domain.ids import derived
from domain.kernel import Clock, InvalidInput, NotFound
from domain.media.aggregate import IMAGE, Image, ImageStatus, SourcePhoto, StudioJob, request_processing
from domain.media.events import ImageVersion, Operation
from domain.media.ports import MEDIA_KEY, STORED
from domain.product.aggregate import Product
from domain.product.events import ImportedImage
from domain.store.aggregate import STORE, Store

ADDRESS_MAX = 2_000
"""Longest web address of a photo, in characters."""
PLAIN_GROUND = "#ffffff"
"""Background color while the store has no brand."""


def send_new_photos(
    work: Work, photos: Sequence[ImportedImage], *, store: Store, product_id: UUID, at: datetime
) -> None:
    """Append an ``ImageProcessingRequested`` for each photo of a product that no images step will process."""
    for photo in photos:
        events = request_processing(
            None,
            photo.image_id,
            photo_of(product_id, photo, store),
            StudioJob(generation_id=None, attempt=1, operations=list(Operation), ground=ground_of(store)),
            at=at,
        )
        work.append(IMAGE, photo.image_id, events, tenant=store.id)


def photo_of(product_id: UUID, photo: ImportedImage, store: Store) -> SourcePhoto:
    """Return an imported photo as the studio gets it."""
    return SourcePhoto(
        store_id=store.id, product_id=product_id, url=photo.url, alt_text=photo.alt_text, position=photo.position
    )


def check_photo_address(field: str, url: str) -> None:
    """Refuse an address that a photo cannot be downloaded from.

    Raises:
        InvalidInput: the address is not a web address, or too long.
    """
    if len(url) > ADDRESS_MAX:
        raise InvalidInput(field, f"The address has {len(url)} characters; {ADDRESS_MAX} is the most.")
    try:
        parts = urlsplit(url)
        # Reading the port raises ValueError if it is not a number in range.
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable():
        raise InvalidInput(field, f"{url!r} is not a web address. Give one like https://example.com/photo.jpg.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestImage:
    """Request the processing of one photo, for the first time or again."""

    image_id: UUID
    store_id: UUID
    merchant_id: UUID
    product_id: UUID | None
    """The product it shows; ignored for a known image, which keeps its product."""
    url: str | None
    """The photo's address; None for a known image's address."""
    alt_text: str | None
    """None for a known image's text; a new image then has none."""
    operations: list[Operation]
    ground: str | None
    """``#rrggbb``; None for the brand's surface color."""
    # Left out of the digest while unset: repeats of older commands keep their digest.
    stored_key: Annotated[str | None, Field(exclude_if=lambda key: key is None)] = None
    """The key of a new photo in the media store, in place of its address."""


async def request_image(command: RequestImage, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``ImageProcessingRequested`` and return the image's id and attempt.

    A published store keeps the picture that shoppers know: the new one is made for a draft (``DraftRequested``), and the
    answer has the id of the draft and of the new picture.

    Raises:
        InvalidInput: the address is not a web address.
        NotFound: no store, product or image has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
        TooManyDrafts: too many of the store's drafts wait.
    """
    # The image's state is read here. In the command it would change the payload of a repeat.
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    store.refuse_archived("given images")
    if command.url is not None:
        check_photo_address("url", command.url)
    if command.stored_key is not None and MEDIA_KEY.fullmatch(command.stored_key) is None:
        raise InvalidInput("storedKey", f"Invalid key {command.stored_key[:80]!r}. Use a key of the media store.")
    image = await work.find(IMAGE, command.image_id)
    if image is not None:
        require_owner("image", command.image_id, owner=image.store_id, caller=store.id)
    product_id = command.product_id if image is None else image.product_id
    product = None if product_id is None else await product_of_store(work, product_id, store.id)
    url, alt_text = _photo(command, image, product)
    operations = [operation for operation in Operation if operation in command.operations]
    ground = command.ground or ground_of(store)
    if image is not None and _is_known(store, image):
        return await _draft_picture(
            work, store, image, alt_text=alt_text, operations=operations, ground=ground, at=clock.now()
        )
    attempt = 1 if image is None else image.attempt + 1
    # A step that waits for this image continues to wait for its new result.
    awaited = image is not None and image.status is ImageStatus.REQUESTED
    events = request_processing(
        image,
        command.image_id,
        SourcePhoto(
            store_id=store.id,
            product_id=product_id,
            url=url,
            alt_text=alt_text,
            position=_position(command.image_id, product),
        ),
        StudioJob(
            generation_id=image.generation_id if image is not None and awaited else None,
            attempt=attempt,
            operations=operations,
            ground=ground,
            draft_id=None if image is None else image.draft_id,
        ),
        at=clock.now(),
    )
    work.append(IMAGE, command.image_id, events, tenant=store.id)
    return {"image_id": str(command.image_id), "attempt": attempt}


def _photo(command: RequestImage, image: Image | None, product: Product | None) -> tuple[str, str]:
    """Return a photo's address and alt text from the command, else from the image, else from its product."""
    if command.stored_key is not None:
        return STORED + command.stored_key, command.alt_text or ""
    if command.url is not None:
        return command.url, command.alt_text or ""
    if image is not None:
        return image.source_url, command.alt_text or image.alt_text
    for photo in () if product is None else product.images:
        if photo.image_id == command.image_id:
            return photo.url, command.alt_text or photo.alt_text
    raise NotFound("image", command.image_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraftImage:
    """Have the studio make another picture from an image's photo, beside the live one."""

    draft_id: UUID
    operations: list[Operation]
    ground: str | None
    """``#rrggbb``; None for the brand's surface color."""


async def request_draft_image(command: RequestDraftImage, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``ImageProcessingRequested`` of an image of its own, which no product shows.

    Raises:
        NotFound: no draft or image has the id; retrying cannot help.
    """
    draft = await work.get(DRAFT, command.draft_id)
    live, store = await work.get(IMAGE, draft.target.id), await work.get(STORE, draft.store_id)
    image_id = await _send_picture(
        work,
        draft.id,
        live,
        alt_text=live.alt_text,
        operations=command.operations,
        ground=command.ground or ground_of(store),
        at=clock.now(),
    )
    return {"image_id": str(image_id)}


def _is_known(store: Store, image: Image) -> bool:
    """Whether shoppers may know the image's picture, so that only an accepted draft replaces it."""
    return store.was_published and image.status is ImageStatus.PROCESSED and image.draft_id is None


async def _draft_picture(
    work: Work, store: Store, live: Image, *, alt_text: str, operations: Sequence[Operation], ground: str, at: datetime
) -> dict[str, Any]:
    """Append ``DraftRequested`` and the request of its picture, as the merchant wants it; the draft agent proposes it."""
    target = DraftTarget(kind=TargetKind.IMAGE, id=live.id)
    (draft_id,) = await request_drafts(work, store, [target], at=at)
    image_id = await _send_picture(work, draft_id, live, alt_text=alt_text, operations=operations, ground=ground, at=at)
    return {"image_id": str(image_id), "attempt": 1, "draft_id": str(draft_id)}


async def _send_picture(
    work: Work,
    draft_id: UUID,
    live: Image,
    *,
    alt_text: str,
    operations: Sequence[Operation],
    ground: str,
    at: datetime,
) -> UUID:
    """Append ``ImageProcessingRequested`` of a draft's picture and return its id. No-op if it was requested before."""
    image_id = derived(draft_id, "picture")
    known = await work.find(IMAGE, image_id)
    events = request_processing(
        known,
        image_id,
        SourcePhoto(store_id=live.store_id, product_id=None, url=live.source_url, alt_text=alt_text, position=0),
        StudioJob(generation_id=None, attempt=1, operations=operations, ground=ground, draft_id=draft_id),
        at=at,
    )
    work.append(IMAGE, image_id, events, tenant=live.store_id)
    return image_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestImages:
    """Request the processing of several photos: all or none."""

    images: list[RequestImage]


async def request_images(command: RequestImages, work: Work, *, clock: Clock) -> list[dict[str, Any]]:
    """Run :func:`request_image` for each image and return the results in order.

    Raises:
        InvalidInput: see there; the field names the image.
        NotFound, StoreNotReady: see there.
    """
    results: list[dict[str, Any]] = []
    for number, image in enumerate(command.images):
        try:
            results.append(await request_image(image, work, clock=clock))
        except InvalidInput as refusal:
            raise refusal.within(f"images.{number}") from refusal
    return results


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseImageVersion:
    """Choose the version of an image that shoppers see."""

    image_id: UUID
    merchant_id: UUID
    version: ImageVersion
    seen: SeenValue[ImageVersion] = None
    """The version that the editor saw; None to overwrite any."""


async def choose_image_version(command: ChooseImageVersion, work: Work, *, clock: Clock) -> dict[str, Any]:
    """Append ``ImageVersionChosen``, or request the version from the studio if it is not stored.

    A published store keeps its picture until the merchant accepts the requested one (``DraftRequested``). No-op if the version is shown and the merchant was not asked to choose.

    Returns:
        The image's id, and whether the studio was asked. The id of the new picture and its draft if one was made.

    Raises:
        ChangedMeanwhile: shoppers see another version than the editor saw.
        NotFound: no image has the id, or it is another merchant's.
        ImageVersionUnavailable: the image is not processed, or the studio cannot make the version.
        StoreNotReady: the store is archived.
    """
    image = await work.get(IMAGE, command.image_id)
    store = await work.get(STORE, image.store_id)
    require_role(work, store, command.merchant_id, kind=IMAGE.name, id=command.image_id)
    store.refuse_archived("given images")
    refuse_overwriting_value(command.seen, image.shown, "VERSION", field="expectedVersion")
    redo = image.must_redo(command.version)
    uncut = [each for each in Operation if each not in {Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND}]
    operations = list(Operation) if command.version is ImageVersion.CUTOUT else uncut
    if redo and _is_known(store, image):
        made = await _draft_picture(
            work,
            store,
            image,
            alt_text=image.alt_text,
            operations=operations,
            ground=ground_of(store),
            at=clock.now(),
        )
        return made | {"requested": True}
    if redo:
        product = None if image.product_id is None else await product_of_store(work, image.product_id, store.id)
        events = request_processing(
            image,
            image.id,
            SourcePhoto(
                store_id=store.id,
                product_id=image.product_id,
                url=image.source_url,
                alt_text=image.alt_text,
                position=_position(image.id, product),
            ),
            StudioJob(
                generation_id=None,
                attempt=image.attempt + 1,
                operations=operations,
                ground=ground_of(store),
            ),
            at=clock.now(),
        )
    else:
        events = image.choose(command.version, at=clock.now())
    work.append(IMAGE, image.id, events, tenant=store.id)
    return {"image_id": str(image.id), "requested": redo}


def ground_of(store: Store) -> str:
    """Return the background color behind a store's products, ``#rrggbb``."""
    return PLAIN_GROUND if store.brand is None else store.brand.palette.surface


def _position(image_id: UUID, product: Product | None) -> int:
    return 0 if product is None else product.position_of(image_id)


HANDLERS: UnboundHandlers = {
    RequestDraftImage: request_draft_image,
    RequestImage: request_image,
    RequestImages: request_images,
    ChooseImageVersion: choose_image_version,
}
"""Each command and its handler."""
