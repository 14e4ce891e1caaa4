"""Dataloaders: one database query for all nodes of a level."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.order.refunds import OVERDUE_AFTER
from domain.privacy import PersonalData, Sealed
from gateway.graphql.derived import asked_for
from gateway.graphql.subject_names import Subject, names_of_subjects
from gateway.log_ports import StreamHistory
from projections.catalog import queries as catalog_queries
from projections.catalog.queries.counts import CatalogTasks
from projections.catalog.views import ImageView, PageVersionView, PageView, ProductView, StoreView, VariantView
from projections.jobs import queries as jobs_queries
from projections.jobs.calls import CallView, UsageView, calls_by_id, usage_of_generations
from projections.jobs.drafts import accepted_drafts
from projections.jobs.views import GenerationView, JobView
from projections.merchants.team_queries import names_of_people
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope
from projections.sales import queries as sales_queries
from projections.sales.dispute_queries import disputes_of_orders
from projections.sales.statistics import SalesDay, SalesSpan, SalesTasks, sales_by_day, sales_tasks
from projections.sales.stock_notice_queries import waiting_by_products
from projections.sales.views import DisputeView, OrderMailView
from schemas.envelope import Envelope

K = TypeVar("K")
V = TypeVar("V")

Find = Callable[..., Awaitable[Mapping[UUID, V]]]
"""A query that returns views by id."""


class SharedLoader(DataLoader[K, V], Generic[K, V]):
    """A loader whose callers can be cancelled one by one.

    The library gives all callers of a key the same future. A cancelled caller cancels what it waits for. So one failed
    field, whose siblings are cancelled, would cancel fields elsewhere, and with them the whole operation.
    """

    def __init__(self, load_fn: Callable[[list[K]], Awaitable[Sequence[V | BaseException]]]) -> None:
        super().__init__(load_fn=load_fn)
        self._callers: Counter[asyncio.Future[V]] = Counter()

    def load(self, key: K) -> Awaitable[V]:
        shared = asyncio.ensure_future(super().load(key))
        if shared.done():
            return shared
        own = asyncio.shield(shared)
        self._callers[shared] += 1
        own.add_done_callback(partial(self._leave, shared))
        return own

    def _leave(self, shared: "asyncio.Future[V]", own: "asyncio.Future[V]") -> None:
        self._callers[shared] -= 1
        if self._callers[shared] == 0:
            del self._callers[shared]
            if own.cancelled():
                # The library stops a query that no caller waits for.
                shared.cancel()


class Loaders:
    """The dataloaders of one read context, each made when it is needed.

    They cache what they load, so contexts must not share them.
    """

    def __init__(
        self,
        db: Reader,
        scope: MerchantScope,
        personal: PersonalData,
        history: StreamHistory,
        *,
        present: Reader,
        now: Callable[[], datetime],
        position: int | None = None,
    ) -> None:
        self._db, self._scope, self._personal, self._history = db, scope, personal, history
        self._present, self._position, self._now = present, position, now

    @cached_property
    def store(self) -> SharedLoader[UUID, StoreView | None]:
        return self._loader("Store", catalog_queries.stores_by_ids, None)

    @cached_property
    def product(self) -> SharedLoader[UUID, ProductView | None]:
        return self._loader("Product", catalog_queries.products_by_ids, None)

    @cached_property
    def images(self) -> SharedLoader[UUID, tuple[ImageView, ...]]:
        """The images of a product."""
        return self._loader("ProductImage", catalog_queries.images_by_products, ())

    @cached_property
    def variants(self) -> SharedLoader[UUID, tuple[VariantView, ...]]:
        """The variants of a product."""
        return self._loader("ProductVariant", catalog_queries.variants_by_products, ())

    @cached_property
    def pages(self) -> SharedLoader[UUID, tuple[PageView, ...]]:
        """The pages of a store."""
        return self._loader("Page", catalog_queries.pages_by_stores, ())

    @cached_property
    def generations(self) -> SharedLoader[UUID, tuple[GenerationView, ...]]:
        """The generations of a store, the newest first."""

        async def load(store_ids: list[UUID]) -> Sequence[tuple[GenerationView, ...]]:
            views = await jobs_queries.generations_by_stores(
                self._db, store_ids, scope=self._scope, only=asked_for("Generation"), of_jobs=asked_for("AgentJob")
            )
            return [views[id] for id in store_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def jobs(self) -> SharedLoader[UUID, tuple[JobView, ...]]:
        """The jobs of a store's generations, those of the newest first."""
        return self._loader("AgentJob", jobs_queries.jobs_by_stores, ())

    @cached_property
    def usage(self) -> SharedLoader[UUID, UsageView]:
        """What a generation used."""

        async def load(generation_ids: list[UUID]) -> Sequence[UsageView]:
            views = await usage_of_generations(self._db, generation_ids, scope=self._scope)
            return [views[id] for id in generation_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def mails(self) -> SharedLoader[UUID, tuple[OrderMailView, ...]]:
        """The mails about an order, the earliest first."""

        async def load(order_ids: list[UUID]) -> Sequence[tuple[OrderMailView, ...]]:
            views = await sales_queries.mails_of_orders(self._db, order_ids, scope=self._scope)
            return [views[id] for id in order_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def page_versions(self) -> SharedLoader[UUID, tuple[PageVersionView, ...]]:
        """The texts that a page had, the newest first."""

        async def load(page_ids: list[UUID]) -> Sequence[tuple[PageVersionView, ...]]:
            views = await catalog_queries.versions_of_pages(self._db, page_ids, scope=self._scope)
            return [views[id] for id in page_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def page_version(self) -> SharedLoader[tuple[UUID, int], PageVersionView | None]:
        """A text of a page, by page and number."""

        async def load(keys: list[tuple[UUID, int]]) -> Sequence[PageVersionView | None]:
            views = await catalog_queries.page_versions(self._db, keys, scope=self._scope)
            return [views.get(key) for key in keys]

        return SharedLoader(load_fn=load)

    @cached_property
    def stream(self) -> SharedLoader[UUID, Sequence[Envelope]]:
        """The events of a stream up to the position that is read, in their order."""

        async def load(stream_ids: list[UUID]) -> Sequence[Sequence[Envelope]]:
            streams: dict[UUID, list[Envelope]] = {id: [] for id in stream_ids}
            for raw in await self._history.read_streams(stream_ids):
                if self._position is not None and raw.position > self._position:
                    continue
                streams[raw.stream_id].append(raw.decode())
            return [streams[id] for id in stream_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def call(self) -> SharedLoader[UUID, CallView | None]:
        """A recorded call."""

        async def load(ids: list[UUID]) -> Sequence[CallView | None]:
            views = await calls_by_id(self._db, ids, scope=self._scope)
            return [views.get(id) for id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def waiting(self) -> SharedLoader[UUID, int]:
        """How many shoppers wait for the return of a product."""

        async def load(product_ids: list[UUID]) -> Sequence[int]:
            waiting = await waiting_by_products(self._db, product_ids, scope=self._scope)
            return [waiting[id] for id in product_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def accepted_drafts(self) -> SharedLoader[UUID, Sequence[Sequence[Envelope]]]:
        """The events of each draft of a target that the merchant accepted something from."""

        async def load(target_ids: list[UUID]) -> Sequence[Sequence[Sequence[Envelope]]]:
            accepted = await accepted_drafts(self._db, target_ids, scope=self._scope)
            await self.stream.load_many([id for ids in accepted.values() for id in ids])
            return [await self.stream.load_many(accepted.get(target, ())) for target in target_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def order_number(self) -> SharedLoader[UUID, str | None]:
        """The number of an order."""

        async def load(order_ids: list[UUID]) -> Sequence[str | None]:
            orders = await sales_queries.orders_by_ids(
                self._db, order_ids, scope=self._scope, only=frozenset({"number"})
            )
            return [orders[id].number if id in orders else None for id in order_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def disputes(self) -> SharedLoader[UUID, tuple[DisputeView, ...]]:
        """The disputes of an order, the newest first."""

        async def load(order_ids: list[UUID]) -> Sequence[tuple[DisputeView, ...]]:
            views = await disputes_of_orders(self._db, order_ids, scope=self._scope)
            return [views.get(id, ()) for id in order_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def sales(self) -> SharedLoader[SalesSpan, Sequence[SalesDay]]:
        """The sales of a store's days."""

        async def load(spans: list[SalesSpan]) -> Sequence[Sequence[SalesDay]]:
            return await sales_by_day(self._db, spans, scope=self._scope)

        return SharedLoader(load_fn=load)

    @cached_property
    def tasks(self) -> SharedLoader[UUID, tuple[SalesTasks, CatalogTasks]]:
        """What waits for the merchant in a store."""

        async def load(store_ids: list[UUID]) -> Sequence[tuple[SalesTasks, CatalogTasks]]:
            overdue = self._now() - OVERDUE_AFTER
            sales = await sales_tasks(self._db, store_ids, refunds_before=overdue, scope=self._scope)
            catalog = await catalog_queries.catalog_tasks(self._db, store_ids, scope=self._scope)
            return [(sales.get(id, SalesTasks()), catalog.get(id, CatalogTasks())) for id in store_ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def person(self) -> SharedLoader[UUID, str | None]:
        """The name of a person who did something, or else their address."""

        async def load(ids: list[UUID]) -> Sequence[str | None]:
            # A past of a store has no accounts. People have the names that they have now.
            sealed = await names_of_people(self._present, ids)
            texts = await self.personal.load_many([sealed[id] for id in ids if id in sealed])
            names = dict(zip((id for id in ids if id in sealed), texts, strict=True))
            return [names.get(id) for id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def subject_name(self) -> SharedLoader[Subject, str | None]:
        """The name of what an event is about; None if it has none."""

        async def load(subjects: list[Subject]) -> Sequence[str | None]:
            names = await names_of_subjects(self._db, subjects, scope=self._scope)
            return [names.get(subject) for subject in subjects]

        return SharedLoader(load_fn=load)

    @cached_property
    def personal(self) -> SharedLoader[Sealed, str | None]:
        return SharedLoader(load_fn=self._personal.open_many)

    def _loader(self, type_name: str, find: Find[Any], missing: object) -> SharedLoader[UUID, Any]:
        """Return a loader that finds the views of ids, with the attributes that the operation asks for.

        Args:
            type_name: the GraphQL type of the views.
            find: the query.
            missing: stands for an id that the query does not find.
        """

        async def load(ids: list[UUID]) -> Sequence[Any]:
            views = await find(self._db, ids, scope=self._scope, only=asked_for(type_name))
            return [views.get(id, missing) for id in ids]

        return SharedLoader(load_fn=load)
