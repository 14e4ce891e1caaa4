"""What a store sells: its orders, customers, discounts, disputes and books."""

from datetime import date, timedelta
from typing import Annotated

import strawberry

from domain.kernel import InvalidInput
from domain.order.events import OrderStatus
from domain.order.refunds import OVERDUE_AFTER
from gateway.api.customers import find_customer
from gateway.api.validation import check_text
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import asked_for
from gateway.graphql.fields import field, replaced_field
from gateway.graphql.types.connection import Connection, connection
from gateway.graphql.types.customer import Customer
from gateway.graphql.types.discount import Discount
from gateway.graphql.types.dispute import Dispute, DisputeRate
from gateway.graphql.types.filters import (
    REPLACED,
    DiscountFilter,
    DisputeFilter,
    OrderFilter,
    check_replaced,
)
from gateway.graphql.types.ledger import LedgerBalance, LedgerEntry
from gateway.graphql.types.order import Order
from gateway.graphql.types.rejected_webhook import RejectedWebhook
from gateway.graphql.types.statistics import SalesReport, sales_report
from projections.catalog.views import StoreView
from projections.reading.counting import Count
from projections.reading.paging import Window
from projections.sales import queries as sales_queries
from projections.sales.discount_queries import discounts_of_store
from projections.sales.dispute_queries import dispute_rate, disputes_of_store
from projections.sales.ledger_queries import as_csv, balances_of_store, month_of, statement, statement_page
from projections.sales.queries import OrderFilter as WantedOrders
from projections.sales.views import DiscountSort, DisputeSort, OrderSort, RejectedWebhookSort

WEBHOOKS_MOST, DISPUTES_MOST, DISCOUNTS_MOST, STATEMENT_MOST = 50, 200, 500, 1_000
"""Most entries of the lists that connections have replaced."""
EMAIL_MAX, ORDER_NUMBER_MAX = 254, 40
RATED = timedelta(days=90)
"""The time whose payments count for the rate of disputes."""


