"""The copywriter's two agents: one writes the copy of every product, the other the store's pages."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from commands.page import WritePages
from commands.presentation import DescribeCategories
from commands.product_copy import WriteProductCopy
from commands.step import SucceedStep
from consumers.agents.base import StepAgent, StepPorts
from consumers.agents.outside_calls import GivenUp
from domain.generation.events import Step, StepStarted
from domain.kernel import DomainError, DomainEvent, NotFound
from domain.money import Money
from domain.order.delivery import typical_days
from domain.product.aggregate import PRODUCT, Product
from domain.product.errors import ProductIsArchived
from domain.product.events import ProductStatus
from domain.product.ports import CopyBrief, ProductCopy, ProductCopywriter, options_of
from domain.store.aggregate import STORE, Store
from domain.store.brand import BrandIdentity
from domain.store.events import PageType
from domain.store.ports import CategoryDraft, CategoryWriter, PageDraft, PageWriter, StoreFacts
from schemas.envelope import Envelope

AT_ONCE = 4
"""Products, or pages, that are written at the same time."""
PAGES = {
    PageType.PRIVACY_POLICY: "privacy policy",
    PageType.TERMS_OF_SERVICE: "terms of service",
    PageType.REFUND_POLICY: "refund policy",
    PageType.ABOUT: "about page",
    PageType.CONTACT: "contact page",
    PageType.FAQ: "questions and answers",
}
"""The pages of every store, and their names in progress messages."""
CATEGORIES = "categories"
"""The part of the pages step that writes the texts of category pages."""
NO_BRAND = "The store has no brand yet, and its texts need one. Run the brand step, then this one again."

logger = logging.getLogger(__name__)


class CopyAgent(StepAgent):
    """Writes the copy of a store's products when its copy step starts.

    Safe to redeliver: like every step agent. A product with a copy of this step is left out. Each copy is recorded when it
    arrives, so a crash does not call the writer again for the same product.
    """

    name: ClassVar[str] = "copy-agent"
    step: ClassVar[Step] = Step.COPY

    def __init__(self, writer: ProductCopywriter, ports: StepPorts) -> None:
        super().__init__(ports)
        self._writer = writer

    async def work(self, envelope: Envelope, event: StepStarted) -> SucceedStep:
        written = await self._write_all(envelope, event)
        return SucceedStep(
            generation_id=event.originator_id,
            step=self.step,
            attempt=event.attempt,
            summary=f"Wrote the copy of {written} product{'' if written == 1 else 's'}",
        )

    async def _write_all(self, envelope: Envelope, event: StepStarted) -> int:
        """Write the copy of every product and return the number of products.

        Raises:
            GivenUp: the writer did not answer for one of them; the other copies stay.
        """
        store = await self._aggregates.get(STORE, event.store_id)
        if store.brand is None:
            raise GivenUp("the copywriter", NO_BRAND)
        brand = store.brand
        products = [await self._aggregates.get(PRODUCT, id) for id in store.product_ids]
        chosen = [
            product for product in products if product.status is not ProductStatus.ARCHIVED and not product.by_merchant
        ]
        shelf = tuple(_briefs(chosen, store, brand, event))
        briefs = [(product, replace(brief, shelf=shelf)) for product, brief in zip(chosen, shelf, strict=True)]
        left = iter(briefs)
        stopped = asyncio.Event()

        async def work() -> None:
            # The workers share one iterator. Each takes the next product, until one of them fails.
            for product, brief in left:
                if stopped.is_set():
                    return
                try:
                    await self._write(envelope, event, product, brief, total=len(briefs))
                except BaseException:
                    stopped.set()
                    raise

        # After a failure the other calls may finish: their copy is paid for.
        outcomes = await asyncio.gather(*(work() for _ in range(AT_ONCE)), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            # An unexpected error wins over GivenUp, which would end the step: a redelivery may help here.
            raise next((failure for failure in failures if not isinstance(failure, GivenUp)), failures[0])
        return len(briefs)

    async def _write(
        self, envelope: Envelope, event: StepStarted, product: Product, brief: CopyBrief, *, total: int
    ) -> None:
        name = f"{self.name}:{product.id}"
        if await self._react.outcome(envelope, name):
            return
        copy = await self.ask_once(
            envelope,
            event,
            ProductCopy,
            lambda: self._writer.write(brief),
            who="the copywriter",
            part=str(product.id),
        )
        command = WriteProductCopy(
            product_id=product.id,
            generation_id=event.originator_id,
            attempt=event.attempt,
            copy=copy,
            total=total,
        )
        try:
            await self._react(command, cause=envelope, name=name)
        except (ProductIsArchived, NotFound) as refusal:
            logger.info("A product was archived while its copy was written: %s", refusal)


def _briefs(products: Sequence[Product], store: Store, brand: BrandIdentity, event: StepStarted) -> Iterator[CopyBrief]:
    ranks: Counter[str] = Counter()
    for place, product in enumerate(products):
        # A writer may use the ranks in the store and in the category so that no two products read alike.
        seed = f"{event.originator_id}:{event.attempt}#{place}.{ranks[product.category]}"
        yield copy_brief(product, store, brand, seed=seed)
        ranks[product.category] += 1


def copy_brief(product: Product, store: Store, brand: BrandIdentity, *, seed: str) -> CopyBrief:
    """Return the facts for the copy of a store's product."""
    return CopyBrief(
        original_title=product.original_title,
        original_description=product.original_description,
        category=product.category,
        tags=product.tags,
        attributes=product.attributes,
        options=options_of([variant.title for variant in product.variants.values()]),
        price=product.price,
        niche=store.niche,
        brand=brand,
        seed=seed,
    )


