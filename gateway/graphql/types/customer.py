"""One person among a store's shoppers."""

from datetime import datetime
from functools import partial
from uuid import UUID

import strawberry

from gateway.api.customers import KnownCustomer
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.connection import Connection, sorted_connection
from gateway.graphql.types.order import Order
from gateway.graphql.types.sorts import CUSTOMER_ORDER_PLACES
from projections.reading.paging import Window
from projections.sales.customer_queries import orders_by_ids
from projections.sales.views import OrderSort


@strawberry.type(description="The orders and stock notices of one e-mail address in a store.")
class Customer:
    email: str = strawberry.field(description="As you asked for it.")
    waiting_notices: int = strawberry.field(description="Requests for a mail when a product is back in stock.")
    erasable: bool = strawberry.field(
        description="Whether `eraseCustomer` may erase the personal data now. False while an order is not finished."
    )
    searched_since: datetime | None = strawberry.field(
        description="Orders from before this time were not searched. Null if all were."
    )
    known: strawberry.Private[KnownCustomer]
    reading: strawberry.Private[ReadContext]
    store_id: strawberry.Private[UUID]

    @field("The newest 200 orders, by default the newest first.")
    async def orders(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: OrderSort = OrderSort.NEWEST,
    ) -> Connection[Order]:
        reading = self.reading
        views = await orders_by_ids(reading.db, self.store_id, self.known.order_ids, scope=reading.scope)
        window = Window(first=first, after=after, last=last, before=before)
        make = partial(Order.of, reading=reading)
        return sorted_connection(views, window, "customer", CUSTOMER_ORDER_PLACES, sort, make)
