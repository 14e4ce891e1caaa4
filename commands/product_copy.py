"""The copywriter's command for the text of a product."""

from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from commands.access import product_of_store
from commands.ports import UnboundHandlers, Work
from commands.product import slug_of
from commands.slugs import free_slug
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step
from domain.kernel import Clock
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductStatus
from domain.product.ports import ProductCopy
from domain.store.aggregate import STORE, Store
from domain.store.collection_events import AddressKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteProductCopy:
    """Record the copywriter's text of a product."""

    product_id: UUID
    generation_id: UUID
    attempt: int
    copy: ProductCopy
    total: int
    """The number of products in the step."""


async def write_product_copy(command: WriteProductCopy, work: Work, *, clock: Clock) -> None:
    """Append ``ProductCopyWritten`` and ``StepProgressed``. No-op if the product is counted in this attempt.

    The address follows the new title, but a product on sale keeps its address. A product with the merchant's own text, or on
    sale in a store that was published, is counted and not changed.

    Raises:
        GenerationEnded, StepNotRunning, ProductIsArchived: too late; retrying cannot help.
        NotFound: the product belongs to another store than the generation.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    product = await product_of_store(work, command.product_id, generation.store_id)
    store = await work.get(STORE, product.store_id)
    is_live = store.was_published and product.status is ProductStatus.ACTIVE
    message = f"Wrote the copy of “{command.copy.title}”"
    if product.by_merchant:
        message = f"Left “{product.title}” in your own words"
    elif is_live:
        message = f"Left “{product.title}” as shoppers know it"
    progress = generation.progress_step(
        Step.COPY, command.attempt, item=str(product.id), total=command.total, message=message, at=at
    )
    if not progress:
        return
    if product.by_merchant or is_live:
        work.append(GENERATION, generation.id, progress, tenant=generation.store_id)
        return
    moved = store.assortment.slugs.get((AddressKind.PRODUCT, str(product.id)))
    slug = moved or product.slug
    if moved is None and product.status is not ProductStatus.ACTIVE:
        slug = free_slug(slug_of(command.copy.title), await _slugs_of_others(work, store, product.id))
    work.append(PRODUCT, product.id, product.write_copy(command.copy, slug=slug, at=at), tenant=store.id)
    work.append(GENERATION, generation.id, progress, tenant=store.id)


async def _slugs_of_others(work: Work, store: Store, product_id: UUID) -> list[str]:
    ids = chain(store.former_product_ids, store.product_ids)
    return [(await work.get(PRODUCT, id)).slug for id in ids if id != product_id]


HANDLERS: UnboundHandlers = {WriteProductCopy: write_product_copy}
"""Each command and its handler."""
