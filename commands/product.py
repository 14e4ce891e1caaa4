"""What may be asked of products: by the scout and the copywriter, and by the merchant."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from commands.ports import Work
from commands.store import free_slug, owned_store
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step
from domain.ids import derived
from domain.kernel import Clock, InvalidInput, NotFound
from domain.money import Money
from domain.product.aggregate import PRODUCT, Product, add_by_hand, import_listing
from domain.product.events import ImportedImage, ImportedVariant, ProductStatus, WinningScore
from domain.product.listing import Listing, ListingVariant
from domain.product.ports import ProductCopy
from domain.store.aggregate import STORE, Store, slugify
from domain.store.errors import StoreNotReady
from domain.store.events import StoreStatus, SupplierReport
from domain.store.ports import TextMeasure

IMAGES_MAX = 8
"""How many of a listing's photos are taken over; each costs the studio seconds."""
SLUG_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A listing that is to be imported, and for how much it will sell."""

    listing: Listing
    price: Money
    compare_at: Money | None
    score: WinningScore


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProducts:
    """Stock a store with the best listings."""

    generation_id: UUID
    attempt: int
    keywords: list[str]
    suppliers: list[SupplierReport]
    duplicates: int
    picks: list[Pick]


async def import_products(command: ImportProducts, work: Work, *, clock: Clock) -> dict[str, list[str]] | None:
    """Append a ``ProductImported`` each, ``ProductsScouted`` and the end of the scout step; nothing if it ended.

    The best pick decides the currency of a store that has none (``CurrencyChosen``); picks in another are left out, and
    the step fails where none is left. What an earlier scouting imported and the merchant never touched is archived.

    Raises:
        InvalidInput: there is nothing to import.
        GenerationEnded, StepNotRunning, StoreNotReady: too late; retrying cannot help.
    """
    picks = {(pick.listing.provider, pick.listing.source_id): pick for pick in reversed(command.picks)}
    if not picks:
        raise InvalidInput("picks", "No listing was good enough to import.")
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    store = await work.get(STORE, generation.store_id)
    stocked_in = await _stocked_in(work, store)
    currency = stocked_in or command.picks[0].price.currency
    picks = {key: pick for key, pick in picks.items() if pick.price.currency == currency}
    if not picks:
        reason = (
            f"This store sells in {currency}, and nothing that was found is priced in it. Connect a supplier that sells "
            f"in {currency}, or add products by hand."
        )
        work.append(
            GENERATION, generation.fail_step(Step.SCOUT, command.attempt, reason=reason, at=at), tenant=store.id
        )
        return None
    summary = _summary(list(picks.values()), command.suppliers)
    ended = generation.succeed_step(Step.SCOUT, command.attempt, summary=summary, at=at)
    if not ended:
        return None
    taken: list[str] = []
    for earlier_id in chain(store.former_product_ids, store.product_ids):
        earlier = await work.get(PRODUCT, earlier_id)
        if earlier.status is ProductStatus.DRAFT and not earlier.in_hand:
            work.append(PRODUCT, earlier.archive(at=at), tenant=store.id)
        taken.append(earlier.slug)
    ids: list[UUID] = []
    for (provider, source_id), pick in reversed(picks.items()):
        product_id = derived(generation.id, "product", str(command.attempt), provider, source_id)
        slug = free_slug(_slug(pick.listing.title), taken)
        events = import_listing(
            product_id,
            pick.listing,
            store_id=store.id,
            generation_id=generation.id,
            slug=slug,
            price=pick.price,
            compare_at=pick.compare_at,
            # A supplier's title is no description; without one, pages describe a photo by the written title.
            images=_images(product_id, pick.listing.image_urls, ""),
            variants=_variants(product_id, pick),
            score=pick.score,
            at=at,
        )
        work.append(PRODUCT, events, tenant=store.id)
        taken.append(slug)
        ids.append(product_id)
    store = work.append(STORE, store.sell_in(currency, stocked_in=stocked_in, at=at), tenant=store.id) or store
    work.append(
        STORE,
        store.record_scouting(
            generation_id=generation.id,
            attempt=command.attempt,
            keywords=command.keywords,
            suppliers=command.suppliers,
            duplicates=command.duplicates,
            product_ids=ids,
            at=at,
        ),
        tenant=store.id,
    )
    work.append(GENERATION, ended, tenant=store.id)
    return {"product_ids": [str(id) for id in ids]}


async def _stocked_in(work: Work, store: Store) -> str | None:
    """Return what a store sells in; one that is older than that rule is asked by the products it scouted and still has."""
    if store.currency is None:
        for product_id in chain(store.product_ids, store.former_product_ids):
            product = await work.get(PRODUCT, product_id)
            if product.status is not ProductStatus.ARCHIVED:
                return product.price.currency
    return store.currency


def _summary(picks: Sequence[Pick], suppliers: Sequence[SupplierReport]) -> str:
    """Say where the products come from, the sandbox by its name, and who could not be searched."""
    candidates = sum(report.candidates for report in suppliers)
    sources = Counter(pick.listing.provider.known_as.removeprefix("the ") for pick in picks).most_common()
    origin = ", ".join(name if len(sources) == 1 else f"{count} from {name}" for name, count in sources)
    products = f"{len(picks)} product{'' if len(picks) == 1 else 's'}"
    found = f"{products} from {candidates} candidate{'' if candidates == 1 else 's'} ({origin})"
    away = [f"{report.provider.known_as} could not be searched" for report in suppliers if report.error is not None]
    return "; ".join([found, *away])


def _images(product_id: UUID, urls: Sequence[str], alt_text: str) -> list[ImportedImage]:
    return [
        ImportedImage(image_id=derived(product_id, "image", str(n)), url=url, alt_text=alt_text, position=n)
        for n, url in enumerate(dict.fromkeys(urls[:IMAGES_MAX]))
    ]


def _variants(product_id: UUID, pick: Pick) -> list[ImportedVariant]:
    return [
        ImportedVariant(
            variant_id=derived(product_id, "variant", str(n)),
            sku=variant.sku,
            title=variant.title,
            options=variant.options,
            price=_variant_price(pick, variant),
            cost=variant.cost,
            stock=variant.stock,
        )
        for n, variant in enumerate(pick.listing.variants)
    ]


def _variant_price(pick: Pick, variant: ListingVariant) -> Money:
    """A variant that costs us more sells for more, marked up like the product itself."""
    cost = pick.listing.cost
    difference = variant.cost - cost
    if cost.minor <= 0:
        return pick.price + difference
    return pick.price + difference.basis_points(pick.price.minor * 10_000 // cost.minor)


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
    product = await work.get(PRODUCT, command.product_id)
    if product.store_id != generation.store_id:
        raise NotFound(PRODUCT.name, product.id)
    message = f"Wrote the copy of “{command.copy.title}”"
    if product.by_merchant:
        message = f"Left “{product.title}” in your own words"
    progress = generation.progress_step(
        Step.COPY, command.attempt, item=str(product.id), total=command.total, message=message, at=at
    )
    if not progress:
        return
    if product.by_merchant:
        work.append(GENERATION, progress, tenant=generation.store_id)
        return
    store = await work.get(STORE, product.store_id)
    slug = product.slug
    if product.status is not ProductStatus.ACTIVE:
        slug = free_slug(_slug(command.copy.title), await _slugs_of_others(work, store, product.id))
    work.append(PRODUCT, product.write_copy(command.copy, slug=slug, at=at), tenant=store.id)
    work.append(GENERATION, progress, tenant=store.id)


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
    """Append ``ProductAdded``, and ``CurrencyChosen`` if it is the store's first product.

    Its photos are shown as they are until ``RequestImage`` sends them to the studio.

    Raises:
        InvalidInput: names the field; a store sells in one currency.
        NotFound: there is no such store, or it is somebody else's.
        StoreNotReady: it is archived.
    """
    store = await owned_store(work, command.store_id, command.merchant_id)
    if store.status is StoreStatus.ARCHIVED:
        raise StoreNotReady(store.id, store.status, "stocked", "Request a new store instead.")
    if not await work.is_new(PRODUCT, command.product_id):
        raise InvalidInput("id", f"The id {command.product_id} is taken. Use a new id.")
    for n, url in enumerate(command.image_urls):
        if not url.startswith(("http://", "https://")):
            raise InvalidInput(f"images.{n}", f"{url!r} is no web address. Give one that starts with https://.")
    at = clock.now()
    # The store keeps no list of products added by hand; the id's tail keeps their addresses apart.
    slug = f"{_slug(command.title)}-{command.product_id.hex[-6:]}"
    events = add_by_hand(
        command.product_id,
        store_id=store.id,
        title=command.title,
        slug=slug,
        description=command.description,
        cost=command.cost,
        price=command.price,
        compare_at=command.compare_at,
        images=_images(command.product_id, command.image_urls, command.title.strip()),
        variant_id=derived(command.product_id, "variant", "0"),
        stock=command.stock,
        at=at,
    )
    chosen = store.sell_in(command.price.currency, stocked_in=await _stocked_in(work, store), at=at)
    work.append(PRODUCT, events, tenant=store.id)
    work.append(STORE, chosen, tenant=store.id)
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
        ProductPutAway: it is archived.
    """
    product = await _owned_product(work, command.product_id, command.merchant_id)
    text = command.description
    events = product.edit(
        at=clock.now(),
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
    )
    work.append(PRODUCT, events, tenant=product.store_id)


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
        ProductPutAway: it is archived.
    """
    product = await _owned_product(work, command.product_id, command.merchant_id)
    variant_id = command.variant_id
    if variant_id is None:
        if len(product.variants) != 1:
            raise InvalidInput("variantId", f"“{product.title}” has {len(product.variants)} variants. Say which one.")
        variant_id = next(iter(product.variants))
    events = product.count_stock(variant_id, command.on_hand, at=clock.now())
    work.append(PRODUCT, events, tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateProduct:
    """Put a product on sale."""

    product_id: UUID
    merchant_id: UUID


async def activate_product(command: ActivateProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductActivated``, unless it is on sale.

    Raises:
        NotFound: there is no such product, or it is somebody else's.
        ProductPutAway: it is archived.
    """
    product = await _owned_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.activate(at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivateProduct:
    """Take a product off sale."""

    product_id: UUID
    merchant_id: UUID


async def deactivate_product(command: DeactivateProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductDeactivated``, unless it is off sale.

    Raises:
        NotFound: there is no such product, or it is somebody else's.
        ProductPutAway: it is archived.
    """
    product = await _owned_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.deactivate(at=clock.now()), tenant=product.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveProduct:
    """Put a product away for good."""

    product_id: UUID
    merchant_id: UUID


async def archive_product(command: ArchiveProduct, work: Work, *, clock: Clock) -> None:
    """Append ``ProductArchived``, unless it is archived. Orders already placed are not touched.

    Raises:
        NotFound: there is no such product, or it is somebody else's.
    """
    product = await _owned_product(work, command.product_id, command.merchant_id)
    work.append(PRODUCT, product.archive(at=clock.now()), tenant=product.store_id)


async def _owned_product(work: Work, product_id: UUID, merchant_id: UUID) -> Product:
    product = await work.get(PRODUCT, product_id)
    store = await work.get(STORE, product.store_id)
    if store.merchant_id != merchant_id:
        raise NotFound(PRODUCT.name, product_id)
    return product


def _slug(title: str) -> str:
    return slugify(title, fallback="product", most=SLUG_MAX)


HANDLERS: Mapping[type, Callable[..., Any]] = {
    ImportProducts: import_products,
    WriteProductCopy: write_product_copy,
    AddProduct: add_product,
    CountStock: count_stock,
    ActivateProduct: activate_product,
    DeactivateProduct: deactivate_product,
    ArchiveProduct: archive_product,
}
"""Each command and its handler, to be bound with ``clock``."""
MEASURED: Mapping[type, Callable[..., Any]] = {EditProduct: edit_product}
"""The same for those to be bound with ``measure`` as well: a merchant's words are scored like everybody's."""