@strawberry.type
class StoreTrade:
    """The part of a store that is its trade."""

    view: strawberry.Private[StoreView]
    reading: strawberry.Private[ReadContext]

    @field("The store's orders, by default the newest first.")
    async def orders(  # noqa: PLR0913 - the arguments of the public field
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: OrderFilter | None = None,
        sort: OrderSort = OrderSort.NEWEST,
        statuses: Annotated[list[OrderStatus] | None, REPLACED] = None,
        withdrawn: Annotated[bool | None, REPLACED] = None,
        needs_attention: Annotated[bool, REPLACED] = False,
    ) -> Connection[Order]:
        reading, id = self.reading, self.view.id
        check_replaced(filter, (statuses, withdrawn is not None, needs_attention))
        wanted = filter or OrderFilter(statuses=statuses, withdrawn=withdrawn, needs_attention=needs_attention)
        where = WantedOrders(
            statuses=frozenset(wanted.statuses or ()),
            withdrawn=wanted.withdrawn,
            needs_attention=wanted.needs_attention,
            to_ship=wanted.to_ship,
            refund_owed=wanted.refund_owed,
            refunds_before=reading.now - OVERDUE_AFTER if wanted.refunds_overdue else None,
            number=check_text("number", wanted.number, ORDER_NUMBER_MAX),
        )
        page = await sales_queries.orders_of_store(
            reading.db,
            id,
            Window(first=first, after=after, last=last, before=before),
            where=where,
            sort=sort,
            scope=reading.scope,
            only=asked_for("Order"),
        )

        async def count() -> Count:
            return await sales_queries.count_orders(reading.db, id, where=where, scope=reading.scope)

        return connection(page, lambda view: Order.of(view, reading), count=count)

    @field(
        "What the store knows of a shopper's e-mail address, in any spelling. Null if it knows nothing. Of the orders from "
        "before the platform kept digests of addresses, the newest 20,000 are searched."
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

    @field("Payment providers' webhooks for this store that cannot be used, by default the newest first.")
    async def rejected_webhooks_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: RejectedWebhookSort = RejectedWebhookSort.NEWEST,
    ) -> Connection[RejectedWebhook]:
        window = Window(first=first, after=after, last=last, before=before)
        page = await sales_queries.rejected_webhooks_of_store(
            self.reading.db, self.view.id, window, sort=sort, scope=self.reading.scope
        )
        return connection(page, RejectedWebhook.of)

    @replaced_field("rejectedWebhooksConnection", "The newest 50 webhooks that cannot be used, the newest first.")
    async def rejected_webhooks(self) -> list[RejectedWebhook]:
        page = await sales_queries.rejected_webhooks_of_store(
            self.reading.db, self.view.id, Window(first=WEBHOOKS_MOST), scope=self.reading.scope
        )
        return [RejectedWebhook.of(view) for view in page.nodes]

    @field("The store's discount codes, by default the newest first.")
    async def discounts_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: DiscountFilter | None = None,
        sort: DiscountSort = DiscountSort.NEWEST,
    ) -> Connection[Discount]:
        page = await discounts_of_store(
            self.reading.db,
            self.view.id,
            Window(first=first, after=after, last=last, before=before),
            paused=None if filter is None else filter.paused,
            sort=sort,
            scope=self.reading.scope,
        )
        return connection(page, Discount.of)

    @replaced_field("discountsConnection", "The newest 500 discount codes, the newest first.")
    async def discounts(self) -> list[Discount]:
        page = await discounts_of_store(
            self.reading.db,
            self.view.id,
            Window(first=DISCOUNTS_MOST, most=DISCOUNTS_MOST),
            scope=self.reading.scope,
        )
        return [Discount.of(view) for view in page.nodes]

    @field(
        "Orders, revenue and refunds of each day in the store's time zone, from `firstDay` or of the last `days`, to `lastDay` "
        "or today; 366 days at most. Null before the store has a currency."
    )
    async def sales(
        self, first_day: date | None = None, last_day: date | None = None, days: int = 30
    ) -> SalesReport | None:
        return await sales_report(self.reading, self.view, first_day, last_day, days)

    @field("Disputes about the store's payments, by default the newest first.")
    async def disputes_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: DisputeFilter | None = None,
        sort: DisputeSort = DisputeSort.NEWEST,
    ) -> Connection[Dispute]:
        page = await disputes_of_store(
            self.reading.db,
            self.view.id,
            Window(first=first, after=after, last=last, before=before),
            statuses=(filter and filter.statuses) or (),
            sort=sort,
            scope=self.reading.scope,
        )
        return connection(page, lambda view: Dispute.of(view, self.reading))

    @replaced_field("disputesConnection", "The newest 200 disputes about the store's payments, the newest first.")
    async def disputes(self) -> list[Dispute]:
        page = await disputes_of_store(
            self.reading.db, self.view.id, Window(first=DISPUTES_MOST, most=DISPUTES_MOST), scope=self.reading.scope
        )
        return [Dispute.of(view, self.reading) for view in page.nodes]

    @field("How many payments of the last 90 days are disputed, against the line of 0.75 percent.")
    async def dispute_rate(self) -> DisputeRate:
        since = (self.reading.now - RATED).date()
        return DisputeRate.of(await dispute_rate(self.reading.db, self.view.id, since, scope=self.reading.scope))

    @field("The balances of the store's ledger.")
    async def balances(self) -> list[LedgerBalance]:
        views = await balances_of_store(self.reading.db, self.view.id, scope=self.reading.scope)
        return [LedgerBalance.of(view) for view in views]

    @field(
        "The store's ledger entries of a month such as 2026-11, in its time zone, the earliest first. "
        "As CSV: /api/v1/stores/{id}/statements/{month}."
    )
    async def statement_connection(
        self, month: str, first: int | None = None, after: str | None = None
    ) -> Connection[LedgerEntry]:
        page = await statement_page(
            self.reading.db,
            *month_of(month, self.view.time_zone),
            Window(first=first, after=after),
            scope=self.reading.scope,
            store_id=self.view.id,
        )
        return connection(page, LedgerEntry.of)

    @field(
        "The ledger entries of a month such as 2026-11 as one CSV file, with a total for each currency. The same as "
        "/api/v1/stores/{id}/statements/{month}."
    )
    async def statement_csv(self, month: str) -> str:
        since, until = month_of(month, self.view.time_zone)
        lines = await statement(self.reading.db, since, until, scope=self.reading.scope, store_id=self.view.id)
        return as_csv(lines, self.view.time_zone)

    @replaced_field(
        "statementConnection",
        "The store's ledger entries of a month such as 2026-11, in its time zone, the earliest first: the first 1,000 "
        "after a cursor.",
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
