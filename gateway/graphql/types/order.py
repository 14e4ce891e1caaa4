"""Orders. Only this module unseals their personal data, for the merchant who ships the parcel."""

import asyncio
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Self

import strawberry

from domain.money import Money
from domain.order.events import OrderStatus
from domain.order.standing import OrderStanding
from gateway.api.order_timeline import order_timeline, place_of_moment
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, derived, made, of_view, resolved
from gateway.graphql.fields import field
from gateway.graphql.refs import StoreRef, load_store
from gateway.graphql.types.connection import Connection, connection_of
from gateway.graphql.types.dispute import Dispute
from gateway.graphql.types.money import MoneyType, money_of
from gateway.graphql.types.node import Node
from gateway.graphql.types.order_parts import (
    ArrivalWindow,
    OrderLine,
    OrderMail,
    OrderMoment,
    Shopper,
    UnmatchedPayment,
    Withdrawal,
)
from gateway.graphql.types.page import PageVersion
from gateway.graphql.types.parcel import Parcel
from gateway.graphql.types.purchase import OrderCosts, OrderHold, Substitute, SupplierOrder
from gateway.graphql.types.refund import Refund
from gateway.graphql.types.returns import Return
from gateway.graphql.types.taxes import OrderTaxes
from projections.reading.paging import Window
from projections.sales.views import OrderView

AMOUNTS = ("subtotal", "shipping", "tax", "total", "paid", "platform_fee", "refunded")
"""Amounts that are attributes of the view."""