class PageAgent(StepAgent):
    """Writes a store's pages when its pages step starts.

    Safe to redeliver: like every step agent. Each page is recorded when it arrives, so a crash does not call the writer
    again for the same page.

    Args:
        writer: writes the pages.
        ports: what every step agent needs.
        host_for: returns the host of a store's storefront; this machine's by default.
        categories: writes the texts of category pages; None writes none.
        shelves: returns the category pages of a store, name by slug, for how many products each category has.
    """

    name: ClassVar[str] = "page-agent"
    step: ClassVar[Step] = Step.PAGES

    def __init__(
        self,
        writer: PageWriter,
        ports: StepPorts,
        *,
        host_for: Callable[[Store], str] | None = None,
        categories: CategoryWriter | None = None,
        shelves: Callable[[Mapping[str, int]], Mapping[str, str]] = lambda _: {},
    ) -> None:
        super().__init__(ports)
        self._writer = writer
        self._categories, self._shelves = categories, shelves
        self._host_for = host_for or local_host

    async def work(self, envelope: Envelope, event: StepStarted) -> WritePages:
        pages = await self._write_all(envelope, event)
        return WritePages(generation_id=event.originator_id, attempt=event.attempt, pages=pages)

    async def _write_all(self, envelope: Envelope, event: StepStarted) -> list[PageDraft]:
        """Write all pages, in the order of ``PAGES``.

        Raises:
            GivenUp: the writer did not answer for one of them.
        """
        store = await self._aggregates.get(STORE, event.store_id)
        if store.brand is None:
            raise GivenUp("the page writer", NO_BRAND)
        products = [await self._aggregates.get(PRODUCT, id) for id in store.product_ids]
        facts = store_facts(
            store,
            store.brand,
            [product for product in products if product.status is not ProductStatus.ARCHIVED],
            host=self._host_for(store),
            event=event,
        )
        slots = asyncio.Semaphore(AT_ONCE)

        async def write(type: PageType) -> PageDraft:
            async with slots:
                return await self._write(envelope, event, type, facts)

        await self._describe_categories(envelope, event, products, facts)
        outcomes = await asyncio.gather(*(write(type) for type in PAGES), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            raise next((failure for failure in failures if not isinstance(failure, GivenUp)), failures[0])
        return [outcome for outcome in outcomes if isinstance(outcome, PageDraft)]

    async def _describe_categories(
        self, envelope: Envelope, event: StepStarted, products: Sequence[Product], facts: StoreFacts
    ) -> None:
        """Give category pages their texts. A store sells without them, so a writer that is away fails no step."""
        counts = Counter(product.category for product in products if product.category)
        names = self._shelves(counts)
        if self._categories is None or not names:
            return
        writer, name = self._categories, f"{self.name}:{CATEGORIES}"
        if await self._react.outcome(envelope, name):
            return
        try:
            drafts = await self.ask_once(
                envelope,
                event,
                list[CategoryDraft],
                lambda: writer.describe(names, facts, seed=f"{event.originator_id}:{event.attempt}"),
                who="the category writer",
                part=CATEGORIES,
            )
            command = DescribeCategories(store_id=event.store_id, drafts=drafts)
            await self._react(command, cause=envelope, name=name)
        except (GivenUp, DomainError) as error:
            logger.warning("category pages of %s have no new texts: %s", event.store_id, error)

    async def _write(self, envelope: Envelope, event: StepStarted, type: PageType, facts: StoreFacts) -> PageDraft:
        draft = await self.ask_once(
            envelope,
            event,
            PageDraft,
            lambda: self._writer.write(type, facts, seed=f"{event.originator_id}:{event.attempt}"),
            who="the page writer",
            part=type.value,
        )
        await self.report(envelope, event, item=type.value, total=len(PAGES), message=f"Wrote the {PAGES[type]}")
        return draft


def store_facts(
    store: Store,
    brand: BrandIdentity,
    products: Sequence[Product],
    *,
    host: str,
    event: DomainEvent,
) -> StoreFacts:
    """Return the facts for a store's pages; they take effect when ``event`` happened, so a repeat gives the same text."""
    currency = products[0].price.currency if products else None
    prices: list[Money] = [product.price for product in products if product.price.currency == currency]
    days = [product.shipping_days for product in products if product.shipping_days is not None]
    return StoreFacts(
        name=brand.name,
        host=host,
        niche=store.niche,
        brand=brand,
        contact_email=store.contact_email,
        products=[
            kind for kind, _ in Counter(product.category for product in products if product.category).most_common()
        ],
        price_range=(min(prices), max(prices)) if prices else None,
        shipping_days=typical_days(days),
        effective_on=event.occurred_at,
        product_count=len(products),
    )


def local_host(store: Store) -> str:
    """Return the store's host on this machine."""
    return f"{store.slug or 'store'}.localhost"
