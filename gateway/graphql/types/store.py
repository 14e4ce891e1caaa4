"""A store and its lists: products, pages, media, orders and jobs."""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry
from strawberry.scalars import JSON

from domain.editing import revision_of
from domain.product.events import ProductStatus
from domain.shipping.rates import default_rates
from domain.store.events import StoreStatus
from domain.store.revision import store_parts
from domain.team.roles import Role
from gateway.api.publication import blockers_of_store
from gateway.api.store_address import platform_domain, storefront_address
from gateway.api.validation import as_id, require, settings_of
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, derived, made, of_view, resolved
from gateway.graphql.fields import field, replaced_field
from gateway.graphql.types.activity import Activity, activity_of_store
from gateway.graphql.types.brand import BrandIdentity, Scouting
from gateway.graphql.types.connection import Connection, connection, sorted_connection
from gateway.graphql.types.domain import Domain
from gateway.graphql.types.draft import Draft
from gateway.graphql.types.filters import DraftFilter, StoreEventFilter
from gateway.graphql.types.history import StoreEvent, timeline
from gateway.graphql.types.job import AgentJob, Generation
from gateway.graphql.types.node import Node
from gateway.graphql.types.product import Product
from gateway.graphql.types.provenance import FieldProvenance, provenance_of_store
from gateway.graphql.types.publication import (
    BusinessIdentity,
    PlatformFee,
    PublicationBlocker,
    load_business_identity,
)
from gateway.graphql.types.returns import ReturnPolicy
from gateway.graphql.types.shipping import Shipping
from gateway.graphql.types.sorts import (
    DOMAIN_PLACES,
    INVITATION_PLACES,
    PERSON_PLACES,
    DomainSort,
    InvitationSort,
    PersonSort,
)
from gateway.graphql.types.statistics import StoreTask, tasks_of
from gateway.graphql.types.store_catalog import StoreCatalog
from gateway.graphql.types.store_trade import StoreTrade
from gateway.graphql.types.taxes import Taxes
from gateway.graphql.types.team import Invitation, Person
from infra.web.preview_links import Preview
from projections.catalog import queries as catalog_queries
from projections.catalog.queries.stores import STORES
from projections.catalog.views import DomainView, StoreView
from projections.jobs.drafts import draft_by_id, drafts_of_store
from projections.jobs.views import DraftSort
from projections.merchants.team_queries import invitations_of_store, people_of_store
from projections.reading.paging import Window


