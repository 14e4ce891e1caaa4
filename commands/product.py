"""A merchant's commands for the products of a store: adding, editing, stock, price and status."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from commands.access import product_of_merchant, store_of_merchant
from commands.media import check_photo_address, send_new_photos
from commands.ports import UnboundHandlers, Work
from commands.subscription import SoldPlans, return_products, use_products
from domain.editing import Seen, SeenValue, refuse_overwriting, refuse_overwriting_value
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.money import Money
from domain.product.aggregate import PRODUCT, Product
from domain.product.creation import ProductDraft, add_by_hand
from domain.product.edit import ProductEdit
from domain.product.edit import edit_product as decide_edit
from domain.product.events import ImportedImage, ProductStatus
from domain.store.aggregate import STORE, Store
from domain.store.ports import TextMeasure
from domain.store.settings import choose_currency
from domain.store.slugs import slugify
from domain.text import clean_line

IMAGES_MAX = 8
"""Most photos of a product; the studio needs seconds for each."""
SLUG_MAX = 60


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


async def add_product(
    command: AddProduct, work: Work, *, clock: Clock, sold: SoldPlans | None = None
) -> dict[str, str]:
    """Append ``ProductAdded``, ``CurrencyChosen`` for the first product, and one processing request per photo.

    Shoppers see the processed images.

    Raises:
        InvalidInput: names the field; a store sells in one currency.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
        PlanLimitReached: the merchant's plan allows no more products in the store.
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
            f"There are {len(urls)} photos; {IMAGES_MAX} is the most. Leave out {len(urls) - IMAGES_MAX}.",
        )
    photos = images_of(command.product_id, urls, clean_line(command.title))
    at = clock.now()
    # The store has no list of products added by hand, so the end of the id makes the address unique.
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
    chosen = choose_currency(store, command.price.currency, existing=await existing_currency(work, store), at=at)
    await use_products(work, store.merchant_id, store.id, 1, sold=sold, at=at)
    work.append(PRODUCT, command.product_id, events, tenant=store.id)
    work.append(STORE, store.id, chosen, tenant=store.id)
    send_new_photos(work, photos, store=store, product_id=command.product_id, at=at)
    return {"product_id": str(command.product_id), "slug": slug}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProduct:
    """Change parts of a product; None leaves a part as it is."""

    product_id: UUID
    merchant_id: UUID
    title: str | None = None
    description: str | None = None
    features: list[str] | None = None
    """Only with a description, which also replaces benefits and call to action."""
    benefits: list[str] | None = None
    call_to_action: str | None = None
    meta_title: str | None = None
    meta_description: str | None = None
    price: Money | None = None
    compare_at: Money | None = None
    clear_compare_at: bool = False
    """Whether the compare-at price is removed."""
    seen: Seen = None


