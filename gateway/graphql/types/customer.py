"""One person among a store's shoppers."""

from datetime import datetime
from uuid import UUID

import strawberry

from gateway.api.customers import KnownCustomer
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.order import Order
from projections.sales.customer_queries import orders_by_ids


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

    @field("The orders, the newest first; at most 200.")
    async def orders(self) -> list[Order]:
        reading = self.reading
        views = await orders_by_ids(reading.db, self.store_id, self.known.order_ids, scope=reading.scope)
        return [Order.of(view, reading) for view in views]
