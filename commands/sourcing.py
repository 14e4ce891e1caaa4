"""The scout's command."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from commands.image_step import append_end_of_step
from commands.ports import UnboundHandlers, Work
from commands.product import existing_currency, images_of, slug_of
from commands.slugs import free_slug
from commands.subscription import SoldPlans, products_left, return_products, use_products
from domain.generation.aggregate import GENERATION
from domain.generation.events import Attention, Step
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.aggregate import PRODUCT
from domain.product.events import ImportedVariant, ProductStatus, WinningScore
from domain.sourcing.importing import ListingDraft, import_listing
from domain.sourcing.listing import Listing
from domain.sourcing.pricing import price_variant
from domain.store.aggregate import STORE
from domain.store.events import SupplierReport
from domain.store.generated import record_scouting
from domain.store.settings import choose_currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A listing to import, with its selling price and score."""

    listing: Listing
    price: Money
    score: WinningScore


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProducts:
    """Import the best listings into a store."""

    generation_id: UUID
    attempt: int
    keywords: list[str]
    suppliers: list[SupplierReport]
    duplicates: int
    picks: list[Pick]
    fitting: int | None = None
    """The number of different listings that fit the niche."""
    rejected: Mapping[str, int] = field(default_factory=dict)
    """The number of listings that were not imported, by reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFewProducts(ImportProducts):
    """Import the few listings that fit, and ask the merchant whether to go on with them."""

    attention: Attention
    """What the merchant is asked."""


async def import_products(
    command: ImportProducts, work: Work, *, clock: Clock, sold: SoldPlans | None = None
) -> dict[str, list[str]] | None:
    """Append a ``ProductImported`` for each pick, ``ProductsScouted``, and the end of the step. No-op if the step ended.

    Photos are requested in the same transaction if the brand exists.

    The best pick sets the currency of a store without one (``CurrencyChosen``). Picks in another currency are left out,
    and picks of listings that the store has a product of. Drafts of earlier scoutings that the merchant never touched are
    archived. Of more picks than the merchant's plan has room for, the best are imported. If no pick is left, the step
    succeeds and the store keeps its products. After ``ImportFewProducts`` the step needs attention instead of succeeding.

    Raises:
        InvalidInput: there are no picks.
        GenerationEnded, StepNotRunning, StoreNotReady: too late; retrying cannot help.
    """
    picks = {(pick.listing.provider, pick.listing.source_id): pick for pick in reversed(command.picks)}
    if not picks:
        raise InvalidInput("picks", "No listing was good enough to import.")
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    store = await work.get(STORE, generation.store_id)
    existing = await existing_currency(work, store)
    currency = existing or command.picks[0].price.currency
    earlier = [await work.get(PRODUCT, id) for id in chain(store.former_product_ids, store.product_ids)]
    outdated = [
        product for product in earlier if product.status is ProductStatus.DRAFT and not product.touched_by_merchant
    ]
    existing_sources = {product.source for product in earlier if product.status is not ProductStatus.ARCHIVED} - {
        product.source for product in outdated
    }
    sellable = {key: pick for key, pick in picks.items() if pick.price.currency == currency}
    picks = {key: pick for key, pick in sellable.items() if key not in existing_sources}
    left = await products_left(work, store.merchant_id, store.id, sold=sold, at=at)
    picks, over = _with_room(picks, None if left is None else left + len(outdated))
    summary = _outcome(command, list(picks.values()), sellable=len(sellable), over=over, currency=currency)
    if isinstance(command, ImportFewProducts):
        ended = generation.ask_for_attention(Step.SCOUT, command.attempt, command.attention, at=at)
    else:
        ended = generation.succeed_step(Step.SCOUT, command.attempt, summary=summary, at=at)
    if not ended:
        return None
    if not picks:
        await append_end_of_step(work, generation, ended, clock=clock)
        return {"product_ids": []}
    await return_products(work, store.merchant_id, store.id, len(outdated), sold=sold, at=at)
    await use_products(work, store.merchant_id, store.id, len(picks), sold=sold, at=at)
    for product in outdated:
        work.append(PRODUCT, product.id, product.archive(at=at), tenant=store.id)
    taken = [product.slug for product in earlier]
    ids: list[UUID] = []
    for (provider, source_id), pick in reversed(picks.items()):
        product_id = derived(generation.id, "product", str(command.attempt), provider, source_id)
        slug = free_slug(slug_of(pick.listing.title), taken)
        events = import_listing(
            product_id,
            ListingDraft(
                listing=pick.listing,
                slug=slug,
                price=pick.price,
                # A supplier's title does not describe a photo; without alt text, pages use the written title.
                images=images_of(product_id, pick.listing.image_urls, ""),
                variants=_variants(product_id, pick),
                score=pick.score,
            ),
            store_id=store.id,
            generation_id=generation.id,
            at=at,
        )
        work.append(PRODUCT, product_id, events, tenant=store.id)
        taken.append(slug)
        ids.append(product_id)
    chosen = choose_currency(store, currency, existing=existing, at=at)
    store = work.append(STORE, store.id, chosen, tenant=store.id)
    work.append(
        STORE,
        store.id,
        record_scouting(
            store,
            generation_id=generation.id,
            attempt=command.attempt,
            keywords=command.keywords,
            suppliers=command.suppliers,
            duplicates=command.duplicates,
            fitting=command.fitting,
            rejected=dict(command.rejected),
            product_ids=ids,
            at=at,
        ),
        tenant=store.id,
    )
    await append_end_of_step(work, generation, ended, clock=clock)
    return {"product_ids": [str(id) for id in ids]}


def _with_room(
    picks: Mapping[tuple[SupplierProvider, str], Pick], room: int | None
) -> tuple[dict[tuple[SupplierProvider, str], Pick], int]:
    """Return the best picks that a plan has room for, and how many are left out. The best pick comes last."""
    over = 0 if room is None else max(0, len(picks) - room)
    return dict(list(picks.items())[over:]), over


def _outcome(command: ImportProducts, picks: Sequence[Pick], *, sellable: int, over: int, currency: str) -> str:
    """Return the step's summary: what is imported, or why nothing is."""
    if picks:
        known = sellable - over - len(picks)
        summary = _summary(picks, command.suppliers, known=known, fitting=command.fitting)
        return f"{summary}; the plan has no room for {over} more" if over else summary
    if over:
        return "The plan has no room for more products in this store: it keeps its products"
    if sellable:
        return "Every listing that was found is in the store already: it keeps its products"
    return f"The store sells in {currency}, and no listing that was found is priced in it: it keeps its products"