async def edit_product(command: EditProduct, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Append one event for each kind of change.

    Raises:
        ChangedMeanwhile: a part that the command sets is not as the editor saw it.
        InvalidInput: names the field.
        NotFound: no product has the id, or it is another merchant's.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    refuse_overwriting(command.seen, product.parts, _parts_set(command))
    text = command.description
    events = decide_edit(
        product,
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


def _parts_set(command: EditProduct) -> list[str]:
    """Return the names of the parts that a command sets."""
    sets = {
        "TITLE": command.title is not None,
        "DESCRIPTION": command.description is not None,
        "META": command.meta_title is not None,
        "PRICE": command.price is not None,
        "FORMER_PRICE": command.compare_at is not None or command.clear_compare_at,
    }
    return [name for name, is_set in sets.items() if is_set]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStock:
    """Set the stock of a variant."""

    product_id: UUID
    merchant_id: UUID
    variant_id: UUID | None
    """None for the only variant."""
    on_hand: int
    seen: SeenValue[int] = None
    """The stock that the editor saw; None to overwrite any."""


async def count_stock(command: CountStock, work: Work, *, clock: Clock) -> None:
    """Append ``StockCounted``. No-op if the count is unchanged.

    Raises:
        ChangedMeanwhile: the stock is not what the editor saw.
        InvalidInput: the count is out of range, or no variant is named although there are several.
        NotFound: no product or variant has the id, or it is another merchant's.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    variant_id = command.variant_id
    if variant_id is None:
        if len(product.variants) != 1:
            raise InvalidInput("variantId", f"“{product.title}” has {len(product.variants)} variants. Say which one.")
        variant_id = next(iter(product.variants))
    variant = product.variants.get(variant_id)
    if variant is not None:
        refuse_overwriting_value(command.seen, variant.on_hand, "STOCK", field="expectedStockQuantity")
    events = product.count_stock(variant_id, command.on_hand, at=clock.now())
    work.append(PRODUCT, product.id, events, tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVariant:
    """Set the price of one of a product's variants."""

    product_id: UUID
    merchant_id: UUID
    variant_id: UUID
    price: Money
    seen: Money | None = None
    """The price that the editor saw; None to overwrite any."""


async def price_variant(command: PriceVariant, work: Work, *, clock: Clock) -> None:
    """Append ``VariantPriced``. No-op if the price is the same.

    Raises:
        ChangedMeanwhile: the price is not what the editor saw.
        InvalidInput: names the field.
        NotFound: no product or variant has the id, or it is another merchant's.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    variant = product.variants.get(command.variant_id)
    if variant is not None:
        refuse_overwriting_value(command.seen, variant.price, "PRICE", field="expectedPrice")
    events = product.price_variant(command.variant_id, command.price, at=clock.now())
    work.append(PRODUCT, product.id, events, tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateProduct:
    """Put a product on sale."""

    product_id: UUID
    merchant_id: UUID


async def activate_product(command: ActivateProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductActivated``. No-op if the product is on sale.

    Raises:
        NotFound: no product has the id, or it is another merchant's.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.id, product.activate(at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivateProduct:
    """Take a product off sale."""

    product_id: UUID
    merchant_id: UUID


async def deactivate_product(command: DeactivateProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductDeactivated``. No-op if the product is off sale.

    Raises:
        NotFound: no product has the id, or it is another merchant's.
        ProductIsArchived, StoreNotReady: the product or its store is archived.
    """
    product = await changeable_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.id, product.deactivate(at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveProduct:
    """Archive a product permanently."""

    product_id: UUID
    merchant_id: UUID


async def archive_product(command: ArchiveProduct, work: Work, *, clock: Clock, sold: SoldPlans | None = None) -> None:
    """Append ``ProductArchived``. No-op if the product is archived. Placed orders stay.

    Raises:
        NotFound: no product has the id, or it is another merchant's.
        StoreNotReady: the product's store is archived.
    """
    at = clock.now()
    product, store = await _changeable(work, command.product_id, command.merchant_id)
    archived = product.archive(at=at)
    await return_products(work, store.merchant_id, product.store_id, len(archived), sold=sold, at=at)
    work.append(PRODUCT, product.id, archived, tenant=product.store_id)


async def changeable_product(work: Work, product_id: UUID, merchant_id: UUID) -> Product:
    """Return a product of the merchant whose store is not archived.

    Raises:
        NotFound: no product has the id, or it is another merchant's.
        StoreNotReady: the product's store is archived.
    """
    return (await _changeable(work, product_id, merchant_id))[0]


async def _changeable(work: Work, product_id: UUID, merchant_id: UUID) -> tuple[Product, Store]:
    product, store = await product_of_merchant(work, product_id, merchant_id)
    store.refuse_archived("restocked or changed")
    return product, store


async def existing_currency(work: Work, store: Store) -> str | None:
    """Return a store's currency, in a store from before ``CurrencyChosen`` that of its products; None without products."""
    if store.currency is None:
        for product_id in chain(store.product_ids, store.former_product_ids):
            product = await work.get(PRODUCT, product_id)
            if product.status is not ProductStatus.ARCHIVED:
                return product.price.currency
    return store.currency


def images_of(product_id: UUID, urls: Sequence[str], alt_text: str) -> list[ImportedImage]:
    """Return the first ``IMAGES_MAX`` photos as images of a product."""
    return [
        ImportedImage(image_id=derived(product_id, "image", str(n)), url=url, alt_text=alt_text, position=n)
        for n, url in enumerate(dict.fromkeys(urls[:IMAGES_MAX]))
    ]


def slug_of(title: str) -> str:
    """Return the slug of a product's title."""
    return slugify(title, fallback="product", most=SLUG_MAX)


HANDLERS: UnboundHandlers = {
    AddProduct: add_product,
    EditProduct: edit_product,
    CountStock: count_stock,
    PriceVariant: price_variant,
    ActivateProduct: activate_product,
    DeactivateProduct: deactivate_product,
    ArchiveProduct: archive_product,
}
"""Each command and its handler."""
