"""A store and its lists: products, pages, media, orders and jobs."""

from asyncio import gather
from datetime import date, datetime, timedelta
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from domain.editing import revision_of
from domain.kernel import InvalidInput
from domain.media.events import MediaType
from domain.order.events import OrderStatus
from domain.product.events import ProductStatus
from domain.shipping.rates import default_rates
from domain.store.events import StoreStatus
from domain.store.revision import store_parts
from domain.team.roles import Role
from gateway.api.customers import find_customer
from gateway.api.publication import blockers_of_store
from gateway.api.store_address import platform_domain, storefront_address
from gateway.api.validation import as_id, check_text, require, settings_of
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, asked_for, derived, made, of_view, resolved
from gateway.graphql.fields import field
from gateway.graphql.resolvers import one_statement
from gateway.graphql.types.activity import Activity, activity_of_store
from gateway.graphql.types.brand import BrandIdentity, Scouting
from gateway.graphql.types.collection import CategoryPage, Collection, ProductCategory
from gateway.graphql.types.connection import Connection, connection, sliced
from gateway.graphql.types.customer import Customer
from gateway.graphql.types.discount import Discount
from gateway.graphql.types.dispute import Dispute, DisputeRate
from gateway.graphql.types.domain import Domain
from gateway.graphql.types.draft import Draft, draft_page
from gateway.graphql.types.history import StoreEvent, timeline
from gateway.graphql.types.job import AgentJob, Generation
from gateway.graphql.types.ledger import LedgerBalance, LedgerEntry
from gateway.graphql.types.media import MediaAsset
from gateway.graphql.types.node import Node
from gateway.graphql.types.order import Order, RejectedWebhook
from gateway.graphql.types.page import Page
from gateway.graphql.types.product import Product
from gateway.graphql.types.provenance import FieldProvenance, provenance_of_store
from gateway.graphql.types.publication import PlatformFee, PublicationBlocker
from gateway.graphql.types.returns import ReturnPolicy
from gateway.graphql.types.shipping import Shipping
from gateway.graphql.types.statistics import SalesReport, StoreTask, sales_report, tasks_of
from gateway.graphql.types.taxes import Taxes
from gateway.graphql.types.team import Invitation, Person
from infra.web.preview_links import Preview
from projections.catalog import queries as catalog_queries
from projections.catalog.queries.stores import STORES
from projections.catalog.views import FINISHED, ImageState, ProductFilter, ProductSort, StoreView
from projections.jobs.drafts import draft_by_id
from projections.merchants.team_queries import invitations_of_store, people_of_store
from projections.reading.paging import Window
from projections.sales import queries as sales_queries
from projections.sales.discount_queries import discounts_of_store
from projections.sales.dispute_queries import dispute_rate, disputes_of_store
from projections.sales.ledger_queries import balances_of_store, month_of, statement
from projections.sales.queries import OrderFilter

STATEMENT_MOST = 1_000
"""Most entries of a statement in one answer."""
EMAIL_MAX, ORDER_NUMBER_MAX = 254, 40
RATED = timedelta(days=90)
"""The time whose payments count for the rate of disputes."""


