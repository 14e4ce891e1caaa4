"""The query root."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from domain.kernel import InvalidInput
from domain.merchant.account_events import SignInProvider
from domain.store.events import StoreStatus
from gateway.api.validation import as_id, require
from gateway.graphql.as_of import AsOfInput
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.derived import asked_for
from gateway.graphql.fields import field
from gateway.graphql.queries.nodes import find_node, find_nodes
from gateway.graphql.resolvers import one_statement
from gateway.graphql.types.connection import Connection
from gateway.graphql.types.draft import Draft
from gateway.graphql.types.estimate import NicheEstimate, estimate_niche
from gateway.graphql.types.filters import REPLACED, StoreFilter
from gateway.graphql.types.installation import Installation
from gateway.graphql.types.job import AgentJob, Generation
from gateway.graphql.types.media import MediaAsset
from gateway.graphql.types.merchant import User, stores_of
from gateway.graphql.types.node import Node
from gateway.graphql.types.order import Order
from gateway.graphql.types.page import Page
from gateway.graphql.types.plan import OfferedPlan
from gateway.graphql.types.product import Product
from gateway.graphql.types.security import AccountSecurity, account_security
from gateway.graphql.types.store import Store
from infra.web.markdown import render
from projections.catalog import queries as catalog_queries
from projections.catalog.queries.stores import STORES
from projections.catalog.views import StoreSort
from projections.jobs import queries as jobs_queries
from projections.jobs.drafts import draft_by_id
from projections.merchants import queries as merchants_queries
from projections.reading.paging import Window
from projections.sales import queries as sales_queries

MARKDOWN_MOST = 100_000
V = TypeVar("V")
F = TypeVar("F")

TokenArgument = Annotated[
    str | None,
    strawberry.argument(
        description="A mutation's consistencyToken. The query waits until the mutation's effect can be read. "
        "The header X-Consistency-Token takes several tokens, separated by commas, for the whole request."
    ),
]

AsOfArgument = Annotated[
    AsOfInput | None,
    strawberry.argument(description="Read this field and everything below it as of an earlier position in the log."),
]


async def resolve_as_of(
    info: Info, token: str | None, as_of: AsOfInput | None, find: Callable[[ReadContext], Awaitable[F]],
    store_of: Callable[[F], UUID],
) -> F:  # fmt: skip
    """Return an object in its current state, or as of an earlier position. The merchant must own it at both.

    Args:
        info: the resolver's info.
        token: the consistency token.
        as_of: the position; None for the current state.
        find: finds the object through a read context, or raises NotFound.
        store_of: returns the id of the object's store.
    """
    reading = await info.context.reading(token)
    present = await find(reading)
    if as_of is None:
        return present
    return await find(await info.context.past(reading, store_of(present), as_of))


OWN = frozenset({"id", "merchant_id"})
"""The attributes of a store that its owner's request states itself."""


async def find_store(reading: ReadContext, id: UUID) -> Store:
    """Return a store of the merchant, or raise NotFound."""
    only, known, merchant_id = asked_for("Store"), reading.deps.known_stores, reading.merchant_id
    is_present = reading.db is reading.deps.reader
    if only is not None and only <= OWN and is_present and known.is_owner(merchant_id, id):
        return Store.of(STORES.view({"id": id, "merchant_id": merchant_id}), reading)
    view = await catalog_queries.store_by_id(reading.db, id, scope=reading.scope, only=only)
    store = Store.of(require(view, "store", id), reading)
    if is_present and id not in reading.visitor.roles:
        known.remember(merchant_id, id)
    return store


async def find_product(reading: ReadContext, id: UUID) -> Product:
    """Return a product of the merchant, or raise NotFound."""
    view = await catalog_queries.product_by_id(reading.db, id, scope=reading.scope, only=asked_for("Product"))
    return Product.of(require(view, "product", id), reading)


async def find_page(reading: ReadContext, id: UUID, *, even_removed: bool = False) -> Page:
    """Return a page of the merchant, or raise NotFound."""
    view = await catalog_queries.page_by_id(
        reading.db, id, scope=reading.scope, only=asked_for("Page"), even_removed=even_removed
    )
    return Page.of(require(view, "page", id), reading)


