"""What may be asked of products: by the copywriter, and by the merchant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from commands.access import product_of_merchant, product_of_store, store_of_merchant
from commands.media import check_photo_address, send_new_photos
from commands.ports import UnboundHandlers, Work
from commands.store import free_slug
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.money import Money
from domain.product.aggregate import PRODUCT, Product, ProductDraft, ProductEdit, add_by_hand
from domain.product.events import ImportedImage, ProductStatus
from domain.product.ports import ProductCopy
from domain.store.aggregate import STORE, Store, slugify
from domain.store.ports import TextMeasure
from domain.text import clean_line

IMAGES_MAX = 8
"""How many of a listing's photos are taken over; each costs the studio seconds."""
SLUG_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteProductCopy:
    """Give a product the text that shoppers read."""

    product_id: UUID
    generation_id: UUID
    attempt: int
    copy: ProductCopy
    total: int
    """How many products the step writes up."""


async def write_product_copy(command: WriteProductCopy, work: Work, *, clock: Clock) -> None:
    """Append ``ProductCopyWritten`` and ``StepProgressed``; nothing if this product was counted in this attempt.

    The address follows the new title, but a product that is on sale keeps the address shoppers know. A product in the
    merchant's own words is counted and left alone.

    Raises:
        GenerationEnded, StepNotRunning, ProductPutAway: too late; retrying cannot help.
        NotFound: the product is not of this generation's store.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    product = await product_of_store(work, command.product_id, generation.store_id)
    message = f"Wrote the copy of “{command.copy.title}”"
    if product.by_merchant:
        message = f"Left “{product.title}” in your own words"
    progress = generation.progress_step(
        Step.COPY, command.attempt, item=str(product.id), total=command.total, message=message, at=at
    )
    if not progress:
        return
    if product.by_merchant:
        work.append(GENERATION, generation.id, progress, tenant=generation.store_id)
        return
    store = await work.get(STORE, product.store_id)
    slug = product.slug
    if product.status is not ProductStatus.ACTIVE:
        slug = free_slug(slug_of(command.copy.title), await _slugs_of_others(work, store, product.id))
    work.append(PRODUCT, product.id, product.write_copy(command.copy, slug=slug, at=at), tenant=store.id)
    work.append(GENERATION, generation.id, progress, tenant=store.id)


async def _slugs_of_others(work: Work, store: Store, product_id: UUID) -> list[str]:
    ids = chain(store.former_product_ids, store.product_ids)
    return [(await work.get(PRODUCT, id)).slug for id in ids if id != product_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddProduct:
    """Add a product that no supplier listed, as a draft."""

    product_id: UUID
    store_id: UUID
    merchant_id: UUID
    title: str
    description: str
    cost: Money
    price: Money
    compare_at: Money | None
    stock: int
    image_urls: list[str]


async def add_product(command: AddProduct, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``ProductAdded``, ``CurrencyChosen`` if it is the store's first product, and send its photos to the studio.

    Shoppers see what comes back from there.

    Raises:
        InvalidInput: names the field; a store sells in one currency.
        NotFound: there is no such store, or it is somebody else's.
        StoreNotReady: it is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    store.refuse_archived("stocked")
    if not await work.is_new(PRODUCT, command.product_id):
        raise InvalidInput("id", f"The id {command.product_id} is taken. Use a new id.")
    for n, url in enumerate(command.image_urls):
        check_photo_address(f"images.{n}", url)
    urls = list(dict.fromkeys(command.image_urls))
    if len(urls) > IMAGES_MAX:
        raise InvalidInput(
            "images",
            f"{len(urls)} photos were given; {IMAGES_MAX} is the most. Leave out {len(urls) - IMAGES_MAX}.",
        )
    photos = images_of(command.product_id, urls, clean_line(command.title))
    at = clock.now()
    # The store keeps no list of products added by hand; the id's tail keeps their addresses apart.
    slug = f"{slug_of(command.title)}-{command.product_id.hex[-6:]}"
    events = add_by_hand(
        command.product_id,
        ProductDraft(
            title=command.title,
            slug=slug,
            description=command.description,
            cost=command.cost,
            price=command.price,
            compare_at=command.compare_at,
            images=photos,
            variant_id=derived(command.product_id, "variant", "0"),
            stock=command.stock,
        ),
        store_id=store.id,
        at=at,
    )
    chosen = store.choose_currency(command.price.currency, existing=await existing_currency(work, store), at=at)
    work.append(PRODUCT, command.product_id, events, tenant=store.id)
    work.append(STORE, store.id, chosen, tenant=store.id)
    send_new_photos(work, photos, store=store, product_id=command.product_id, at=at)
    return {"product_id": str(command.product_id), "slug": slug}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProduct:
    """Change what is given of a product."""

    product_id: UUID
    merchant_id: UUID
    title: str | None = None
    description: str | None = None
    features: list[str] | None = None
    """With a description: it replaces them, as it does benefits and call to action."""
    benefits: list[str] | None = None
    call_to_action: str | None = None
    meta_title: str | None = None
    meta_description: str | None = None
    price: Money | None = None
    compare_at: Money | None = None
    clear_compare_at: bool = False
    """Whether no price is to be struck through any more."""


async def edit_product(command: EditProduct, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Append a fact for each kind of change.

    Raises:
        InvalidInput: names the field.
        NotFound: there is no such product, or it is somebody else's.
        ProductPutAway, StoreNotReady: it is archived, or its store.
    """
    product = await _changeable_product(work, command.product_id, command.merchant_id)
    text = command.description
    events = product.edit(
        ProductEdit(
            title=command.title,
            description=text,
            features=command.features,
            benefits=command.benefits,
            call_to_action=command.call_to_action,
            scores=None if text is None else await asyncio.to_thread(measure, text),
            meta_title=command.meta_title,
            meta_description=command.meta_description,
            price=command.price,
            compare_at=command.compare_at,
            clear_compare_at=command.clear_compare_at,
        ),
        at=clock.now(),
    )
    work.append(PRODUCT, product.id, events, tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStock:
    """Set what is on hand of a variant."""

    product_id: UUID
    merchant_id: UUID
    variant_id: UUID | None
    """None: the only variant."""
    on_hand: int


async def count_stock(command: CountStock, work: Work, *, clock: Clock) -> None:
    """Append ``StockCounted``, unless that is the count already.

    Raises:
        InvalidInput: below zero, or no variant was named where there are several.
        NotFound: there is no such product or variant, or it is somebody else's.
        ProductPutAway, StoreNotReady: it is archived, or its store.
    """
    product = await _changeable_product(work, command.product_id, command.merchant_id)
    variant_id = command.variant_id
    if variant_id is None:
        if len(product.variants) != 1:
            raise InvalidInput("variantId", f"“{product.title}” has {len(product.variants)} variants. Say which one.")
        variant_id = next(iter(product.variants))
    events = product.count_stock(variant_id, command.on_hand, at=clock.now())
    work.append(PRODUCT, product.id, events, tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateProduct:
    """Put a product on sale."""

    product_id: UUID
    merchant_id: UUID


async def activate_product(command: ActivateProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductActivated``, unless it is on sale.

    Raises:
        NotFound: there is no such product, or it is somebody else's.
        ProductPutAway, StoreNotReady: it is archived, or its store.
    """
    product = await _changeable_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.id, product.activate(at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivateProduct:
    """Take a product off sale."""

    product_id: UUID
    merchant_id: UUID


async def deactivate_product(command: DeactivateProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductDeactivated``, unless it is off sale.

    Raises:
        NotFound: there is no such product, or it is somebody else's.
        ProductPutAway, StoreNotReady: it is archived, or its store.
    """
    product = await _changeable_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.id, product.deactivate(at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveProduct:
    """Put a product away for good."""

    product_id: UUID
    merchant_id: UUID


async def archive_product(command: ArchiveProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductArchived``, unless it is archived. Orders already placed are not touched.

    Raises:
        NotFound: there is no such product, or it is somebody else's.
        StoreNotReady: its store is archived, and with it all that is in it.
    """
    product = await _changeable_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.id, product.archive(at=clock.now()), tenant=product.store_id)


async def _changeable_product(work: Work, product_id: UUID, merchant_id: UUID) -> Product:
    product, store = await product_of_merchant(work, product_id, merchant_id)
    store.refuse_archived("restocked or changed")
    return product


async def existing_currency(work: Work, store: Store) -> str | None:
    """Return what a store sells in; one that is older than that rule is asked by the products it scouted and still has."""
    if store.currency is None:
        for product_id in chain(store.product_ids, store.former_product_ids):
            product = await work.get(PRODUCT, product_id)
            if product.status is not ProductStatus.ARCHIVED:
                return product.price.currency
    return store.currency


def images_of(product_id: UUID, urls: Sequence[str], alt_text: str) -> list[ImportedImage]:
    """Return photos as a product has them, the first of them in their order."""
    return [
        ImportedImage(image_id=derived(product_id, "image", str(n)), url=url, alt_text=alt_text, position=n)
        for n, url in enumerate(dict.fromkeys(urls[:IMAGES_MAX]))
    ]


def slug_of(title: str) -> str:
    """Return a title as a part of an address."""
    return slugify(title, fallback="product", most=SLUG_MAX)


HANDLERS: UnboundHandlers = {
    WriteProductCopy: write_product_copy,
    AddProduct: add_product,
    EditProduct: edit_product,
    CountStock: count_stock,
    ActivateProduct: activate_product,
    DeactivateProduct: deactivate_product,
    ArchiveProduct: archive_product,
}
"""Each command and its handler."""