@strawberry.type(description="A merchant's store, from a niche to a live storefront.")
class Store(Derived, StoreCatalog, StoreTrade, Node):
    id: strawberry.ID
    user_id: strawberry.ID
    name: str = strawberry.field(
        description="The brand's name. Before the brand exists: the requested name, or the niche."
    )
    slug: str | None = strawberry.field(
        description="Host label of the storefront. Null until the brand is chosen; fixed after the store is published."
    )
    description: str | None
    niche: str
    status: StoreStatus
    approved: bool = strawberry.field(
        description="Whether the merchant approved the store. Publishing requires approval."
    )
    brand_identity: BrandIdentity | None
    scouting: Scouting | None
    custom_domain: str | None = strawberry.field(
        description="The verified domain that is the store's address. Null if that is the one below the platform's domain."
    )
    subdomain: str | None
    url: str | None = strawberry.field(description="Address of the storefront. It opens when the store is published.")
    settings: JSON = strawberry.field(description="The preferences of the store request.")
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    currency: str | None = strawberry.field(
        description="Currency of the store, set by its first product. Null before that."
    )
    delivery_promise_days: int = strawberry.field(
        description="The most calendar days from an order to the shopper's door. Slower products are not imported."
    )
    time_zone: str = strawberry.field(description="IANA time zone of the dates that shoppers see.")
    orders_at_suppliers: bool = strawberry.field(
        description="Whether paid orders that lose no money are placed at their suppliers without asking."
    )
    revision: str = strawberry.field(
        description="What an editor saw of brand and settings: send it as `expectedRevision` with an edit."
    )

    columns = STORES
    sources = {
        "id": of_view("id", str),
        "user_id": of_view("merchant_id", str),
        "brand_identity": of_view("brand", BrandIdentity.of),
        "scouting": of_view("scouting", Scouting.of),
        "subdomain": of_view("slug"),
        "revision": derived(
            lambda store: revision_of(store_parts(store.view, store.view.brand and store.view.brand.identity)),
            "brand",
            "contact_email",
            "delivery_promise_days",
            "time_zone",
            "shipping",
            "returns",
            "taxes",
            "orders_at_suppliers",
        ),
        "found_goods": resolved("scouting"),
        "preview_url": resolved("id", "slug", "custom_domain"),
        "url": derived(lambda store: storefront_url(store.view, store.reading), "slug", "custom_domain"),
        "settings": of_view("preferences", settings_of),
        **dict.fromkeys(
            (
                "products",
                "pages",
                "media",
                "orders",
                "rejected_webhooks",
                "customer",
                "generation",
                "jobs",
                "platform_fee",
                "discounts",
                "collections",
                "collection",
                "category_pages",
                "rejected_webhooks_connection",
                "discounts_connection",
                "collections_connection",
                "category_pages_connection",
                "disputes_connection",
                "categories",
                "events",
                "drafts",
                "provenance",
            ),
            resolved("id"),
        ),
        "sales": resolved("id", "currency", "time_zone"),
        "statement_connection": resolved("id", "time_zone"),
        "tasks": resolved("id", "status"),
        **dict.fromkeys(
            (
                *("role", "people", "people_connection", "invitations", "invitations_connection"),
                *("activity", "business_identity"),
            ),
            resolved("id", "merchant_id"),
        ),
        "shipping": resolved("shipping", "currency"),
        **dict.fromkeys(("domains", "domains_connection"), resolved("id", "slug", "custom_domain")),
        "return_policy": resolved("returns"),
    }

    @field("What you may do in the store.")
    async def role(self) -> Role:
        return self.reading.visitor.role_in(self.view.id, self.view.merchant_id) or Role.VIEWER

    @field(
        "The people who work in the store besides its owner, by default the earliest first. Their names are the present ones."
    )
    async def people_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: PersonSort = PersonSort.OLDEST,
    ) -> Connection[Person]:
        reading, window = self.reading, Window(first=first, after=after, last=last, before=before)
        views = await people_of_store(reading.db, self.view.id, scope=reading.scope, accounts=reading.deps.reader)
        return sorted_connection(views, window, "people", PERSON_PLACES, sort, lambda view: Person.of(view, reading))

    @field("Pending invitations, by default the earliest first. Only the store's owner sees them.")
    async def invitations_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: InvitationSort = InvitationSort.OLDEST,
    ) -> Connection[Invitation]:
        reading, view = self.reading, self.view
        reading.require("Store.invitationsConnection", view.id, view.merchant_id)
        views = await invitations_of_store(reading.db, view.id, now=reading.now, scope=reading.scope)
        window = Window(first=first, after=after, last=last, before=before)
        return sorted_connection(
            views, window, "invitations", INVITATION_PLACES, sort, lambda each: Invitation.of(each, reading)
        )

    @replaced_field(
        "peopleConnection",
        "The people who work in the store besides its owner, the earliest first. Their names are the present ones.",
    )
    async def people(self) -> list[Person]:
        reading = self.reading
        views = await people_of_store(reading.db, self.view.id, scope=reading.scope, accounts=reading.deps.reader)
        return [Person.of(view, reading) for view in views]

    @replaced_field(
        "invitationsConnection", "Pending invitations, the earliest first. Only the store's owner sees them."
    )
    async def invitations(self) -> list[Invitation]:
        reading, view = self.reading, self.view
        reading.require("Store.invitations", view.id, view.merchant_id)
        views = await invitations_of_store(reading.db, view.id, now=reading.now, scope=reading.scope)
        return [Invitation.of(each, reading) for each in views]

    @field(
        "What is missing before the store may sell for real money, what blocks first. The merchant sees it, shoppers do not."
    )
    async def publication_blockers(self) -> list[PublicationBlocker]:
        reading, owner = self.reading, self.view.merchant_id
        # The owner's account has another past than the store.
        accounts = await reading.past_of(owner)
        blockers = await blockers_of_store(reading.db, accounts, self.view, stripe=reading.deps.stripe is not None)
        return [PublicationBlocker.of(each) for each in blockers]

    @field("Where the store delivers, and for how much. Null until its first product sets its currency.")
    def shipping(self) -> Shipping | None:
        if self.view.shipping is not None:
            return Shipping.of(self.view.shipping, is_default=False)
        currency = self.view.currency
        return None if currency is None else Shipping.of(default_rates(currency), is_default=True)

    @field("How the store's taxes are known.")
    def taxes(self) -> Taxes:
        return Taxes.of(self.view.taxes)

    @field("The store's rules for returns.")
    def return_policy(self) -> ReturnPolicy:
        return ReturnPolicy.of(self.view.returns)

    @field("What waits for you in the store, the most urgent first.")
    async def tasks(self) -> list[StoreTask]:
        loaders, id = self.reading.loaders, self.view.id
        (sales, catalog), generations = await gather(loaders.tasks.load(id), loaders.generations.load(id))
        newest = generations[0].status if generations else None
        return tasks_of(sales, catalog, newest, to_approve=self.view.status is StoreStatus.PENDING_REVIEW)

    @field(
        "The store's history: every event in the log about it, its products, photos and orders, the newest first. "
        "The list is not counted."
    )
    async def events(
        self,
        first: int | None = None,
        after: str | None = None,
        filter: StoreEventFilter | None = None,
    ) -> Connection[StoreEvent]:
        page = await timeline(self.reading, self.view, first, after, filter)
        return connection(page, lambda event: StoreEvent.of(event, self.reading))

    @field("Proposals beside the live store, by default the newest first.")
    async def drafts(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: DraftFilter | None = None,
        sort: DraftSort = DraftSort.NEWEST,
    ) -> Connection[Draft]:
        page = await drafts_of_store(
            self.reading.db,
            self.view.id,
            Window(first=first, after=after, last=last, before=before),
            statuses=(filter and filter.statuses) or (),
            sort=sort,
            scope=self.reading.scope,
        )
        return connection(page, lambda view: Draft.of(view, self.reading))

    @field(
        "Products of the latest search that are drafts and wait for your decision (decideGoods), the best first. "
        "Shoppers do not see them."
    )
    async def found_goods(self) -> list[Product]:
        scouting = self.view.scouting
        loader = self.reading.loaders.product
        views = [] if scouting is None else await gather(*(loader.load(id) for id in scouting.product_ids))
        waiting = [view for view in views if view is not None and view.status is ProductStatus.DRAFT]
        return [Product.of(view, self.reading) for view in waiting]

    @field(
        "What people did in the store, by which session or API key, the newest first. Only the store's owner sees it. "
        "The list is not counted."
    )
    async def activity(self, first: int | None = None, after: str | None = None) -> Connection[Activity]:
        reading, view = self.reading, self.view
        reading.require("Store.activity", view.id, view.merchant_id)
        page = await activity_of_store(reading, view.id, first, after)
        return connection(page, lambda event: Activity.of(event, reading))

    @field("Domains that the merchant connected, by default the first connected first. Removed ones are left out.")
    async def domains_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: DomainSort = DomainSort.OLDEST,
    ) -> Connection[Domain]:
        window = Window(first=first, after=after, last=last, before=before)
        return sorted_connection(await self._domains(), window, "domains", DOMAIN_PLACES, sort, self._domain)

    @replaced_field("domainsConnection", "Domains that the merchant connected, the first connected first.")
    async def domains(self) -> list[Domain]:
        return [self._domain(view) for view in await self._domains()]

    def _domain(self, view: DomainView) -> Domain:
        return Domain.of(view, self.view, platform=platform_domain(self.reading.deps.storefront_url))

    async def _domains(self) -> Sequence[DomainView]:
        id = self.view.id
        return (await catalog_queries.domains_by_stores(self.reading.db, [id], scope=self.reading.scope))[id]

    @field(
        "The business behind the store, as shoppers see it on legal pages. Null until its owner stated it by "
        "setBusinessIdentity."
    )
    async def business_identity(self) -> BusinessIdentity | None:
        reading, owner = self.reading, self.view.merchant_id
        # It belongs to the owner's account, whose past is another one than the store's.
        return await load_business_identity(await reading.past_of(owner), owner, reading.deps.personal)

    @field("What the platform keeps of each payment.")
    def platform_fee(self) -> PlatformFee:
        return PlatformFee.of(self.reading.deps)

    @field("Where each of the store's own fields came from: event, call, prompt, and approval.")
    async def provenance(self) -> list[FieldProvenance]:
        return await provenance_of_store(self.reading, self.view.id)

    @field(
        "A link that shows the store, or a draft of it, to each person who has the link, for a week: before it is published, and "
        "before the draft is accepted. Null until the store has a brand."
    )
    async def preview_url(self, draft_id: strawberry.ID | None = None) -> str | None:
        links, address = self.reading.deps.previews, storefront_url(self.view, self.reading)
        if links is None or address is None:
            return None
        draft = None
        if draft_id is not None:
            key = as_id("draft", draft_id)
            view = require(await draft_by_id(self.reading.db, key, scope=self.reading.scope), "draft", key)
            draft = require(view if view.store_id == self.view.id else None, "draft", key).id
        return f"{address}/-/preview/{links.token(Preview(self.view.id, draft))}"

    @field("The newest generation. Null until it starts.")
    async def generation(self) -> Generation | None:
        views = await self.reading.loaders.generations.load(self.view.id)
        return Generation.of(views[0], self.reading) if views else None

    @field("The agents' jobs, in step order.")
    async def jobs(self) -> list[AgentJob]:
        return [AgentJob.of(job, self.reading) for job in await self.reading.loaders.jobs.load(self.view.id)]

    @classmethod
    def of(cls, view: StoreView, reading: ReadContext) -> Self:
        return made(cls, view, reading)


def storefront_url(view: StoreView, reading: ReadContext) -> str | None:
    """Return the address of a store's storefront. None if the store has no host label yet."""
    return storefront_address(view, reading.deps.storefront_url)
