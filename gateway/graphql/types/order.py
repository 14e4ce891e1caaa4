"""Orders. What is personal in them is opened only here, for the merchant who has to send the parcel."""

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from domain.order.events import OrderStatus, UnmatchedReason
from gateway.graphql.context import Reading
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.product import Product
from projections.sales.views import OrderLineView, OrderView, RejectedWebhookView, UnmatchedPaymentView

if TYPE_CHECKING:
    from gateway.graphql.types.store import Store


@strawberry.type(
    description="A payment provider's notice that was signed but cannot be used. Look at it at the provider."
)
class RejectedWebhook:
    source: str
    external_id: str = strawberry.field(description="The provider's id of it.")
    type: str = strawberry.field(description="The provider's name for its kind.")
    order_id: strawberry.ID | None = strawberry.field(description="The order it names, whether there is one or not.")
    reason: str
    at: datetime

    @classmethod
    def of(cls, view: RejectedWebhookView) -> Self:
        return cls(
            source=view.source,
            external_id=view.external_id,
            type=view.type,
            order_id=None if view.order_id is None else as_gid(view.order_id),
            reason=view.reason,
            at=view.at,
        )


@strawberry.type(description="Where a parcel goes.")
class Address:
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postcode: str | None
    country: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address as orders hold it, a JSON object."""
        fields = json.loads(text)
        return cls(**{name: fields.get(name) for name in ("line1", "line2", "city", "region", "postcode", "country")})


@strawberry.type(description="Who ordered. All null once the shopper was forgotten.")
class Shopper:
    id: strawberry.ID
    name: str | None
    email: str | None
    shipping_address: Address | None


@strawberry.type(description="One thing in an order, at the price it had when the order was placed.")
class OrderLine:
    product_id: strawberry.ID
    variant_id: strawberry.ID
    title: str
    variant_title: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    currency: str
    short: int = strawberry.field(description="How many of them were not in stock when the order was paid.")
    view: strawberry.Private[OrderLineView]
    reading: strawberry.Private[Reading]

    @field("The product as it is now.")
    async def product(self) -> Product | None:
        view = await self.reading.loaders.product.load(self.view.product_id)
        return None if view is None else Product.of(view, self.reading)

    @classmethod
    def of(cls, view: OrderLineView, reading: Reading) -> Self:
        return cls(
            product_id=as_gid(view.product_id),
            variant_id=as_gid(view.variant_id),
            title=view.title,
            variant_title=view.variant_title,
            quantity=view.quantity,
            unit_price=view.unit_price.decimal,
            total=view.total.decimal,
            currency=view.unit_price.currency,
            short=view.short,
            view=view,
            reading=reading,
        )


@strawberry.type(description="A payment that arrived and pays nothing. Refund it at the provider, or make it good.")
class UnmatchedPayment:
    intent_id: str = strawberry.field(description="The provider's payment, to find it there.")
    amount: Decimal
    currency: str
    reason: UnmatchedReason
    at: datetime

    @classmethod
    def of(cls, view: UnmatchedPaymentView) -> Self:
        return cls(
            intent_id=view.intent_id,
            amount=view.amount.decimal,
            currency=view.amount.currency,
            reason=view.reason,
            at=view.at,
        )


@strawberry.type(description="A shopper's order.")
class Order:
    id: strawberry.ID
    store_id: strawberry.ID
    number: str = strawberry.field(description="What people call it: ZY-7Q2M4K.")
    status: OrderStatus
    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    currency: str
    items: int = strawberry.field(description="Quantities of all lines together.")
    short_quantity: int = strawberry.field(
        description="Pieces that were not in stock when it was paid, over all lines. Restock, or refund them."
    )
    payment_provider: str | None
    intent_id: str | None = strawberry.field(description="The provider's payment; null until it is paid.")
    paid: Decimal | None
    platform_fee: Decimal | None
    payment_failure: str | None = strawberry.field(description="Why the last try to pay was refused.")
    cancel_reason: str | None
    carrier: str | None
    tracking_number: str | None
    placed_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[OrderView]
    reading: strawberry.Private[Reading]

    @strawberry.field
    def lines(self) -> list[OrderLine]:
        return [OrderLine.of(line, self.reading) for line in self.view.lines]

    @field("Payments that came too late, twice, or in another amount, and need the merchant; by time.")
    def unmatched_payments(self) -> list[UnmatchedPayment]:
        return [UnmatchedPayment.of(payment) for payment in self.view.unmatched_payments]

    @strawberry.field
    async def shopper(self) -> Shopper:
        view = self.view
        name, email, address = await self.reading.loaders.personal.load_many(
            [view.shopper_name, view.shopper_email, view.shipping_address]
        )
        return Shopper(
            id=as_gid(view.shopper_id),
            name=name,
            email=email,
            shipping_address=None if address is None else Address.parse(address),
        )

    @strawberry.field
    async def store(self) -> Annotated["Store", strawberry.lazy("gateway.graphql.types.store")] | None:
        from gateway.graphql.types.store import Store  # noqa: PLC0415 - the two types refer to each other

        view = await self.reading.loaders.store.load(self.view.store_id)
        return None if view is None else Store.of(view, self.reading)

    @classmethod
    def of(cls, view: OrderView, reading: Reading) -> Self:
        return cls(
            id=as_gid(view.id),
            store_id=as_gid(view.store_id),
            number=view.number,
            status=view.status,
            subtotal=view.subtotal.decimal,
            shipping=view.shipping.decimal,
            tax=view.tax.decimal,
            total=view.total.decimal,
            currency=view.total.currency,
            items=view.items,
            short_quantity=view.short,
            payment_provider=view.payment_provider,
            intent_id=view.intent_id,
            paid=None if view.paid is None else view.paid.decimal,
            platform_fee=None if view.platform_fee is None else view.platform_fee.decimal,
            payment_failure=view.payment_failure,
            cancel_reason=view.cancel_reason,
            carrier=view.carrier,
            tracking_number=view.tracking_number,
            placed_at=view.placed_at,
            paid_at=view.paid_at,
            fulfilled_at=view.fulfilled_at,
            cancelled_at=view.cancelled_at,
            created_at=view.placed_at,
            updated_at=view.updated_at,
            view=view,
            reading=reading,
        )