@strawberry.type(description="A shopper's order.")
class Order(Derived, Node):
    id: strawberry.ID
    store_id: strawberry.ID
    number: str = strawberry.field(description="The order number that people see, such as ZY-7Q2M4K.")
    store_name: str | None = strawberry.field(
        description="The store's name when the order was placed. Null for orders from before it was kept."
    )
    status: OrderStatus = strawberry.field(
        description="What was paid and sent. For a word that people read, show standing."
    )
    standing: OrderStanding = strawberry.field(
        description="How the order stands for people: like status, and it says when all of it was withdrawn, comes back, or is "
        "being refunded."
    )
    subtotal: Decimal
    subtotal_money: MoneyType
    shipping: Decimal
    shipping_money: MoneyType
    tax: Decimal = strawberry.field(description="Tax in addition to goods and delivery, once it is known.")
    tax_money: MoneyType
    taxes: OrderTaxes | None = strawberry.field(
        description="How the tax is known. Null if the store says nothing about taxes."
    )
    total: Decimal
    total_money: MoneyType
    discount: Decimal = strawberry.field(description="What a discount code takes off the goods.")
    discount_money: MoneyType
    discount_code: str | None = strawberry.field(description="The code that the order uses. Null if it uses none.")
    shipping_zone: str | None = strawberry.field(
        description="The store's delivery zone that the order is sent to. Null for older orders."
    )
    currency: str
    needs_attention: bool = strawberry.field(
        description="Whether it waits for your decision: about a return, a held order, or a failed order at a supplier."
    )
    refund_due: datetime | None = strawberry.field(
        description="When the money of a withdrawal, a return or a cancellation should be on its way back: 14 days after it is "
        "owed. After a withdrawal the law lets you wait for the goods. Null if the order owes nothing, or a refund was requested."
    )
    items: int = strawberry.field(description="Total quantity over all lines.")
    short_quantity: int = strawberry.field(
        description="Units that were not in stock when the order was paid, over all lines. Restock or refund them."
    )
    payment_provider: str | None
    intent_id: str | None = strawberry.field(
        description="The provider's id for the payment. Null until the order is paid."
    )
    paid: Decimal | None
    paid_money: MoneyType | None
    platform_fee: Decimal | None
    platform_fee_money: MoneyType | None
    refunded: Decimal | None = strawberry.field(
        description="How much of the payment went back to the shopper. Null until the order is paid."
    )
    refunded_money: MoneyType | None
    refundable: Decimal | None = strawberry.field(
        description="What is left of the payment and not being refunded. Null until the order is paid."
    )
    refundable_money: MoneyType | None
    payment_failure: str | None = strawberry.field(description="Why the latest payment attempt failed.")
    cancel_reason: str | None
    carrier: str | None = strawberry.field(description="The carrier of the latest parcel.")
    tracking_number: str | None = strawberry.field(description="The tracking number of the latest parcel.")
    arrival: ArrivalWindow | None = strawberry.field(
        description="The days that were promised when the order was placed. Null if a supplier states none."
    )
    delivered_on: date | None = strawberry.field(
        description="The day on which the shopper got the order, in the store's time zone. Null if it is unknown."
    )
    withdrawal_deadline: date | None = strawberry.field(
        description="The last day for a withdrawal: 14 days after the delivery. Null while the delivery is unknown."
    )
    placed_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[OrderView]
    reading: strawberry.Private[ReadContext]

    sources = {
        "id": of_view("id", str),
        "store_id": of_view("store_id", str),
        **{name: of_view(name, attrgetter("decimal")) for name in AMOUNTS},
        **{f"{name}_money": money_of(name) for name in AMOUNTS},
        "discount_money": derived(lambda one: MoneyType.of(discounted(one.view)), "total", "discount"),
        "refundable_money": derived(lambda one: MoneyType.maybe(one.view.refundable), "paid", "refunds", "intent_id"),
        "standing": derived(
            lambda one: one.view.standing, "status", "items", "returns", "refunds", "paid", "intent_id", "delivered_on"
        ),
        "refund_due": derived(lambda one: one.view.refund_due, "refund_owed_since"),
        "taxes": of_view("taxes", OrderTaxes.of),
        "discount": derived(lambda one: discounted(one.view).decimal, "total", "discount"),
        "discount_code": of_view("discount", attrgetter("code")),
        "currency": of_view("total", attrgetter("currency")),
        "short_quantity": derived(lambda one: one.view.short, "lines"),
        "refundable": derived(
            lambda one: None if one.view.refundable is None else one.view.refundable.decimal,
            "paid",
            "refunds",
            "intent_id",
        ),
        "arrival": of_view("arrival", lambda arrival: ArrivalWindow(**arrival.model_dump())),
        "withdrawal_deadline": derived(lambda one: one.view.withdrawal_deadline, "delivered_on"),
        "created_at": of_view("placed_at"),
        **{
            name: resolved(name)
            for name in (
                "unmatched_payments",
                "parcels",
                "refunds",
                "hold",
                "substitutes",
                "supplier_orders",
                "returns",
                "withdrawals",
            )
        },
        "lines": resolved("lines", "status", "parcels", "refunds", "paid"),
        "page_versions": resolved("pages"),
        "costs": resolved("sourcing"),
        **dict.fromkeys(("disputes", "mails", "timeline"), resolved("id")),
        "shopper": resolved("shopper_id", "shopper_name", "shopper_email", "shipping_address"),
        "store": resolved("store_id"),
    }

    @strawberry.field
    def lines(self) -> list[OrderLine]:
        return [OrderLine.of(line, self.view, self.reading) for line in self.view.lines]

    @field("Payments that came late, twice or in a wrong amount, the oldest first. The merchant must settle them.")
    def unmatched_payments(self) -> list[UnmatchedPayment]:
        return [UnmatchedPayment.of(payment) for payment in self.view.unmatched_payments]

    @field(
        "The versions of the legal pages that the order was placed under. Empty for orders from before they were kept."
    )
    async def page_versions(self) -> list[PageVersion]:
        keys = [(page.page_id, page.number) for page in self.view.pages]
        versions = await self.reading.loaders.page_version.load_many(keys)
        return [PageVersion.of(version) for version in versions if version is not None]

    @field("Parcels in the order in which they were sent.")
    def parcels(self) -> list[Parcel]:
        return [Parcel.of(parcel) for parcel in self.view.parcels]

    @field("Refunds of all of the order's payments, the earliest first.")
    def refunds(self) -> list[Refund]:
        return [Refund.of(refund) for refund in self.view.refunds]

    @field("Why the order is not bought until you decide. Null if it is not held.")
    def hold(self) -> OrderHold | None:
        return None if self.view.hold is None else OrderHold.of(self.view.hold)

    @field("What the goods cost at the suppliers after the payment. Null until they were asked, and while it is held.")
    def costs(self) -> OrderCosts | None:
        return None if self.view.sourcing is None else OrderCosts.of(self.view.sourcing)

    @field("Other goods that are sent for lines.")
    def substitutes(self) -> list[Substitute]:
        return [Substitute.of(each) for each in self.view.substitutes]

    @field("The order's orders at suppliers.")
    def supplier_orders(self) -> list[SupplierOrder]:
        return [SupplierOrder.of(each) for each in self.view.supplier_orders]

    @field("Goods that come back, by number. Withdrawals are among them.")
    def returns(self) -> list[Return]:
        return [Return.of(each, self.reading) for each in self.view.returns]

    @field("Disputes about the order's payments, the newest first.")
    async def disputes(self) -> list[Dispute]:
        views = await self.reading.loaders.disputes.load(self.view.id)
        return [Dispute.of(view, self.reading) for view in views]

    @field("Withdrawals from the contract, the earliest first.")
    def withdrawals(self) -> list[Withdrawal]:
        return [Withdrawal.of(withdrawal, self.reading) for withdrawal in self.view.withdrawals]

    @field("Mails about the order, the earliest first. Reach the shopper in another way if one was refused.")
    async def mails(self) -> list[OrderMail]:
        views = await self.reading.loaders.mails.load(self.view.id)
        return [OrderMail(kind=view.kind, refusal=view.refusal, at=view.at) for view in views]

    @field("Everything that happened to the order, the earliest first. With `asOf`: up to that position.")
    async def timeline(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[OrderMoment]:
        loaders = self.reading.loaders
        events, mails = await asyncio.gather(loaders.stream.load(self.view.id), loaders.mails.load(self.view.id))
        moments = order_timeline(events, mails)
        window = Window(first=first, after=after, last=last, before=before)
        return connection_of(
            moments, window, "order-timeline", place_of_moment, lambda each: OrderMoment.of(each, self.reading)
        )

    @strawberry.field
    async def shopper(self) -> Shopper:
        return await Shopper.of_order(self.view, self.reading)

    @strawberry.field
    async def store(self) -> StoreRef | None:
        return await load_store(self.view.store_id, self.reading)

    @classmethod
    def of(cls, view: OrderView, reading: ReadContext) -> Self:
        return made(cls, view, reading)


def discounted(view: OrderView) -> Money:
    """Return what a discount code takes off an order."""
    return view.total - view.total if view.discount is None else view.discount.amount