async def find_media(reading: ReadContext, id: UUID) -> MediaAsset:
    """Return a media asset of the merchant, or raise NotFound."""
    view = await catalog_queries.media_by_id(reading.db, id, scope=reading.scope, only=asked_for("MediaAsset"))
    return MediaAsset.of(require(view, "media asset", id), reading)


async def find_job(reading: ReadContext, id: UUID) -> AgentJob:
    """Return a job of the merchant, or raise NotFound."""
    view = await jobs_queries.job_by_id(reading.db, id, scope=reading.scope, only=asked_for("AgentJob"))
    return AgentJob.of(require(view, "job", id), reading)


async def find_generation(reading: ReadContext, id: UUID) -> Generation:
    """Return a generation of the merchant, or raise NotFound."""
    view = await jobs_queries.generation_by_id(
        reading.db, id, scope=reading.scope, only=asked_for("Generation"), of_jobs=asked_for("AgentJob")
    )
    return Generation.of(require(view, "generation", id), reading)


async def find_draft(reading: ReadContext, id: UUID) -> Draft:
    """Return a draft of the merchant, or raise NotFound."""
    view = await draft_by_id(reading.db, id, scope=reading.scope)
    return Draft.of(require(view, "draft", id), reading)


async def find_order(reading: ReadContext, id: UUID) -> Order:
    """Return an order of the merchant, or raise NotFound."""
    view = await sales_queries.order_by_id(reading.db, id, scope=reading.scope, only=asked_for("Order"))
    return Order.of(require(view, "order", id), reading)


async def find_user(reading: ReadContext) -> User:
    """Return the logged-in merchant, or raise NotFound."""
    view = await merchants_queries.merchant_by_id(reading.db, reading.merchant_id, scope=reading.scope)
    return User.of(require(view, "merchant", reading.merchant_id), reading)