def _summary(picks: Sequence[Pick], suppliers: Sequence[SupplierReport], *, known: int, fitting: int | None) -> str:
    """Return the step's summary: products, candidates, sources, known listings and suppliers that did not answer."""
    candidates = sum(report.candidates for report in suppliers)
    sources = Counter(pick.listing.provider.display_name.removeprefix("the ") for pick in picks).most_common()
    origin = ", ".join(name if len(sources) == 1 else f"{count} from {name}" for name, count in sources)
    products = f"{len(picks)} product{'' if len(picks) == 1 else 's'}"
    scouted = f"{products} from {candidates} candidate{'' if candidates == 1 else 's'} ({origin})"
    known_again = [f"{known} more {'is' if known == 1 else 'are'} in the store already"] if known else []
    unreachable = [
        f"{report.provider.display_name} could not be searched" for report in suppliers if report.error is not None
    ]
    fit = [] if fitting is None else [f"{fitting} of {candidates} fit the niche"]
    return "; ".join([scouted, *fit, *known_again, *unreachable])


def _variants(product_id: UUID, pick: Pick) -> list[ImportedVariant]:
    return [
        ImportedVariant(
            variant_id=derived(product_id, "variant", str(n)),
            sku=variant.sku,
            title=variant.title,
            options=variant.options,
            price=price_variant(pick.listing, pick.price, variant.cost, duty=pick.score.duty),
            cost=variant.cost,
            stock=variant.stock,
        )
        for n, variant in enumerate(pick.listing.variants)
    ]


HANDLERS: UnboundHandlers = {ImportProducts: import_products, ImportFewProducts: import_products}
"""Each command and its handler."""
