"""The merchant who is logged in."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from domain.merchant.events import StripeLink, SupplierProvider
from domain.store.events import StoreStatus
from domain.team.permissions import permissions
from gateway.api.account_export import export_of
from gateway.api.plans import plan_of
from gateway.api.stripe_accounts import requirement_message, restriction_message
from gateway.api.validation import as_id
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import asked_for
from gateway.graphql.fields import field, replaced_field
from gateway.graphql.types.activity import Activity, activity_of_account
from gateway.graphql.types.connection import Connection, connection, sorted_connection
from gateway.graphql.types.dispute import Payout
from gateway.graphql.types.filters import REPLACED, GenerationFilter, PayoutFilter, StoreFilter, check_replaced
from gateway.graphql.types.job import Generation
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from gateway.graphql.types.node import Node
from gateway.graphql.types.plan import Plan
from gateway.graphql.types.publication import BusinessIdentity, load_business_identity
from gateway.graphql.types.sorts import API_KEY_PLACES, ApiKeySort
from gateway.graphql.types.store import Store
from gateway.graphql.types.team import ApiKey
from gateway.graphql.types.usage import Usage
from projections.catalog import queries as catalog_queries
from projections.catalog.views import StoreSort
from projections.jobs.calls import usage_of_month
from projections.jobs.queries import generations_of_merchant
from projections.jobs.views import GenerationSort
from projections.merchants.views import MerchantView, StripeAccountView, SupplierAccountView
from projections.reading.counting import Count
from projections.reading.paging import Window
from projections.sales.dispute_queries import payouts_of_merchant
from projections.sales.ledger_queries import month_of
from projections.sales.owed_fees import owed_fees
from projections.sales.views import PayoutSort

PAYOUTS_MOST = 100
"""Most entries of the list that a connection has replaced."""


@strawberry.type(
    description="A supplier that the merchant sources from. Its keys are write-only: no field returns them."
)
class SupplierAccount(Node):
    id: strawberry.ID
    user_id: strawberry.ID
    provider: SupplierProvider
    account_id: str | None = strawberry.field(
        description="The merchant's account id at the supplier, if the supplier has one."
    )
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, view: SupplierAccountView) -> Self:
        return cls(
            id=as_gid(view.id),
            user_id=as_gid(view.merchant_id),
            provider=view.provider,
            account_id=view.account_id,
            is_active=view.is_active,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )


@strawberry.type(description="Something that Stripe still needs before it lets an account take or pay out money.")
class StripeRequirement:
    code: str = strawberry.field(description="Stripe's name for it, such as external_account.")
    message: str = strawberry.field(description="What it means, for the merchant.")


@strawberry.type(description="The merchant's own account at Stripe, into which their shoppers pay.")
class StripeAccount:
    account_id: str
    live: bool = strawberry.field(description="Whether it takes real money. False in Stripe's test mode.")
    link: StripeLink = strawberry.field(description="How the platform reaches it.")
    charges_enabled: bool = strawberry.field(description="Whether shoppers can pay into it.")
    payouts_enabled: bool = strawberry.field(description="Whether Stripe pays its balance out.")
    details_submitted: bool = strawberry.field(description="Whether all of Stripe's questions were answered once.")
    requirements: list[StripeRequirement]
    disabled_reason: str | None = strawberry.field(
        description="Why Stripe restricted the account, in a sentence. Null if it did not."
    )

    @classmethod
    def of(cls, view: StripeAccountView) -> Self:
        return cls(
            account_id=view.account_id,
            live=view.live,
            link=view.link,
            charges_enabled=view.charges_enabled,
            payouts_enabled=view.payouts_enabled,
            details_submitted=view.details_submitted,
            requirements=[
                StripeRequirement(code=code, message=requirement_message(code)) for code in view.requirements
            ],
            disabled_reason=None if view.disabled_reason is None else restriction_message(view.disabled_reason),
        )


@strawberry.type(description="A merchant's account.")
class User(Node):
    id: strawberry.ID
    email_verified: datetime | None = strawberry.field(
        description="When a link in a mail confirmed the address. Null until then."
    )
    image: str | None = strawberry.field(
        deprecation_reason="Use name: accounts have no picture, so this is always null."
    )
    stripe_account_id: str | None
    stripe_onboarded: bool
    stripe_account: StripeAccount | None = strawberry.field(
        description="Null until connectStripe. Without it stores are made and published, but cannot take real payments."
    )
    supplier_accounts: list[SupplierAccount]
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[MerchantView]
    reading: strawberry.Private[ReadContext]

    @field("Null after the merchant's personal data was erased.")
    async def email(self) -> str | None:
        return await self.reading.loaders.personal.load(self.view.email)

    @strawberry.field
    async def name(self) -> str | None:
        sealed = self.view.name
        return None if sealed is None else await self.reading.loaders.personal.load(sealed)

    @field(
        "The business behind all of the merchant's stores. Null until setBusinessIdentity states it. Its "
        "revision is `NOTHING` until then."
    )
    async def business_identity(self) -> BusinessIdentity | None:
        return await load_business_identity(self.reading.db, self.view.id, self.reading.deps.personal)

    @field("Payouts to the merchant's bank, by default the newest first.")
    async def payouts_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: PayoutFilter | None = None,
        sort: PayoutSort = PayoutSort.NEWEST,
    ) -> Connection[Payout]:
        page = await payouts_of_merchant(
            self.reading.db,
            self.view.id,
            Window(first=first, after=after, last=last, before=before),
            statuses=(filter and filter.statuses) or (),
            sort=sort,
            scope=self.reading.scope,
        )
        return connection(page, Payout.of)

    @replaced_field("payoutsConnection", "The newest 100 payouts to the merchant's bank, the newest first.")
    async def payouts(self) -> list[Payout]:
        page = await payouts_of_merchant(
            self.reading.db, self.view.id, Window(first=PAYOUTS_MOST), scope=self.reading.scope
        )
        return [Payout.of(view) for view in page.nodes]

    @field(
        "Platform fees that the payment provider did not take, because the platform has only a key of the merchant's "
        "account. The platform bills them. One amount per currency, negative if more was paid than owed."
    )
    async def owed_fees(self) -> list[MoneyType]:
        return [MoneyType.of(each.amount) for each in await owed_fees(self.reading.db, scope=self.reading.scope)]

    @field("What the merchant's generations used in a month such as 2026-11 (UTC).")
    async def usage(self, month: str) -> Usage:
        since, _ = month_of(month)
        return Usage.of(await usage_of_month(self.reading.db, since.date(), scope=self.reading.scope))

    @field(
        "The merchant's plan with its limits and their use. Null if this platform sells no plans: nothing is limited."
    )
    async def plan(
        self,
        store_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The store whose products are counted. If omitted, the one with the most."),
        ] = None,
    ) -> Plan | None:
        reading = self.reading
        chosen = None if store_id is None else as_id("store", store_id)
        view = await plan_of(reading.deps, reading.db, self.view.id, store_id=chosen)
        return None if view is None else Plan.of(view)

    @field("What happened to your account, the newest first: log-in settings, suppliers, keys. API keys do not see it.")
    async def activity(self, first: int | None = None, after: str | None = None) -> Connection[Activity]:
        reading = self.reading
        reading.visitor.check_key(permissions().field("User", "activity"))
        page = await activity_of_account(reading, self.view.id, first, after)
        return connection(page, lambda event: Activity.of(event, reading))

    @field(
        "Everything that the platform holds about you, with your sealed values opened. Data that is sealed for other people "
        "is named and not opened. API keys do not see it."
    )
    async def export(self) -> JSON:
        reading = self.reading
        reading.visitor.check_key(permissions().field("User", "export"))
        return JSON(await export_of(reading.deps, reading.visitor))

    @field("Your API keys, by default the newest first. API keys do not see them.")
    async def api_keys_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: ApiKeySort = ApiKeySort.NEWEST,
    ) -> Connection[ApiKey]:
        reading, window = self.reading, Window(first=first, after=after, last=last, before=before)
        reading.visitor.check_key(permissions().field("User", "apiKeysConnection"))
        keys = await reading.deps.api_keys.of_person(self.view.id)
        return sorted_connection(keys, window, "api-keys", API_KEY_PLACES, sort, ApiKey.of)

    @replaced_field("apiKeysConnection", "Your API keys, the newest first. API keys do not see them.")
    async def api_keys(self) -> list[ApiKey]:
        reading = self.reading
        reading.visitor.check_key(permissions().field("User", "apiKeys"))
        return [ApiKey.of(key) for key in await reading.deps.api_keys.of_person(self.view.id)]

    @field("The merchant's stores, by default the newest first.")
    async def stores(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: StoreFilter | None = None,
        sort: StoreSort = StoreSort.NEWEST,
        statuses: Annotated[list[StoreStatus] | None, REPLACED] = None,
    ) -> Connection[Store]:
        window = Window(first=first, after=after, last=last, before=before)
        return await stores_of(self.reading, window, filter, statuses, sort)

    @field("The generations of the merchant's stores, by default the newest first. They are not counted.")
    async def generations(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: GenerationFilter | None = None,
        sort: GenerationSort = GenerationSort.NEWEST,
    ) -> Connection[Generation]:
        reading, wanted = self.reading, filter or GenerationFilter()
        page = await generations_of_merchant(
            reading.db,
            self.view.id,
            Window(first=first, after=after, last=last, before=before),
            scope=reading.scope,
            statuses=frozenset(wanted.statuses or ()),
            store_id=None if wanted.store_id is None else as_id("store", wanted.store_id),
            sort=sort,
            only=asked_for("Generation"),
            of_jobs=asked_for("AgentJob"),
        )
        return connection(page, lambda view: Generation.of(view, reading))

    @classmethod
    def of(cls, view: MerchantView, reading: ReadContext) -> Self:
        return cls(
            id=as_gid(view.id),
            email_verified=view.email_verified_at,
            image=view.image_url,
            stripe_account_id=view.stripe_account_id,
            stripe_onboarded=view.stripe_onboarded,
            stripe_account=None if view.stripe is None else StripeAccount.of(view.stripe),
            supplier_accounts=[SupplierAccount.of(one) for one in view.suppliers],
            created_at=view.created_at,
            updated_at=view.updated_at,
            view=view,
            reading=reading,
        )


async def stores_of(
    reading: ReadContext,
    window: Window,
    wanted: StoreFilter | None,
    statuses: list[StoreStatus] | None,
    sort: StoreSort,
) -> Connection[Store]:
    """Return a page of the merchant's stores.

    Args:
        reading: who reads.
        window: the page.
        wanted: which stores; None for all.
        statuses: the argument that ``wanted`` has replaced.
        sort: the order of the list.

    Raises:
        InvalidInput: the window is invalid, or both filters are given.
    """
    check_replaced(wanted, (statuses,))
    states = frozenset((statuses if wanted is None else wanted.statuses) or ())
    page = await catalog_queries.stores_of_merchant(
        reading.db,
        reading.merchant_id,
        window,
        scope=reading.scope,
        statuses=states,
        sort=sort,
        only=asked_for("Store"),
    )

    async def count() -> Count:
        return await catalog_queries.count_stores(reading.db, reading.merchant_id, scope=reading.scope, statuses=states)

    return connection(page, lambda view: Store.of(view, reading), count=count)