@strawberry.type(description="Queries. They return only the logged-in merchant's own data; any other id is NOT_FOUND.")
class Query:
    @field("The position of the end of the log. Queries as of this position always return the same answer.")
    async def log_position(self, info: Info) -> strawberry.ID:
        await info.context.merchant()
        return strawberry.ID(str(await info.context.deps.travel.now()))

    @field(
        "Niches that the suppliers of this installation serve well, the best for a first store first. "
        "`requestStore` takes any other niche too. Empty if nothing is known about the suppliers."
    )
    async def niche_suggestions(self, info: Info) -> list[str]:
        await info.context.merchant()
        return list(info.context.deps.niche_suggestions)

    @field(
        "What a niche would be understood to mean, and the time and cost of a store for it. Nothing is made. Correct "
        "the niche's words until they are understood, then `requestStore`."
    )
    async def niche_estimate(self, info: Info, niche: str, audience: str | None = None) -> NicheEstimate | None:
        await info.context.merchant()
        return await estimate_niche(info.context.deps, niche, audience)

    @field(
        "An object by its id, whatever its type. An id of `ProductImage` finds its MediaAsset. Types that are no `Node` "
        "are found through their store or account."
    )
    async def node(self, info: Info, id: strawberry.ID, consistency_token: TokenArgument = None) -> Node | None:
        return await find_node(await info.context.reading(consistency_token), id)

    @field("Up to 100 objects in the order of their ids. An unknown id is null, with an error at its place.")
    async def nodes(
        self, info: Info, ids: list[strawberry.ID], consistency_token: TokenArgument = None
    ) -> list[Node | None] | None:
        return await find_nodes(await info.context.reading(consistency_token), ids)  # type: ignore[return-value]

    @field(
        "A Markdown text as storefronts show it: HTML without scripts, images and raw HTML. At most 100,000 characters."
    )
    async def render_markdown(self, info: Info, text: str) -> str:
        await info.context.merchant()
        if len(text) > MARKDOWN_MOST:
            raise InvalidInput("text", f"The text has {len(text):,} characters; {MARKDOWN_MOST:,} is the most.")
        return str(await asyncio.to_thread(render, text))

    @field("Plans that this platform sells, the cheapest first. Empty if it sells none: nothing is limited.")
    async def plans(self, info: Info) -> list[OfferedPlan]:
        await info.context.merchant()
        sold = info.context.deps.plans
        plans = () if sold is None else sold.by_id.values()
        return [OfferedPlan.of(plan) for plan in sorted(plans, key=lambda plan: plan.price.minor if plan.price else 0)]

    @field("What this installation of the platform can do.")
    async def installation(self, info: Info) -> Installation:
        await info.context.merchant()
        return Installation.of(info.context.deps)

    @field("The logged-in merchant.")
    async def me(self, info: Info, consistency_token: TokenArgument = None) -> User | None:
        return await find_user(await info.context.reading(consistency_token))

    @field("Providers whose accounts log merchants in here, by name. It needs no log-in.")
    async def sign_in_providers(self, info: Info) -> list[SignInProvider]:
        return list(info.context.services.accounts.sign_ins.offered)

    @field("Whether passkeys log merchants in here. It needs no log-in.")
    async def passkeys_offered(self, info: Info) -> bool:
        return info.context.services.accounts.passkeys.offered

    @field("How the logged-in merchant logs in: address, password, sessions.")
    async def security(self, info: Info) -> AccountSecurity | None:
        return await account_security(info)

    @field("The merchant's stores, by default the newest first.")
    @one_statement()
    async def stores(  # noqa: PLR0913 - the arguments of the public field
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: StoreFilter | None = None,
        sort: StoreSort = StoreSort.NEWEST,
        statuses: Annotated[list[StoreStatus] | None, REPLACED] = None,
        consistency_token: TokenArgument = None,
    ) -> Connection[Store] | None:
        reading = await info.context.reading(consistency_token)
        window = Window(first=first, after=after, last=last, before=before)
        return await stores_of(reading, window, filter, statuses, sort)

    @strawberry.field
    @one_statement()
    async def store(
        self, info: Info, id: strawberry.ID, as_of: AsOfArgument = None, consistency_token: TokenArgument = None
    ) -> Store | None:
        key = as_id("store", id)
        return await resolve_as_of(
            info, consistency_token, as_of, lambda reading: find_store(reading, key), lambda each: each.view.id
        )

    @strawberry.field
    @one_statement()
    async def product(
        self, info: Info, id: strawberry.ID, as_of: AsOfArgument = None, consistency_token: TokenArgument = None
    ) -> Product | None:
        key = as_id("product", id)
        return await resolve_as_of(
            info, consistency_token, as_of, lambda reading: find_product(reading, key), lambda each: each.view.store_id
        )

    @strawberry.field
    @one_statement()
    async def page(
        self, info: Info, id: strawberry.ID, as_of: AsOfArgument = None, consistency_token: TokenArgument = None
    ) -> Page | None:
        key = as_id("page", id)

        def find(reading: ReadContext) -> Awaitable[Page]:
            # A page that was removed since has a past, too.
            return find_page(reading, key, even_removed=as_of is not None and reading.position is None)

        return await resolve_as_of(info, consistency_token, as_of, find, lambda each: each.view.store_id)

    @strawberry.field
    @one_statement()
    async def media_asset(
        self, info: Info, id: strawberry.ID, as_of: AsOfArgument = None, consistency_token: TokenArgument = None
    ) -> MediaAsset | None:
        key = as_id("media asset", id)
        return await resolve_as_of(
            info, consistency_token, as_of, lambda reading: find_media(reading, key), lambda each: each.view.store_id
        )

    @field("One agent's job. With a generation's id: the generation as a whole.")
    async def job(self, info: Info, id: strawberry.ID, consistency_token: TokenArgument = None) -> AgentJob | None:
        return await find_job(await info.context.reading(consistency_token), as_id("job", id))

    @field("A proposal beside a live store.")
    async def draft(self, info: Info, id: strawberry.ID, consistency_token: TokenArgument = None) -> Draft | None:
        return await find_draft(await info.context.reading(consistency_token), as_id("draft", id))

    @field("A store's generation with all its agents' jobs.")
    async def generation(
        self, info: Info, id: strawberry.ID, consistency_token: TokenArgument = None
    ) -> Generation | None:
        return await find_generation(await info.context.reading(consistency_token), as_id("generation", id))

    @strawberry.field
    async def order(
        self, info: Info, id: strawberry.ID, as_of: AsOfArgument = None, consistency_token: TokenArgument = None
    ) -> Order | None:
        key = as_id("order", id)
        return await resolve_as_of(
            info, consistency_token, as_of, lambda reading: find_order(reading, key), lambda each: each.view.store_id
        )