@strawberry.type(description="A merchant's store, from a niche to a live storefront.")
class Store(Derived, Node):
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
    view: strawberry.Private[StoreView]
    reading: strawberry.Private[ReadContext]

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
                "category_pages",
                "categories",
                "events",
                "drafts",
                "provenance",
            ),
            resolved("id"),
        ),
        "sales": resolved("id", "currency", "time_zone"),
        "tasks": resolved("id", "status"),
        **dict.fromkeys(("role", "people", "invitations", "activity"), resolved("id", "merchant_id")),
        "shipping": resolved("shipping", "currency"),
        "domains": resolved("id", "slug", "custom_domain"),
        "return_policy": resolved("returns"),
    }

    @field("What you may do in the store.")
    async def role(self) -> Role:
        return self.reading.visitor.role_in(self.view.id, self.view.merchant_id) or Role.VIEWER

    @field("The people who work in the store besides its owner, the earliest first.")
    async def people(self) -> list[Person]:
        views = await people_of_store(self.reading.db, self.view.id, scope=self.reading.scope)
        return [Person.of(view, self.reading) for view in views]

    @field("Pending invitations, the earliest first. Only the store's owner sees them.")
    async def invitations(self) -> list[Invitation]:
        reading, view = self.reading, self.view
        reading.require("Store.invitations", view.id, view.merchant_id)
        views = await invitations_of_store(reading.db, view.id, now=reading.deps.clock.now(), scope=reading.scope)
        return [Invitation.of(each, reading) for each in views]

    @field(
        "The store's products, by default the newest first, and those of a search by relevance. A search finds words of "
        "titles, descriptions, categories and tags; the last word may be unfinished. Quotes keep words together, a minus "
        "excludes a word, `or` stands between alternatives. If it finds nothing, the store's words that look most like "
        "those of the search are searched for. `totalCount` of a search may take long in a large store."
    )
    # A search that finds nothing asks again for the words that were meant.
    @one_statement(unless="search")
    async def products(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        statuses: list[ProductStatus] | None = None,
        category: str | None = None,
        search: str | None = None,
        sort: ProductSort | None = None,
    ) -> Connection[Product]:
        reading, id = self.reading, self.view.id
        if sort is None:
            sort = ProductSort.NEWEST if search is None else ProductSort.RELEVANCE
        where = ProductFilter(statuses=frozenset(statuses or ()), category=category, text=search)
        page = await catalog_queries.products_of_store(
            reading.db,
            id,
            Window(first=first, after=after, last=last, before=before),
            where=where,
            sort=sort,
            scope=reading.scope,
            only=asked_for("Product"),
        )

        async def count() -> int:
            return await catalog_queries.count_products(reading.db, id, where=where, scope=reading.scope)

        return connection(page, lambda view: Product.of(view, reading), count=count)

    @field("The store's content pages: about, contact and FAQ first, then the policies.")
    async def pages(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Page]:
        reading = self.reading
        views = await reading.loaders.pages.load(self.view.id)
        window = Window(first=first, after=after, last=last, before=before)

        async def count() -> int:
            return len(views)

        page = sliced(views, window, lambda view: str(view.id))
        return connection(page, lambda view: Page.of(view, reading), count=count)

    @field("The store's media files, the newest first. By default only those that the studio has finished.")
    @one_statement()
    async def media(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        types: list[MediaType] | None = None,
        statuses: list[ImageState] | None = None,
    ) -> Connection[MediaAsset]:
        reading, id = self.reading, self.view.id
        kinds = frozenset(types or ())
        states = FINISHED if statuses is None else frozenset(statuses)
        page = await catalog_queries.media_of_store(
            reading.db,
            id,
            Window(first=first, after=after, last=last, before=before),
            types=kinds,
            statuses=states,
            scope=reading.scope,
            only=asked_for("MediaAsset"),
        )

        async def count() -> int:
            return await catalog_queries.count_media(reading.db, id, types=kinds, statuses=states, scope=reading.scope)

        return connection(page, lambda view: MediaAsset.of(view, reading), count=count)

    @field("The store's orders, the newest first.")
    async def orders(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        statuses: list[OrderStatus] | None = None,
        withdrawn: bool | None = None,
        needs_attention: Annotated[
            bool, strawberry.argument(description="Only orders that wait for your decision.")
        ] = False,
        number: Annotated[
            str | None,
            strawberry.argument(description="Only orders with this number, in any case and with or without `ZY-`."),
        ] = None,
    ) -> Connection[Order]:
        reading, id = self.reading, self.view.id
        where = OrderFilter(
            statuses=frozenset(statuses or ()),
            withdrawn=withdrawn,
            needs_attention=needs_attention,
            number=check_text("number", number, ORDER_NUMBER_MAX),
        )
        window = Window(first=first, after=after, last=last, before=before)
        page = await sales_queries.orders_of_store(
            reading.db, id, window, where=where, scope=reading.scope, only=asked_for("Order")
        )

        async def count() -> int:
            return await sales_queries.count_orders(reading.db, id, where=where, scope=reading.scope)

        return connection(page, lambda view: Order.of(view, reading), count=count)

    @field(
        "What the store knows of a shopper's e-mail address, in any spelling. Null if it knows nothing. Among the newest "
        "20,000 orders."
    )
    async def customer(self, email: str) -> Customer | None:
        reading, id = self.reading, self.view.id
        address = check_text("email", email, EMAIL_MAX)
        if address is None:
            raise InvalidInput("email", "email is empty. Use the whole address.")
        known = await find_customer(reading.db, id, address, scope=reading.scope, personal=reading.deps.personal)
        if known is None:
            return None
        return Customer(
            email=address,
            waiting_notices=len(known.notice_ids),
            erasable=not known.has_open_order,
            searched_since=known.searched_since,
            known=known,
            reading=reading,
            store_id=id,
        )

    @field("Payment providers' webhooks for this store that cannot be used: the newest 50, the newest first.")
    async def rejected_webhooks(self) -> list[RejectedWebhook]:
        views = await sales_queries.rejected_webhooks_of_store(self.reading.db, self.view.id, scope=self.reading.scope)
        return [RejectedWebhook.of(view) for view in views]

    @field(
        "What is missing before the store may sell for real money, what blocks first. The merchant sees it, shoppers do not."
    )
    async def publication_blockers(self) -> list[PublicationBlocker]:
        deps = self.reading.deps
        blockers = await blockers_of_store(deps.reader, self.view, stripe=deps.stripe is not None)
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

    @field("The store's discount codes, the newest first; at most 500.")
    async def discounts(self) -> list[Discount]:
        views = await discounts_of_store(self.reading.db, self.view.id, scope=self.reading.scope)
        return [Discount.of(view) for view in views]

    @field("The merchant's own lists of products, by title.")
    async def collections(self) -> list[Collection]:
        id = self.view.id
        views = await catalog_queries.collections_by_stores(self.reading.db, [id], scope=self.reading.scope)
        return [Collection.of(view) for view in views[id]]

    @field("What category pages have of their own, by category. Pages without an entry have a name and products only.")
    async def category_pages(self) -> list[CategoryPage]:
        id = self.view.id
        views = await catalog_queries.category_texts_by_stores(self.reading.db, [id], scope=self.reading.scope)
        return [CategoryPage.of(view) for view in views[id]]

    @field("The categories of the store's products by name, with the number of products in each.")
    async def categories(self, statuses: list[ProductStatus] | None = None) -> list[ProductCategory]:
        id = self.view.id
        counts = await catalog_queries.categories_of_store(
            self.reading.db, id, scope=self.reading.scope, statuses=frozenset(statuses or ())
        )
        return [ProductCategory(name=each.category, products=each.products) for each in counts]

    @field(
        "Orders, revenue and refunds of each day in the store's time zone, from `firstDay` or of the last `days`, to `lastDay` "
        "or today; 366 days at most. Null before the store has a currency."
    )
    async def sales(
        self, first_day: date | None = None, last_day: date | None = None, days: int = 30
    ) -> SalesReport | None:
        now = self.reading.deps.clock.now()
        return await sales_report(self.reading, self.view, first_day, last_day, days, now=now)

    @field("What waits for you in the store, the most urgent first.")
    async def tasks(self) -> list[StoreTask]:
        loaders, id = self.reading.loaders, self.view.id
        (sales, catalog), generations = await gather(loaders.tasks.load(id), loaders.generations.load(id))
        newest = generations[0].status if generations else None
        return tasks_of(sales, catalog, newest, to_approve=self.view.status is StoreStatus.PENDING_REVIEW)

    @field(
        "The store's history: every event in the log about it, its products, photos and orders, the newest first. "
        "`kinds` are subjects such as `product`. The list is not counted."
    )
    async def events(
        self, first: int | None = None, after: str | None = None, kinds: list[str] | None = None
    ) -> Connection[StoreEvent]:
        return connection(await timeline(self.reading, self.view, first, after, kinds), StoreEvent.of)

    @field("Proposals beside the live store, the newest first. With `openOnly`, those that wait for a decision.")
    async def drafts(
        self, first: int | None = None, after: str | None = None, open_only: bool = False
    ) -> Connection[Draft]:
        page = await draft_page(self.reading, self.view.id, first, after, open_only=open_only)
        return connection(page, lambda view: Draft.of(view, self.reading))

    @field(
        "What people did in the store, by which session or API key, the newest first. Only the store's owner sees it. "
        "The list is not counted."
    )
    async def activity(self, first: int | None = None, after: str | None = None) -> Connection[Activity]:
        reading, view = self.reading, self.view
        reading.require("Store.activity", view.id, view.merchant_id)
        page = await activity_of_store(reading, view.id, first, after)
        return connection(page, lambda event: Activity.of(event, reading))

    @field("Domains that the merchant connected, the first connected first. Removed ones are left out.")
    async def domains(self) -> list[Domain]:
        id, platform = self.view.id, platform_domain(self.reading.deps.storefront_url)
        views = await catalog_queries.domains_by_stores(self.reading.db, [id], scope=self.reading.scope)
        return [Domain.of(view, self.view, platform=platform) for view in views[id]]

    @field("Disputes about the store's payments: the newest 200, the newest first.")
    async def disputes(self) -> list[Dispute]:
        views = await disputes_of_store(self.reading.db, self.view.id, scope=self.reading.scope)
        return [Dispute.of(view, self.reading) for view in views]

    @field("How many payments of the last 90 days are disputed, against the line of 0.75 percent.")
    async def dispute_rate(self) -> DisputeRate:
        since = (self.reading.deps.clock.now() - RATED).date()
        return DisputeRate.of(await dispute_rate(self.reading.db, self.view.id, since, scope=self.reading.scope))

    @field("The balances of the store's ledger.")
    async def balances(self) -> list[LedgerBalance]:
        views = await balances_of_store(self.reading.db, self.view.id, scope=self.reading.scope)
        return [LedgerBalance.of(view) for view in views]

    @field(
        "The store's ledger entries of a month such as 2026-11, in its time zone, the earliest first: the first 1,000 "
        "after a cursor. As CSV: /api/v1/stores/{id}/statements/{month}."
    )
    async def statement(self, month: str, first: int = STATEMENT_MOST, after: str | None = None) -> list[LedgerEntry]:
        if not 0 <= first <= STATEMENT_MOST:
            raise InvalidInput("first", f"Invalid number {first}. Use 0 to {STATEMENT_MOST}.")
        since, until = month_of(month, self.view.time_zone)
        reading = self.reading
        views = await statement(
            reading.db, since, until, scope=reading.scope, store_id=self.view.id, after=after, limit=first
        )
        return [LedgerEntry.of(view) for view in views]

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
